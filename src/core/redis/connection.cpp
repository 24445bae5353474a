#include "core/redis/connection.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/post.hpp>

#include "core/redis/backoff.hpp"
#include "core/runtime/memory.hpp"

namespace chanx::redis {
namespace asio = boost::asio;
namespace {

constexpr std::chrono::milliseconds TICK{250};
constexpr std::size_t READ_AT_ONCE = std::size_t{1} << 20;
// Bytes held back that are worth a write of their own, so that Redis works while a long turn goes on.
constexpr std::size_t WORTH_A_WRITE = 4096;

void tune(int descriptor, const options& how) {
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on,
                 sizeof on);  // fails on a Unix socket, which needs none
    if (how.tcp_keepalive) ::setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
#ifdef TCP_KEEPIDLE
    const int idle = 30, interval = 10;
    if (how.tcp_keepalive) {
        ::setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
        ::setsockopt(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    }
#endif
}

}  // namespace

bool lasting(const failure& why) noexcept {
    return why.is(errc::wrong_password) || why.is(errc::wrong_database) || why.is(errc::tls_failed) ||
           why.is(errc::protocol_error) || why.is(errc::no_permission);
}

void add(connection_stats& to, const connection_stats& one) noexcept {
    to.requests += one.requests;
    to.replies += one.replies;
    to.pushes += one.pushes;
    to.bytes_written += one.bytes_written;
    to.bytes_read += one.bytes_read;
    to.refused += one.refused;
    to.failed += one.failed;
    to.connects += one.connects;
    to.reconnects += one.reconnects;
    to.failed_attempts += one.failed_attempts;
    to.gaps += one.gaps;
    to.direct_writes += one.direct_writes;
    to.backlog_bytes += one.backlog_bytes;
    to.subscriptions += one.subscriptions;
    to.connected = to.connected && one.connected;
}

connection::connection(options how, std::shared_ptr<listener> tell)
    : how_(std::move(how)), listener_(std::move(tell)), session_(how_) {}

void connection::start() {
    if (started_.exchange(true)) return;
    {
        const std::lock_guard lock(mutex_);
        if (closed_) return;
        io_ = io_thread::shared();
    }
    asio::post(io_->context(), [self = shared_from_this()] {
        auto& context = self->io_->context();
        {
            const std::lock_guard lock(self->mutex_);
            if (self->closed_) return;
        }
        self->dialer_.emplace(context, self->how_);
        self->backoff_timer_.emplace(context);
        self->attempt_timer_.emplace(context);
        self->tick_timer_.emplace(context);
        self->arm_tick();
        self->attempt();
    });
}

template <class Take>
void connection::with_session(response_handler& handler, Take take) {
    start();
    failure refused;
    outcome out;
    auto result = flushed::done;
    bool hold = false;
    cork* const held_by = cork::current();
    {
        const std::lock_guard lock(mutex_);
        ++stats_.requests;
        if (closed_) {
            refused = session_.fail(errc::closed, "the client is closed");
        } else if (fail_fast_) {
            refused = fail_fast_;
        } else {
            const bool idle = session_.idle();
            refused = take(out);
            if (refused.is(errc::backlog_full)) ++stats_.refused;
            if (!refused && session_.state() == session::phase::ready && !write_blocked_) {
                if (io_->is_current() && delivering_) {
                    held_back_ = true;  // for the write after the last handler
                } else if (idle && !(held_by && one_of_many(*held_by))) {
                    ++stats_.direct_writes;
                    result = flush();
                } else if (held_by) {
                    if (session_.output().size() >= WORTH_A_WRITE) result = flush();
                    hold = std::exchange(corked_by_, held_by) != held_by;
                } else {
                    post_flush();
                }
            }
        }
        if (refused) ++stats_.failed;
    }
    if (refused) {
        if (handler) handler({std::move(refused), {}});
        return;
    }
    if (hold && !held_by->hold(shared_from_this())) uncork();
    after_flush(result);
    deliver(out);
}

void connection::submit(request&& what, response_handler handler) {
    with_session(handler, [&](outcome&) { return session_.submit(std::move(what), handler, steady::now()); });
}

void connection::subscribe(scope where, const std::vector<std::string>& names, response_handler handler) {
    with_session(handler,
                 [&](outcome& out) { return session_.subscribe(where, names, handler, steady::now(), out); });
}

void connection::unsubscribe(scope where, const std::vector<std::string>& names, response_handler handler) {
    with_session(handler, [&](outcome& out) {
        session_.unsubscribe(where, names, handler, steady::now(), out);
        return failure{};
    });
}

// With the lock held. Whether the turn has written something at once already, or is going to write anyway.
bool connection::one_of_many(const cork& here) noexcept {
    const std::pair now{&here, here.turn()};
    return std::exchange(written_in_, now) == now || corked_by_;
}

// With the lock held. Has the I/O thread write what is there.
void connection::post_flush() {
    if (std::exchange(flush_posted_, true)) return;
    asio::post(io_->context(), [self = shared_from_this()] {
        flushed after;
        {
            const std::lock_guard lock(self->mutex_);
            self->flush_posted_ = false;
            after = self->write_blocked_ ? flushed::done : self->flush();
        }
        self->after_flush(after);
    });
}

void connection::uncork() noexcept {
    flushed result;
    {
        const std::lock_guard lock(mutex_);
        corked_by_ = nullptr;
        result = write_blocked_ ? flushed::done : flush();
    }
    after_flush(result);
}

// With the lock held. Writes what is there until the socket takes no more.
connection::flushed connection::flush() {
    if (!wire_) return flushed::done;
    for (;;) {
        const auto bytes = session_.output();
        std::size_t taken = 0;
        const auto status = wire_->write(bytes, taken);
        session_.written(taken);
        stats_.bytes_written += taken;
        switch (status) {
            case wire::status::closed: return flushed::broken;
            case wire::status::blocked: write_blocked_ = true; return flushed::blocked;
            case wire::status::ok: break;
        }
        if (taken == bytes.size()) return flushed::done;
    }
}

void connection::after_flush(flushed result) {
    if (result == flushed::done) return;
    const auto epoch = epoch_.load(std::memory_order_relaxed);
    asio::post(io_->context(), [self = shared_from_this(), result, epoch] {
        if (self->stale(epoch)) return;
        if (result == flushed::blocked) return self->arm_write();
        self->drop(epoch, self->session_.fail(errc::connection_lost, "the connection broke while writing"));
    });
}

void connection::attempt() {
    const auto epoch = epoch_.fetch_add(1, std::memory_order_relaxed) + 1;
    attempt_timer_->expires_after(how_.connect_timeout);
    attempt_timer_->async_wait([self = shared_from_this(), epoch](const boost::system::error_code& error) {
        if (error || self->stale(epoch)) return;
        self->drop(epoch,
                   self->session_.fail(errc::timed_out, "no connection in time: the server does not answer"));
    });
    dialer_->dial([self = shared_from_this(), epoch](failure why, socket made, const address& server) {
        if (self->stale(epoch)) return;
        if (why) return self->drop(epoch, self->session_.fail(static_cast<errc>(why.code.value()), why.text));
        self->dialed(epoch, std::move(made), server.host);
    });
}

void connection::dialed(std::uint64_t epoch, socket made, const std::string& host) {
    const int descriptor = made.native_handle();
    tune(descriptor, how_);
    std::unique_ptr<tls_channel> tls;
    if (how_.tls.enabled) {
        try {
            if (!tls_) tls_.emplace(how_.tls);
            tls = std::make_unique<tls_channel>(*tls_, host);
        } catch (const std::exception& error) {
            return drop(epoch, session_.fail(errc::tls_failed, error.what()));
        }
    }
    socket_.emplace(std::move(made));
    reader_ = reply_reader();
    auto result = flushed::done;
    bool secure = true;
    {
        const std::lock_guard lock(mutex_);
        if (closed_) return;
        descriptor_.store(descriptor, std::memory_order_relaxed);
        wire_ = std::make_unique<wire>(descriptor, std::move(tls));
        write_blocked_ = false;
        if (wire_->established()) {
            session_.connected(steady::now());
            result = flush();
        } else {
            secure = wire_->advance();
        }
    }
    if (!secure) return drop(epoch, session_.fail(errc::tls_failed, wire_->error()));
    after_flush(result);
    arm_read();
}

void connection::arm_read() {
    const auto epoch = epoch_.load(std::memory_order_relaxed);
    socket_->async_wait(socket::wait_read,
                        [self = shared_from_this(), epoch](const boost::system::error_code& error) {
                            if (!error && !self->stale(epoch)) self->on_readable();
                        });
}

void connection::arm_write() {
    const auto epoch = epoch_.load(std::memory_order_relaxed);
    if (!socket_) return;
    socket_->async_wait(socket::wait_write,
                        [self = shared_from_this(), epoch](const boost::system::error_code& error) {
                            if (error || self->stale(epoch)) return;
                            flushed result;
                            {
                                const std::lock_guard lock(self->mutex_);
                                self->write_blocked_ = false;
                                result = self->flush();
                            }
                            self->after_flush(result);
                        });
}

void connection::on_readable() {
    const auto epoch = epoch_.load(std::memory_order_relaxed);
    auto status = wire::status::ok;
    input_.clear();
    // Encrypting, which other threads do, and decrypting share their state.
    std::unique_lock tls_lock(mutex_, std::defer_lock);
    if (wire_->encrypted()) tls_lock.lock();
    while (status == wire::status::ok && input_.size() < READ_AT_ONCE) status = wire_->read(input_);
    bool secure = true;
    auto greeted = flushed::done;
    if (!wire_->established()) {
        secure = wire_->advance();
        if (secure && wire_->established()) {
            session_.connected(steady::now());
            greeted = flush();
        }
    }
    if (tls_lock.owns_lock()) tls_lock.unlock();
    after_flush(greeted);
    if (!secure) return drop(epoch, session_.fail(errc::tls_failed, wire_->error()));

    replies_.clear();
    failure broken;
    if (!reader_.feed(input_, replies_)) {
        broken = session_.fail(errc::protocol_error, "this is no Redis server: " + reader_.error());
    }
    outcome out;
    auto result = flushed::done;
    {
        const std::lock_guard lock(mutex_);
        stats_.bytes_read += input_.size();
        stats_.replies += replies_.size();
        failure refused = session_.received(replies_, steady::now(), out);
        if (refused && !broken) broken = std::move(refused);
        stats_.pushes += out.pushes.size();
        if (out.ready) {
            ++stats_.connects;
            fail_fast_ = {};
            if (!write_blocked_) result = flush();
        }
        stats_.connected = session_.state() == session::phase::ready;
    }
    if (input_.capacity() > 2 * READ_AT_ONCE) std::string().swap(input_);
    if (out.ready) attempt_timer_->cancel();
    after_flush(result);
    // What the handlers send goes out in one write.
    delivering_ = true;
    deliver(out);
    delivering_ = false;
    if (std::exchange(held_back_, false)) {
        {
            const std::lock_guard lock(mutex_);
            const bool up = session_.state() == session::phase::ready;
            result = up && !write_blocked_ ? flush() : flushed::done;
        }
        after_flush(result);
    }
    if (stale(epoch)) return;
    if (!broken && status == wire::status::closed) {
        const bool tls_open = wire_->established();
        broken = session_.fail(tls_open ? errc::connection_lost : errc::tls_failed, wire_->error());
    }
    if (broken) return drop(epoch, std::move(broken));
    arm_read();
}

// Calls back what came out of the session; holds no lock.
void connection::deliver(outcome& out) {
    for (auto& item : out.done) {
        if (item.handler) item.handler(std::move(item.answer));
    }
    if (!listener_) {
        if (out.ready) ever_up_ = true;
        return;
    }
    for (auto& item : out.pushes) listener_->on_message(std::move(item.channel), std::move(item.payload));
    for (const auto& name : out.revoked) listener_->on_revoked(name);
    if (!out.pushes.empty()) listener_->on_batch_end();
    if (out.resubscribe_error) listener_->on_subscription_lost(out.resubscribe_error);
    if (out.restored) {
        const bool again = ever_up_;
        ever_up_ = true;
        told_down_ = false;
        failures_ = 0;
        listener_->on_connected(again, again ? steady::now() - down_since_ : duration::zero());
    }
}

void connection::drop(std::uint64_t epoch, failure why) {
    if (stale(epoch)) return;
    epoch_.fetch_add(1, std::memory_order_relaxed);
    outcome out;
    bool was_up;
    {
        const std::lock_guard lock(mutex_);
        if (closed_) return;
        was_up = session_.state() == session::phase::ready;
        const bool given_up = !was_up && steady::now() - down_since_ >= how_.patience;
        const bool all = !stats_.connects || lasting(why) || given_up;
        session_.lost(why, all, out);
        fail_fast_ = all ? why : failure{};
        stats_.failed += out.done.size();
        ++(was_up ? stats_.gaps : stats_.failed_attempts);
        stats_.connected = false;
    }
    shut_io();
    if (was_up) {
        down_since_ = steady::now();
        failures_ = 0;
    }
    deliver(out);
    if (listener_ && !told_down_) {
        told_down_ = true;
        listener_->on_disconnected(why);
    }
    if (!backoff_timer_) return;
    backoff_timer_->expires_after(backoff(how_.backoff_first, how_.backoff_most, failures_++));
    const auto next = epoch_.load(std::memory_order_relaxed);
    backoff_timer_->async_wait([self = shared_from_this(), next](const boost::system::error_code& error) {
        if (!error && !self->stale(next)) self->attempt();
    });
}

// Closes the socket; the lock keeps a calling thread from writing to a descriptor that is being closed.
void connection::shut_io() {
    if (dialer_) dialer_->cancel();
    if (attempt_timer_) attempt_timer_->cancel();
    const std::lock_guard lock(mutex_);
    wire_.reset();
    descriptor_.store(-1, std::memory_order_relaxed);
    socket_.reset();
}

void connection::arm_tick() {
    tick_timer_->expires_after(TICK);
    tick_timer_->async_wait([self = shared_from_this()](const boost::system::error_code& error) {
        if (error || !self->tick_timer_) return;
        release_if_due(steady::now());
        outcome out;
        auto result = flushed::done;
        failure dead;
        {
            const std::lock_guard lock(self->mutex_);
            dead = self->session_.tick(steady::now(), out);
            self->corked_by_ = nullptr;  // a loop that has ended would never say so
            self->stats_.failed += out.done.size();
            if (!dead && !self->write_blocked_) result = self->flush();
        }
        self->after_flush(result);
        self->deliver(out);
        if (dead) self->drop(self->epoch_.load(std::memory_order_relaxed), std::move(dead));
        if (self->tick_timer_) self->arm_tick();
    });
}

void connection::close() {
    outcome out;
    {
        const std::lock_guard lock(mutex_);
        if (closed_) return;
        closed_ = true;
        session_.lost(session_.fail(errc::closed, "the client was closed"), true, out);
        stats_.connected = false;
    }
    if (io_) {
        const auto shut = [self = shared_from_this()] {
            self->epoch_.fetch_add(1, std::memory_order_relaxed);
            self->shut_io();
            self->dialer_.reset();
            self->backoff_timer_.reset();
            self->attempt_timer_.reset();
            self->tick_timer_.reset();
        };
        io_->run(shut);
    }
    for (auto& item : out.done) {
        if (item.handler) item.handler(std::move(item.answer));
    }
}

void connection::abandon() noexcept {
    const int descriptor = descriptor_.exchange(-1, std::memory_order_relaxed);
    if (descriptor >= 0) ::close(descriptor);
}

connection_stats connection::stats() {
    const std::lock_guard lock(mutex_);
    auto copy = stats_;
    copy.backlog_bytes = session_.backlog();
    copy.subscriptions = session_.subscriptions();
    copy.reconnects = copy.connects > 0 ? copy.connects - 1 : 0;
    return copy;
}

}  // namespace chanx::redis
