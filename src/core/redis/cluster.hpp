// A Redis Cluster behind a client: connections to its nodes, made when something goes there, the map of slots
// kept up to date, requests routed (cluster_router) and subscriptions placed (subscription_plan).
//
// - The map is asked for at the start, after a redirection, and when a node is lost: from the nodes known and
//   the ones configured, with back-off, until one answers. Until the first answer requests wait; when nobody
//   gives one they fail at once with every node's cause, as they do after a refusal that waiting does not
//   cure.
// - A command that a node refused before running it (redirection, TRYAGAIN, CLUSTERDOWN, no connection) is
// sent
//   again until its time-out. One that may have run is not, unless it is repeatable().
// - A connection that broke is forgotten; the next command makes a new one, to whoever serves the slot then.
// - on_disconnected() means that a node was lost, or channels had to move; on_connected() that the map is
//   fresh again and every subscription in place.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

#include "core/redis/cluster_router.hpp"
#include "core/redis/discovery.hpp"
#include "core/redis/subscription_plan.hpp"

namespace chanx::redis {

class cluster final : public link, public std::enable_shared_from_this<cluster> {
public:
    cluster(options how, std::shared_ptr<listener> tell);

    void start() override;
    void submit(request&& what, response_handler handler) override;
    void subscribe(scope where, const std::vector<std::string>& names, response_handler handler) override;
    void unsubscribe(scope where, const std::vector<std::string>& names, response_handler handler) override;
    void close() override;
    void abandon() noexcept override;

    connection_stats stats() override;
    failure describe(const reply& error) const override;
    std::optional<bool> settle(duration longest) override;
    std::vector<std::string> nodes() override;

private:
    using node_index = slot_map::node_index;
    class ear;  // hears what one connection tells
    struct peer {
        std::shared_ptr<connection> to;
        std::uint64_t number = 0;
        bool up = false;
    };
    struct node {
        peer commands, subscriptions;
    };
    // What is left to do once the lock is released.
    struct errands {
        cluster_router::actions routed;
        std::vector<outcome::finished> done;
        std::vector<std::shared_ptr<connection>> fresh;
        std::vector<subscription_plan::batch> placed, displaced;
        failure down;                // tell that
        std::optional<duration> up;  // tell that, after so long
        scope where = scope::channel;
        std::uint64_t number = 0;
        bool tick = false;
    };

    template <class Change>
    void change(Change what);
    void run(errands& todo);
    std::shared_ptr<connection> connect(node_index to);
    peer& peer_of(node_index at, bool subscriptions);
    void answered(const std::shared_ptr<cluster_router::part>& what, node_index node, response&& answer);
    void subscribed(const subscription_plan::batch& what, failure why);
    void connected(node_index at, std::uint64_t number);
    void lost(node_index at, bool subscriptions, std::uint64_t number, const failure& why);
    void revoked(node_index at, const std::string& name);

    // With the lock held.
    failure refusal() const;
    void make(peer& found, node_index at, bool subscriptions);
    void place(errands& todo);
    void follow(const subscription_plan::batch& what, const failure& why);
    node_index home();
    void note_down(const failure& why, errands& todo);
    void note_up(errands& todo);

    void want_refresh();
    // On the I/O thread.
    void refresh();
    std::vector<address> candidates();
    std::string learn(const discovery::findings& found);
    void refreshed(failure why);
    void arm_tick();

    const options how_;
    const std::shared_ptr<listener> listener_;
    std::atomic<bool> started_{false};

    std::mutex mutex_;
    std::condition_variable settled_;
    sequence runs_;
    cluster_router router_;
    subscription_plan plan_;
    std::vector<node> nodes_;  // changed under client::hold_forks() too
    bool shards_ = false;
    node_index home_ = slot_map::NONE;  // of all subscriptions, without sharded pub/sub
    failure fail_fast_;
    connection_stats past_;  // of connections that are no more
    std::uint64_t next_number_ = 1;
    bool closed_ = false;
    bool map_fresh_ = false;
    bool ever_up_ = false;
    bool told_down_ = false;
    bool refresh_posted_ = false;
    unsigned hops_ = 0;  // followed since the last tick
    bool ticking_ = false;
    time_point down_since_{};

    // Only the I/O thread touches what follows, once it is started.
    std::shared_ptr<io_thread> io_;
    std::optional<discovery> discovery_;
    std::optional<boost::asio::steady_timer> refresh_timer_, tick_timer_;
    bool refreshing_ = false;
    bool refresh_again_ = false;
    unsigned failures_ = 0;
    unsigned in_a_row_ = 0;
    time_point last_refresh_{}, next_refresh_{};
};

// Changes the state under the lock, then does what follows from it without.
template <class Change>
void cluster::change(Change what) {
    errands todo;
    {
        const std::lock_guard lock(mutex_);
        what(todo);
        todo.done.insert(todo.done.end(), std::make_move_iterator(todo.routed.done.begin()),
                         std::make_move_iterator(todo.routed.done.end()));
        todo.number = runs_.begin();
        todo.where = shards_ ? scope::shard : scope::channel;
        todo.tick = io_ && !closed_ && !ticking_ && (router_.waiting() || plan_.waiting());
        ticking_ = ticking_ || todo.tick;
    }
    run(todo);
    {
        const std::lock_guard lock(mutex_);
        runs_.end(todo.number);
    }
    settled_.notify_all();
}

}  // namespace chanx::redis
