// The protocol of one connection, without I/O, clock or lock: its owner feeds it replies and the time, and
// writes what output() holds. It outlives connections: what waits unsent, and what is subscribed, moves to
// the next one.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/redis/options.hpp"
#include "core/redis/request.hpp"

namespace chanx::redis {

using response_handler = std::function<void(response&&)>;

// SUBSCRIBE, or SSUBSCRIBE of a cluster.
enum class scope : unsigned char { channel, shard };

// What came out of the session: to be acted on once no lock is held.
struct outcome {
    struct finished {
        response_handler handler;
        response answer;
    };
    struct push {
        std::string channel;
        std::string payload;
    };
    std::vector<finished> done;
    std::vector<push> pushes;
    std::vector<std::string> revoked;  // shard channels that the server took away: their slot moved
    failure resubscribe_error;
    bool ready = false;     // the handshake was accepted
    bool restored = false;  // and every subscription is in place
};

class session {
public:
    enum class phase : unsigned char { down, handshake, ready };

    explicit session(const options& how);

    phase state() const noexcept { return phase_; }
    bool idle() const noexcept { return queue_.empty(); }
    std::size_t backlog() const noexcept { return backlog_; }
    std::size_t subscriptions() const noexcept { return wanted_[0].size() + wanted_[1].size(); }

    // Takes the request, or says why not and leaves the handler alone.
    failure submit(request&& what, response_handler& handler, time_point now);
    failure subscribe(scope where, const std::vector<std::string>& names, response_handler& handler,
                      time_point now, outcome& out);
    void unsubscribe(scope where, const std::vector<std::string>& names, response_handler& handler,
                     time_point now, outcome& out);

    // A connection is up: output() starts with the handshake.
    void connected(time_point now);
    std::string_view output() const noexcept;
    void written(std::size_t bytes) noexcept;
    // A failure means that the connection has to be dropped.
    failure received(std::vector<reply>& replies, time_point now, outcome& out);
    // The connection broke. What may have run fails, what cannot have run (or may run twice) waits for the
    // next connection; with `all` nothing waits.
    void lost(const failure& why, bool all, outcome& out);
    // Gives up what waits too long, and pings a silent server. A failure as for received().
    failure tick(time_point now, outcome& out);

    failure fail(errc code, std::string_view cause) const;
    failure fail(const reply& error) const;

private:
    enum class kind : unsigned char { plain, ping, subscribe, resubscribe, unsubscribe };
    enum class step : unsigned char { auth, select, optional, role, ping };

    struct entry {
        kind what = kind::plain;
        bool abandoned = false;  // timed out: its replies are thrown away
        std::size_t commands = 0;
        std::size_t expected = 0;  // replies still to come
        std::size_t size = 0;
        std::string again;               // the bytes, kept when they may be sent twice
        std::vector<std::string> names;  // of shard channels, when they are unsubscribed from
        response_handler handler;
        response answer;
        time_point deadline;
    };

    void enqueue(entry&& item, std::string_view bytes);
    void enqueue_names(scope where, kind what, std::vector<std::string> names, response_handler& handler,
                       time_point now);
    void restore_subscriptions(time_point now, outcome& out);
    void finish(entry& item, outcome& out);
    void finish_waiters(const failure& error, outcome& out);
    bool take_push(reply& item, outcome& out);
    failure take_handshake(reply& item, time_point now, outcome& out);
    failure take(reply& item, time_point now, outcome& out);
    void forget(const entry& item) noexcept;
    std::size_t unsent() const noexcept;
    time_point deadline(time_point now, std::optional<duration> given) const noexcept;

    const options& how_;
    const std::string name_;
    phase phase_ = phase::down;
    bool pubsub_ = false;  // this connection has subscribed: what comes may be a push
    std::string hello_;
    std::deque<step> steps_;
    std::string out_;
    std::size_t out_at_ = 0;
    std::deque<entry> queue_;
    std::vector<entry> waiters_;  // subscriptions to be confirmed by the next connection
    std::unordered_set<std::string> wanted_[2];
    failure subscribe_error_;
    std::size_t backlog_ = 0;
    bool swollen_ = false;  // it was large
    time_point next_deadline_ = time_point::max();
    time_point heard_{};
};

}  // namespace chanx::redis
