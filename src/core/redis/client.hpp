// The Redis client that the channel layers are built on.
//
//   auto client = redis::client::create(options, listener);   // listener may be null
//   client->execute(request("PUBLISH", channel, payload), [](response&& answer) { ... });
//   auto answer = client->call(request("GET", "key"), std::chrono::seconds(5));
//
// What to know before building on it:
// - One client is one connection, but for a cluster (made on first use, kept up with back-off). A connection
// that has subscribed can run
//   no other commands (RESP2): use one client for commands, one for subscriptions, one for each blocking pop.
// - Every method may be called by any thread. execute() and the like never block and never throw on faults.
// - A handler is called exactly once: on the I/O thread, or, when the request is refused at once (closed,
// over the
//   backlog, no server), by the calling thread before execute() returns. Neither may hold a lock that the
//   handler takes, nor may a handler block or touch Python: it posts to a completion_queue. Without a handler
//   (fire and forget) failures only show in stats().
// - Replies come in the order of the requests. A request may hold many commands (request::add): one write,
// one handler,
//   one reply for each. Error replies are among the replies: describe() makes a failure of one.
// - When the connection breaks: what was sent fails with connection_lost unless it is repeatable(); what was
// not sent
//   waits for the next connection until its time-out, within options.backlog_bytes. Before the first
//   connection, after options.patience without one, and after a refusal that waiting does not cure (password,
//   database, certificate), requests fail at once instead.
// - With options.cluster the client is a whole Redis Cluster: each command goes to the node of its key, the
// commands of
//   a pipeline may belong to different ones, redirections and failovers are followed. See cluster.hpp.
// - Subscriptions are kept: restored in batches after a reconnection, then listener::on_connected(true, gap)
// tells.
// - Blocking pops: give the server a time-out (BZPOPMIN key 5) and the request a longer one (timeout(10 s)).
// - close() fails what waits, and returns when no callback runs any more. A forked child gets a fresh
// connection on
//   first use: callbacks of requests under way at the fork are never called there, subscriptions are not
//   restored.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/redis/listener.hpp"
#include "core/redis/options.hpp"
#include "core/redis/request.hpp"
#include "core/redis/script.hpp"
#include "core/redis/session.hpp"

namespace chanx::redis {

class link;

class client : public std::enable_shared_from_this<client> {
public:
    static std::shared_ptr<client> create(options how, std::shared_ptr<listener> tell = nullptr);
    ~client();

    void execute(request what, response_handler handler = {});
    // Runs a script by its digest; sent whole when the server does not hold it. One reply.
    void evaluate(std::shared_ptr<const script> what, const std::vector<std::string>& keys,
                  const std::vector<std::string>& arguments, response_handler handler = {},
                  bool repeatable = false);
    void subscribe(const std::vector<std::string>& channels, response_handler handler = {},
                   scope where = scope::channel);
    void unsubscribe(const std::vector<std::string>& channels, response_handler handler = {},
                     scope where = scope::channel);

    // These wait, and so must not be called on the I/O thread, nor with the GIL.
    response call(request what, duration longest);
    // Waits until everything given so far was answered or has failed. False when that took longer.
    bool flush(duration longest);
    void close();

    // The servers that share the keys, for request::on(): the masters of a cluster (those that are known so
    // far), or one that needs no name.
    std::vector<std::string> nodes() const;
    // Opens the connection now instead of on first use.
    void start();
    connection_stats stats() const;
    const options& how() const noexcept { return how_; }
    failure describe(const reply& error) const;
    // The failure of the whole, or else that of the first error reply.
    failure check(const response& answer) const;

    // No fork happens while this is held; nothing that waits may happen meanwhile.
    static std::unique_lock<std::mutex> hold_forks();
    // Closes every client of the process and ends the I/O thread: for the exit of the interpreter.
    static void shutdown();

private:
    friend struct client_registry;
    client(options how, std::shared_ptr<listener> tell);

    const options how_;
    const std::shared_ptr<listener> listener_;
    std::shared_ptr<link> link_;  // replaced only in a forked child, before it runs anything else
};

// Begins something that answers through a handler, and waits for that. Not for the I/O thread, nor with the
// GIL.
response wait_for_answer(const std::function<void(response_handler)>& begin, duration longest,
                         const options& how);

}  // namespace chanx::redis
