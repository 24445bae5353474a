// The subscriptions of a cluster's client: where they are, and what happens when they cannot stay there.
#include <algorithm>
#include <random>

#include "core/redis/client.hpp"
#include "core/redis/cluster.hpp"

namespace chanx::redis {
namespace {

constexpr unsigned PROMPT_HOPS = 256;  // redirections of subscriptions that are followed between two ticks

}  // namespace

void cluster::subscribe(scope, const std::vector<std::string>& names, response_handler handler) {
    start();
    failure refused;
    change([&](errands& todo) {
        refused = refusal();
        if (refused) return;
        plan_.want(names, handler, steady::now() + how_.command_timeout, todo.done);
        place(todo);
    });
    if (refused && handler) handler({std::move(refused), {}});
}

void cluster::unsubscribe(scope, const std::vector<std::string>& names, response_handler handler) {
    change([&](errands& todo) {
        todo.displaced = plan_.unwant(names);
        todo.done.push_back({std::move(handler), {}});
    });
}

// The master that all subscriptions are at, when they may be anywhere.
cluster::node_index cluster::home() {
    const auto& masters = router_.map().masters();
    if (std::ranges::find(masters, home_) == masters.end()) {
        static thread_local std::minstd_rand random{std::random_device{}()};
        home_ = masters[random() % masters.size()];
    }
    return home_;
}

void cluster::place(errands& todo) {
    if (!router_.map().loaded() || !map_fresh_ || closed_) return;
    std::vector<node_index> missing;
    todo.placed = plan_.place([&](std::uint16_t slot) {
        const auto at = shards_ ? router_.map().owner(slot) : home();
        if (at == slot_map::NONE) return at;
        const auto& found = peer_of(at, true);
        if (!found.to && std::ranges::find(missing, at) == missing.end()) missing.push_back(at);
        return found.up ? at : slot_map::NONE;
    });
    for (const auto at : missing) {
        make(peer_of(at, true), at, true);
        todo.fresh.push_back(nodes_[at].subscriptions.to);
    }
}

void cluster::subscribed(const subscription_plan::batch& what, failure why) {
    change([&](errands& todo) {
        if (why) {
            plan_.refuse(what, why);
            todo.routed.refresh = true;
            follow(what, why);
            if (hops_++ < PROMPT_HOPS) place(todo);
        } else {
            plan_.confirm(what, todo.done);
            note_up(todo);
        }
    });
}

// A refusal that names the new owner of a slot is believed until the map says otherwise.
void cluster::follow(const subscription_plan::batch& what, const failure& why) {
    if (!why.is(errc::moved) || what.names.empty()) return;
    std::string_view words = why.text;
    words.remove_prefix(std::min(words.find("MOVED "), words.size()));
    for (int skipped = 0; skipped < 2; ++skipped)
        words.remove_prefix(std::min(words.find(' '), words.size() - 1) + 1);
    if (const auto owner = router_.map().index(words, what.node))
        router_.map().assign(slot_of(what.names.front()), *owner);
}

void cluster::connected(node_index at, std::uint64_t number) {
    change([&](errands& todo) {
        auto& found = peer_of(at, true);
        if (found.number != number) return;
        found.up = true;
        place(todo);
    });
}

void cluster::revoked(node_index at, const std::string& name) {
    change([&](errands& todo) {
        if (!plan_.revoke(name, at)) return;
        note_down(router_.fail(errc::moved, "channels moved to another node"), todo);
        todo.routed.refresh = true;
        if (hops_++ < PROMPT_HOPS) place(todo);  // the node that had it says where it is
    });
}

}  // namespace chanx::redis
