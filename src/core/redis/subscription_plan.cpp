#include "core/redis/subscription_plan.hpp"

#include <algorithm>
#include <map>

namespace chanx::redis {

void subscription_plan::want(const std::vector<std::string>& names, response_handler& handler,
                             time_point deadline, std::vector<outcome::finished>& done) {
    const auto waiting = std::make_shared<waiter>();
    waiting->open = 0;
    waiting->deadline = deadline;
    for (const auto& name : names) {
        const auto [at, fresh] = wanted_.try_emplace(name);
        if (fresh) {
            at->second.slot = slot_of(name);
            homeless_.insert(name);
        }
        if (at->second.now == state::confirmed || !handler) continue;
        at->second.waiters.push_back(waiting);
        ++waiting->open;
    }
    if (waiting->open > 0) {
        waiting->handler = std::move(handler);
        waiters_.insert(waiting);
    } else if (handler) {
        done.push_back({std::move(handler), {}});
    }
}

// Sorted by node and, where that matters, slot.
std::vector<subscription_plan::batch> subscription_plan::batches(
    const std::vector<std::pair<const std::string*, subscription*>>& of, bool ticketed) {
    std::map<std::pair<node_index, int>, batch> sorted;
    for (const auto& [name, each] : of) {
        auto& to = sorted[{each->node, shards_ ? each->slot : 0}];
        if (to.names.empty()) {
            to.node = each->node;
            to.ticket = ticketed ? next_ticket_++ : 0;
        }
        if (ticketed) each->ticket = to.ticket;
        to.names.push_back(*name);
    }
    std::vector<batch> made;
    for (auto& [key, each] : sorted) made.push_back(std::move(each));
    return made;
}

std::vector<subscription_plan::batch> subscription_plan::unwant(const std::vector<std::string>& names) {
    std::vector<decltype(wanted_)::node_type> gone;
    std::vector<std::pair<const std::string*, subscription*>> placed;
    for (const auto& name : names) {
        auto found = wanted_.extract(name);
        if (found.empty()) continue;
        homeless_.erase(name);
        confirmed_ -= found.mapped().now == state::confirmed;
        for (const auto& each : found.mapped().waiters)
            --each->open;  // ends with its deadline, at the latest
        gone.push_back(std::move(found));
    }
    for (auto& each : gone) {
        if (each.mapped().now != state::homeless) placed.emplace_back(&each.key(), &each.mapped());
    }
    return batches(placed, false);
}

std::vector<subscription_plan::batch> subscription_plan::place(const owner_of& owner) {
    std::vector<std::pair<const std::string*, subscription*>> placed;
    for (const auto& name : homeless_) {
        const auto found = wanted_.find(name);
        const auto node = owner(found->second.slot);
        if (node == slot_map::NONE) continue;
        found->second.node = node;
        found->second.now = state::asked;
        placed.emplace_back(&found->first, &found->second);
    }
    for (const auto& [name, each] : placed) homeless_.erase(*name);
    return batches(placed, true);
}

void subscription_plan::confirm(const batch& what, std::vector<outcome::finished>& done) {
    for (const auto& name : what.names) {
        const auto found = wanted_.find(name);
        if (found == wanted_.end()) continue;
        auto& each = found->second;
        if (each.now != state::asked || each.ticket != what.ticket) continue;
        each.now = state::confirmed;
        ++confirmed_;
        for (const auto& waiting : each.waiters) {
            if (--waiting->open > 0 || waiters_.erase(waiting) == 0) continue;
            done.push_back({std::move(waiting->handler), {}});
        }
        each.waiters.clear();
        each.waiters.shrink_to_fit();  // most subscriptions stay, and nobody waits for them again
    }
}

void subscription_plan::refuse(const batch& what, const failure& why) {
    refusal_ = why;
    for (const auto& name : what.names) {
        const auto found = wanted_.find(name);
        if (found == wanted_.end()) continue;
        if (found->second.now == state::asked && found->second.ticket == what.ticket)
            evict(name, found->second);
    }
}

void subscription_plan::evict(const std::string& name, subscription& from) {
    confirmed_ -= from.now == state::confirmed;
    from.now = state::homeless;
    from.node = slot_map::NONE;
    from.ticket = 0;
    homeless_.insert(name);
}

bool subscription_plan::lose(node_index node) {
    bool any = false;
    for (auto& [name, each] : wanted_) {
        if (each.now == state::homeless || each.node != node) continue;
        evict(name, each);
        any = true;
    }
    return any;
}

bool subscription_plan::revoke(const std::string& name, node_index node) {
    const auto found = wanted_.find(name);
    if (found == wanted_.end() || found->second.now == state::homeless || found->second.node != node)
        return false;
    evict(found->first, found->second);
    return true;
}

std::vector<subscription_plan::batch> subscription_plan::displace(const owner_of& owner) {
    std::vector<std::pair<const std::string*, subscription*>> moved;
    for (auto& [name, each] : wanted_) {
        if (each.now == state::homeless) continue;
        const auto node = owner(each.slot);
        if (node != slot_map::NONE && node != each.node) moved.emplace_back(&name, &each);
    }
    auto made = batches(moved, false);
    for (const auto& [name, each] : moved) evict(*name, *each);
    return made;
}

void subscription_plan::give_up(time_point now, const failure& why, std::vector<outcome::finished>& done) {
    std::erase_if(waiters_, [&](const std::shared_ptr<waiter>& each) {
        if (each->open > 0 && each->deadline > now) return false;
        done.push_back({std::move(each->handler), each->open > 0 ? response{why, {}} : response{}});
        return true;
    });
}

void subscription_plan::fail_all(const failure& why, std::vector<outcome::finished>& done) {
    for (const auto& each : waiters_) done.push_back({std::move(each->handler), {why, {}}});
    waiters_.clear();
}

}  // namespace chanx::redis
