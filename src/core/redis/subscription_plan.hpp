// Which node each subscription of a cluster's client is placed at, and which of them have no place: without
// I/O, clock or lock. With sharded pub/sub a channel belongs to the node of its slot; without, every channel
// may be at any node, and they all are at one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/redis/session.hpp"
#include "core/redis/slot_map.hpp"

namespace chanx::redis {

class subscription_plan {
public:
    using node_index = slot_map::node_index;
    // Where a channel of this slot belongs now; NONE when that is not known, or nothing can be placed there
    // yet.
    using owner_of = std::function<node_index(std::uint16_t slot)>;

    // Names for one command of one node: of one slot with sharded pub/sub.
    struct batch {
        node_index node;
        std::uint64_t ticket;
        std::vector<std::string> names;
    };

    void use_shards(bool yes) noexcept { shards_ = yes; }
    // `handler` is called once all the names are confirmed, or `deadline` has passed.
    void want(const std::vector<std::string>& names, response_handler& handler, time_point deadline,
              std::vector<outcome::finished>& done);
    // What has to be unsubscribed from where.
    std::vector<batch> unwant(const std::vector<std::string>& names);

    // Places what has no place and can have one; the caller subscribes and then confirms or refuses.
    std::vector<batch> place(const owner_of& owner);
    void confirm(const batch& what, std::vector<outcome::finished>& done);
    void refuse(const batch& what, const failure& why);

    // The node is gone, or took a channel away; true when something was placed there.
    bool lose(node_index node);
    bool revoke(const std::string& name, node_index node);
    // Takes back what belongs elsewhere now.
    std::vector<batch> displace(const owner_of& owner);

    void give_up(time_point now, const failure& why, std::vector<outcome::finished>& done);
    void fail_all(const failure& why, std::vector<outcome::finished>& done);

    std::size_t size() const noexcept { return wanted_.size(); }
    bool complete() const noexcept { return confirmed_ == wanted_.size(); }
    bool waiting() const noexcept { return !waiters_.empty() || !complete(); }
    const failure& last_refusal() const noexcept { return refusal_; }

private:
    enum class state : unsigned char { homeless, asked, confirmed };
    struct waiter {
        response_handler handler;
        std::size_t open;
        time_point deadline;
    };
    struct subscription {
        std::uint16_t slot = 0;
        state now = state::homeless;
        node_index node = slot_map::NONE;
        std::uint64_t ticket = 0;
        std::vector<std::shared_ptr<waiter>> waiters;
    };

    void evict(const std::string& name, subscription& from);
    std::vector<batch> batches(const std::vector<std::pair<const std::string*, subscription*>>& of,
                               bool ticketed);

    bool shards_ = false;
    std::unordered_map<std::string, subscription> wanted_;
    std::unordered_set<std::string> homeless_;
    std::unordered_set<std::shared_ptr<waiter>> waiters_;
    std::size_t confirmed_ = 0;
    std::uint64_t next_ticket_ = 1;
    failure refusal_;
};

}  // namespace chanx::redis
