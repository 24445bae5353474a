// What a connection tells its owner. Every call comes from the I/O thread, with no lock of the core held;
// none may block or touch Python. What a call throws ends the process: a listener handles its own failures.
#pragma once

#include <cstdint>
#include <string>

#include "core/redis/failure.hpp"
#include "core/runtime/clock.hpp"

namespace chanx::redis {

class listener {
public:
    virtual ~listener() = default;

    // A message of a subscription.
    virtual void on_message(std::string&& channel, std::string&& payload) = 0;
    // All messages that were there have been handed over: the moment to wake whoever they are for, once.
    virtual void on_batch_end() {}
    // The connection is up, and every subscription in place. `again`: it was up before, and for `gap` nothing
    // that was published reached us.
    virtual void on_connected(bool again, duration gap) {
        (void)again;
        (void)gap;
    }
    // The connection was lost, or the first attempt failed; said once, however many attempts fail after that.
    virtual void on_disconnected(const failure& why) { (void)why; }
    // Subscriptions that the server refused to restore, or took away (a shard channel whose slot moved).
    virtual void on_subscription_lost(const failure& why) { (void)why; }
    virtual void on_revoked(const std::string& shard_channel) { (void)shard_channel; }
};

struct connection_stats {
    std::uint64_t requests = 0;
    std::uint64_t replies = 0;
    std::uint64_t pushes = 0;
    std::uint64_t bytes_written = 0;
    std::uint64_t bytes_read = 0;
    std::uint64_t refused = 0;  // by the backlog's bound
    std::uint64_t failed = 0;   // requests that got no answer
    std::uint64_t connects = 0;
    std::uint64_t reconnects = 0;
    std::uint64_t failed_attempts = 0;
    std::uint64_t gaps = 0;           // losses of a connection that had been up
    std::uint64_t direct_writes = 0;  // made by the calling thread
    std::size_t backlog_bytes = 0;
    std::size_t subscriptions = 0;
    bool connected = false;
};

// Counters are summed; connected is what all are.
void add(connection_stats& to, const connection_stats& one) noexcept;

}  // namespace chanx::redis
