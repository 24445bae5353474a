// Which node each command goes to, and what happens to those that a node sends elsewhere: requests split by
// slot, redirections, back-off. Without I/O, clock or lock, like session.
//
// Commands of one slot keep their order: while one of them waits (for a node, or because it was redirected),
// the later ones wait behind it, and none goes on before the earlier ones have been answered.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/redis/options.hpp"
#include "core/redis/request.hpp"
#include "core/redis/sequence.hpp"
#include "core/redis/session.hpp"
#include "core/redis/slot_map.hpp"

namespace chanx::redis {

class cluster_router {
public:
    using node_index = slot_map::node_index;

    struct part;  // the commands of a request that belong to one slot
    struct sending {
        node_index node;
        std::shared_ptr<part> what;
        request bytes;
    };
    // To be acted on once no lock is held.
    struct actions {
        std::vector<sending> sends;
        std::vector<outcome::finished> done;
        bool refresh = false;  // the map is out of date
    };

    explicit cluster_router(const options& how);
    ~cluster_router();

    slot_map& map() noexcept { return map_; }
    // PUBLISH goes out as SPUBLISH.
    void use_shards(bool yes) noexcept { shards_ = yes; }

    // Takes the request, or says why not and leaves the handler alone.
    failure submit(request&& what, response_handler& handler, time_point now, actions& out);
    void answered(const std::shared_ptr<part>& what, node_index node, response&& answer, time_point now,
                  actions& out);
    // Sends what waited long enough, gives up what waited too long: to be called now and then while
    // waiting().
    void tick(time_point now, actions& out);
    bool waiting() const noexcept { return !blocked_.empty(); }
    // Nothing waits any more, nor is anything that is under way waited for.
    void fail_all(const failure& why, actions& out);

    std::size_t backlog() const noexcept { return backlog_; }
    std::uint64_t failed() const noexcept { return failed_; }
    const sequence& requests() const noexcept { return requests_; }

    failure fail(errc code, std::string_view cause) const;

private:
    struct operation;
    struct slot_state {
        std::size_t in_flight = 0;
        std::vector<std::shared_ptr<part>> waiting;
    };

    void enqueue(std::shared_ptr<part> what, time_point now, actions& out);
    void pump(int slot, time_point now, actions& out);
    void dispatch(const std::shared_ptr<part>& what, node_index node, time_point now, actions& out);
    void retry(std::shared_ptr<part> what, failure why, bool later, time_point now);
    void sort_replies(const std::shared_ptr<part>& what, node_index node, response&& answer, time_point now,
                      actions& out);
    node_index choose(const part& what);
    void finish(operation& whole, failure why, actions& out);
    failure give_up(const part& what) const;

    const options& how_;
    const std::string name_;
    slot_map map_;
    bool shards_ = false;
    std::unordered_map<int, slot_state> slots_;
    std::unordered_set<int> blocked_;  // slots of which something waits
    std::unordered_set<std::shared_ptr<operation>> running_;
    sequence requests_;
    std::uint64_t failed_ = 0;
    std::size_t backlog_ = 0;
    std::size_t turn_ = 0;
};

}  // namespace chanx::redis
