// A connection that keeps itself up: session (protocol), wire (bytes), dialer (how to get there) and the
// clock, run by the I/O thread. The calling thread writes to the socket when nothing is under way; otherwise
// its event loop does at the end of its turn (see cork.hpp), or the I/O thread, which makes one write of what
// gathered meanwhile.
#pragma once

#include <atomic>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <mutex>
#include <optional>

#include "core/redis/cork.hpp"
#include "core/redis/dialer.hpp"
#include "core/redis/io_thread.hpp"
#include "core/redis/link.hpp"
#include "core/redis/wire.hpp"

namespace chanx::redis {

// A cause that waiting does not cure: what is queued fails at once, with the cause, instead of timing out.
bool lasting(const failure& why) noexcept;

class connection final : public link, public corked, public std::enable_shared_from_this<connection> {
public:
    connection(options how, std::shared_ptr<listener> tell);

    void start() override;
    void submit(request&& what, response_handler handler) override;
    void subscribe(scope where, const std::vector<std::string>& names, response_handler handler) override;
    void unsubscribe(scope where, const std::vector<std::string>& names, response_handler handler) override;
    void close() override;
    void abandon() noexcept override;
    void uncork() noexcept override;

    connection_stats stats() override;
    failure describe(const reply& error) const override { return session_.fail(error); }

private:
    using socket = boost::asio::generic::stream_protocol::socket;
    enum class flushed : unsigned char { done, blocked, broken };

    template <class Take>
    void with_session(response_handler& handler, Take take);
    flushed flush();
    void post_flush();
    bool one_of_many(const cork& here) noexcept;
    void after_flush(flushed result);
    void attempt();
    void dialed(std::uint64_t epoch, socket made, const std::string& host);
    void begin_session();
    void arm_read();
    void arm_write();
    void arm_tick();
    void on_readable();
    void drop(std::uint64_t epoch, failure why);
    void deliver(outcome& out);
    void shut_io();
    bool stale(std::uint64_t epoch) const noexcept { return epoch != epoch_.load(std::memory_order_relaxed); }

    const options how_;
    const std::shared_ptr<listener> listener_;
    std::atomic<int> descriptor_{-1};
    std::atomic<bool> started_{false};
    std::atomic<std::uint64_t> epoch_{
        0};  // of the attempt at hand; what an older one left running is ignored

    std::mutex mutex_;
    session session_;
    std::unique_ptr<wire> wire_;
    connection_stats stats_;
    failure fail_fast_;  // why nothing may wait for the next connection
    bool closed_ = false;
    bool write_blocked_ = false;
    bool flush_posted_ = false;
    std::pair<const cork*, std::uint64_t> written_in_{};  // the last turn that wrote at once; only compared
    cork* corked_by_ = nullptr;                           // is going to call uncork(); only compared
    bool broken_posted_ = false;

    // Only the I/O thread touches what follows, once it is started.
    std::shared_ptr<io_thread> io_;
    std::optional<dialer> dialer_;
    std::optional<socket> socket_;
    std::optional<boost::asio::steady_timer> backoff_timer_, attempt_timer_, tick_timer_;
    std::optional<tls_context> tls_;
    reply_reader reader_;
    std::string input_;
    std::vector<reply> replies_;
    unsigned failures_ = 0;
    bool delivering_ = false;  // the handlers of what was read are being called
    bool held_back_ = false;   // and have sent something
    bool ever_up_ = false;
    bool told_down_ = false;
    time_point down_since_{};
};

}  // namespace chanx::redis
