// How a cluster's client learns who serves what: when it asks, whom, and what follows from the answer.
#include <algorithm>
#include <boost/asio/post.hpp>
#include <random>

#include "core/redis/backoff.hpp"
#include "core/redis/cluster.hpp"

namespace chanx::redis {
namespace asio = boost::asio;
namespace {

constexpr std::chrono::milliseconds REFRESH_FIRST{50};
constexpr std::chrono::seconds REFRESH_MOST{1};
constexpr std::chrono::seconds CALM{5};  // so long without a refresh: the next one is prompt again

}  // namespace

void cluster::want_refresh() {
    {
        const std::lock_guard lock(mutex_);
        if (closed_ || !io_ || std::exchange(refresh_posted_, true)) return;
    }
    asio::post(io_->context(), [self = shared_from_this()] {
        {
            const std::lock_guard lock(self->mutex_);
            self->refresh_posted_ = false;
        }
        self->refresh();
    });
}

void cluster::refresh() {
    if (!discovery_) return;
    if (refreshing_) {
        refresh_again_ = true;
        return;
    }
    const auto now = steady::now();
    if (now < next_refresh_) {
        refresh_timer_->expires_at(next_refresh_);
        refresh_timer_->async_wait([self = shared_from_this()](const boost::system::error_code& error) {
            if (!error) self->refresh();
        });
        return;
    }
    if (now - last_refresh_ > CALM) in_a_row_ = 0;
    last_refresh_ = now;
    next_refresh_ = now + backoff(REFRESH_FIRST, REFRESH_MOST, in_a_row_++);
    refreshing_ = true;
    refresh_again_ = false;
    discovery_->ask(
        candidates(),
        [self = shared_from_this()](const discovery::findings& found) { return self->learn(found); },
        [self = shared_from_this()](failure why) { self->refreshed(std::move(why)); });
}

// Those that are connected first, the configured ones last.
std::vector<address> cluster::candidates() {
    const std::lock_guard lock(mutex_);
    const auto& map = router_.map();
    auto members = map.members();
    std::shuffle(members.begin(), members.end(), std::minstd_rand(std::random_device{}()));
    // Not the one of std::ranges: clang 14, which the fuzzers are built with, cannot compile it with GCC's
    // library.
    std::stable_partition(members.begin(), members.end(), [&](node_index at) {
        return at < nodes_.size() && (nodes_[at].commands.to || nodes_[at].subscriptions.up);
    });
    std::vector<address> found;
    for (const auto at : members) found.push_back(map.where(at));
    for (const auto& each : how_.cluster) {
        if (std::ranges::find(found, each) == found.end()) found.push_back(each);
    }
    return found;
}

std::string cluster::learn(const discovery::findings& found) {
    const std::lock_guard lock(mutex_);
    auto problem = router_.map().load(found.slots, found.asked);
    if (!problem.empty()) return problem;
    if (shards_ != found.shards) {
        // The servers were upgraded: what is subscribed the old way is placed anew.
        shards_ = found.shards;
        router_.use_shards(shards_);
        for (node_index at = 0; at < nodes_.size(); ++at) plan_.lose(at);
        plan_.use_shards(shards_);
    }
    return {};
}

void cluster::refreshed(failure why) {
    refreshing_ = false;
    change([&](errands& todo) {
        if (closed_) return;
        const auto now = steady::now();
        if (why) {
            const bool given_up = told_down_ && now - down_since_ >= how_.patience;
            if (!router_.map().loaded() || lasting(why) || given_up) {
                fail_fast_ = why;
                router_.fail_all(why, todo.routed);
                plan_.fail_all(why, todo.done);
            }
            note_down(why, todo);
            return;
        }
        fail_fast_ = {};
        map_fresh_ = true;
        router_.tick(now, todo.routed);
        if (shards_) {
            const auto& map = router_.map();
            todo.displaced = plan_.displace([&](std::uint16_t slot) { return map.owner(slot); });
            if (!todo.displaced.empty())
                note_down(router_.fail(errc::moved, "channels moved to another node"), todo);
        }
        place(todo);
        note_up(todo);
    });
    if (!discovery_) return;  // closed by one of those who were told
    if (why) {
        next_refresh_ = steady::now() + backoff(how_.backoff_first, how_.backoff_most, failures_++);
        refresh();
    } else {
        failures_ = 0;
        if (refresh_again_) refresh();
    }
}

}  // namespace chanx::redis
