#include "core/redis/session.hpp"

#include <algorithm>
#include <utility>

#include "core/redis/slots.hpp"
#include "core/runtime/memory.hpp"

namespace chanx::redis {
namespace {

constexpr std::size_t NAMES_PER_COMMAND = 512;
constexpr std::size_t ENTRY_OVERHEAD = 256;            // what a waiting request costs beyond its bytes
constexpr std::size_t SWOLLEN = std::size_t{4} << 20;  // a backlog whose memory is worth giving back

std::size_t index(scope where) noexcept { return static_cast<std::size_t>(where); }
std::string_view subscribe_verb(scope where) noexcept {
    return where == scope::shard ? "SSUBSCRIBE" : "SUBSCRIBE";
}
std::string_view unsubscribe_verb(scope where) noexcept {
    return where == scope::shard ? "SUNSUBSCRIBE" : "UNSUBSCRIBE";
}

}  // namespace

session::session(const options& how) : how_(how), name_(how.text()) {}

failure session::fail(errc code, std::string_view cause) const {
    std::string text = "Redis at " + name_ + ": ";
    text += cause;
    return {make_error_code(code), std::move(text)};
}

failure session::fail(const reply& error) const {
    const auto code = classify(error.text);
    if ((code != errc::moved && code != errc::ask) || how_.in_cluster) return fail(code, error.text);
    std::string text = error.text;
    text.append(" (this server is a node of a Redis Cluster: write {'cluster': ['redis://")
        .append(name_)
        .append("']} into 'hosts' instead of its address)");
    return fail(code, text);
}

time_point session::deadline(time_point now, std::optional<duration> given) const noexcept {
    const auto length = given.value_or(how_.command_timeout);
    return length > duration::zero() ? now + length : time_point::max();
}

std::size_t session::unsent() const noexcept { return out_.size() - out_at_; }

void session::enqueue(entry&& item, std::string_view bytes) {
    item.size = bytes.size();
    out_.append(bytes);
    backlog_ += item.size + ENTRY_OVERHEAD;
    swollen_ = swollen_ || backlog_ > SWOLLEN;
    next_deadline_ = std::min(next_deadline_, item.deadline);
    queue_.push_back(std::move(item));
}

void session::forget(const entry& item) noexcept {
    backlog_ -= item.size + ENTRY_OVERHEAD;
    if (backlog_ == 0 && std::exchange(swollen_, false)) release_free_memory_soon(heard_);
}

failure session::submit(request&& what, response_handler& handler, time_point now) {
    const auto size = what.bytes().size();
    if (!queue_.empty() && backlog_ + size > how_.backlog_bytes) {
        return fail(errc::backlog_full, std::to_string(backlog_) + " bytes of commands wait already" +
                                            (phase_ == phase::ready ? "" : ", there is no connection"));
    }
    entry item;
    item.commands = item.expected = what.commands();
    item.deadline = deadline(now, what.timeout());
    item.handler = std::move(handler);
    if (what.is_repeatable()) item.again = what.bytes();
    enqueue(std::move(item), what.bytes());
    return {};
}

void session::enqueue_names(scope where, kind what, std::vector<std::string> names, response_handler& handler,
                            time_point now) {
    const auto verb = what == kind::unsubscribe ? unsubscribe_verb(where) : subscribe_verb(where);
    // Shard channels of one command have to be of one slot.
    const bool by_slot = where == scope::shard && names.size() > 1;
    if (by_slot) std::ranges::sort(names, {}, [](const std::string& name) { return slot_of(name); });
    for (std::size_t at = 0; at < names.size();) {
        auto count = std::min(NAMES_PER_COMMAND, names.size() - at);
        if (by_slot) {
            const auto slot = slot_of(names[at]);
            const auto same = [&](const std::string& name) { return slot_of(name) == slot; };
            const auto first = names.begin() + static_cast<std::ptrdiff_t>(at);
            count = static_cast<std::size_t>(
                std::find_if_not(first, first + static_cast<std::ptrdiff_t>(count), same) - first);
        }
        request command;
        command.begin(1 + count);
        command.argument(verb);
        for (std::size_t i = 0; i < count; ++i) command.argument(names[at + i]);
        entry item;
        item.what = what;
        item.expected = count;
        item.deadline = deadline(now, {});
        if (what == kind::unsubscribe && where == scope::shard) {
            const auto first = names.begin() + static_cast<std::ptrdiff_t>(at);
            item.names.assign(first, first + static_cast<std::ptrdiff_t>(count));
        }
        if (at + count == names.size()) item.handler = std::move(handler);
        enqueue(std::move(item), command.bytes());
        at += count;
    }
    pubsub_ = true;
}

failure session::subscribe(scope where, const std::vector<std::string>& names, response_handler& handler,
                           time_point now, outcome& out) {
    std::size_t size = 0;
    for (const auto& name : names) size += name.size();
    if (!queue_.empty() && backlog_ + size > how_.backlog_bytes) {
        return fail(errc::backlog_full, std::to_string(backlog_) + " bytes of commands wait already");
    }
    wanted_[index(where)].insert(names.begin(), names.end());
    if (names.empty()) {
        out.done.push_back({std::move(handler), {}});
    } else if (phase_ == phase::ready) {
        enqueue_names(where, kind::subscribe, names, handler, now);
    } else if (handler) {
        entry item;
        item.what = kind::subscribe;
        item.deadline = deadline(now, {});
        item.handler = std::move(handler);
        next_deadline_ = std::min(next_deadline_, item.deadline);
        waiters_.push_back(std::move(item));
    }
    return {};
}

void session::unsubscribe(scope where, const std::vector<std::string>& names, response_handler& handler,
                          time_point now, outcome& out) {
    for (const auto& name : names) wanted_[index(where)].erase(name);
    shrink_if_sparse(wanted_[index(where)]);
    if (phase_ == phase::ready && !names.empty()) {
        enqueue_names(where, kind::unsubscribe, names, handler, now);
    } else {
        out.done.push_back({std::move(handler), {}});
    }
}

void session::connected(time_point now) {
    phase_ = phase::handshake;
    pubsub_ = false;
    heard_ = now;
    request hello;
    steps_.clear();
    const auto say = [&](step what, auto&&... words) {
        hello.add(words...);
        steps_.push_back(what);
    };
    if (!how_.login.user.empty()) {
        say(step::auth, "AUTH", how_.login.user, how_.login.password);
    } else if (!how_.login.password.empty()) {
        say(step::auth, "AUTH", how_.login.password);
    }
    if (how_.database != 0) say(step::select, "SELECT", how_.database);
    if (!how_.client_name.empty()) say(step::optional, "CLIENT", "SETNAME", how_.client_name);
    if (how_.require_master) say(step::role, "ROLE");
    for (const auto& script : how_.scripts) say(step::optional, "SCRIPT", "LOAD", script);
    say(step::ping, "PING");
    hello_ = hello.take_bytes();
}

std::string_view session::output() const noexcept {
    switch (phase_) {
        case phase::handshake: return hello_;
        case phase::ready: return std::string_view(out_).substr(out_at_);
        case phase::down: break;
    }
    return {};
}

void session::written(std::size_t bytes) noexcept {
    if (phase_ == phase::handshake) {
        hello_.erase(0, bytes);
        return;
    }
    out_at_ += bytes;
    if (out_at_ == out_.size()) {
        out_.clear();
        out_at_ = 0;
        if (out_.capacity() > (std::size_t{1} << 20)) out_.shrink_to_fit();
    }
}

failure session::received(std::vector<reply>& replies, time_point now, outcome& out) {
    heard_ = now;
    for (auto& item : replies) {
        failure error = phase_ == phase::handshake ? take_handshake(item, now, out) : take(item, now, out);
        if (error) return error;
    }
    return {};
}

failure session::take_handshake(reply& item, time_point now, outcome& out) {
    if (steps_.empty()) return fail(errc::protocol_error, "an answer that nobody asked for");
    const step at = steps_.front();
    steps_.pop_front();
    if (item.is_error()) {
        const auto code = classify(item.text);
        if (at == step::auth) return fail(code == errc::loading ? code : errc::wrong_password, item.text);
        if (at == step::select && code == errc::server_error) return fail(errc::wrong_database, item.text);
        // A user who may only publish is a user all the same.
        if (at != step::optional && code != errc::no_permission) return fail(code, item.text);
        if (code == errc::wrong_password) return fail(code, item.text);
    } else if (at == step::role) {
        const bool master = item.is_array() && !item.items.empty() && item.items[0].text == "master";
        if (!master) return fail(errc::read_only, "Sentinel named this server, but it is not a master (yet)");
    }
    if (!steps_.empty()) return {};
    phase_ = phase::ready;
    out.ready = true;
    restore_subscriptions(now, out);
    return {};
}

void session::restore_subscriptions(time_point now, outcome& out) {
    if (subscriptions() == 0) {
        finish_waiters({}, out);
        out.restored = true;
        return;
    }
    // Ahead of what waits: nothing of that is on its way yet.
    std::deque<entry> waiting;
    waiting.swap(queue_);
    std::string bytes;
    bytes.swap(out_);
    for (const scope where : {scope::channel, scope::shard}) {
        const auto& wanted = wanted_[index(where)];
        if (wanted.empty()) continue;
        response_handler none;
        enqueue_names(where, kind::resubscribe, {wanted.begin(), wanted.end()}, none, now);
    }
    out_.append(bytes, out_at_);
    out_at_ = 0;
    queue_.insert(queue_.end(), std::make_move_iterator(waiting.begin()),
                  std::make_move_iterator(waiting.end()));
}

bool session::take_push(reply& item, outcome& out) {
    if (!pubsub_ || !item.is_array() || item.items.size() < 3) return false;
    const std::string& what = item.items[0].text;
    if (what == "message" || what == "smessage") {
        out.pushes.push_back({std::move(item.items[1].text), std::move(item.items[2].text)});
        return true;
    }
    // The server takes shard channels away when their slot leaves it.
    const bool asked =
        !queue_.empty() && queue_.front().what == kind::unsubscribe &&
        std::ranges::find(queue_.front().names, item.items[1].text) != queue_.front().names.end();
    if (what == "sunsubscribe" && !asked) {
        wanted_[index(scope::shard)].erase(item.items[1].text);
        out.revoked.push_back(std::move(item.items[1].text));
        return true;
    }
    return false;
}

failure session::take(reply& item, time_point now, outcome& out) {
    (void)now;
    if (take_push(item, out)) return {};
    if (queue_.empty()) return fail(errc::protocol_error, "an answer that nobody asked for: " + item.text);
    entry& front = queue_.front();
    failure drop;
    if (front.what == kind::plain) {
        if (item.is_error() && how_.require_master && classify(item.text) == errc::read_only)
            drop = fail(item);
        if (!front.abandoned) front.answer.replies.push_back(std::move(item));
        --front.expected;
    } else if (item.is_error() && front.what != kind::ping) {
        // One error stands for all names of the command.
        subscribe_error_ = fail(item);
        front.expected = 0;
    } else {
        --front.expected;
    }
    if (front.expected == 0) {
        entry whole = std::move(front);
        queue_.pop_front();
        finish(whole, out);
    }
    return drop;
}

void session::finish(entry& item, outcome& out) {
    forget(item);
    if (item.what == kind::resubscribe) {
        const bool more = !queue_.empty() && queue_.front().what == kind::resubscribe;
        if (!more) {
            out.resubscribe_error = std::exchange(subscribe_error_, {});
            finish_waiters(out.resubscribe_error, out);
            out.restored = true;
        }
        return;
    }
    if (item.what == kind::subscribe && item.handler) item.answer.error = std::exchange(subscribe_error_, {});
    if (item.handler) out.done.push_back({std::move(item.handler), std::move(item.answer)});
}

void session::finish_waiters(const failure& error, outcome& out) {
    for (auto& waiter : waiters_) {
        if (waiter.handler) out.done.push_back({std::move(waiter.handler), {error, {}}});
    }
    waiters_.clear();
}

void session::lost(const failure& why, bool all, outcome& out) {
    // Entries at the end of the queue of which no byte was sent.
    std::size_t begun = queue_.size();
    for (std::size_t bytes = unsent(); begun > 0 && queue_[begun - 1].size <= bytes; --begun) {
        bytes -= queue_[begun - 1].size;
    }
    if (phase_ != phase::ready) begun = 0;
    std::deque<entry> queue;
    queue.swap(queue_);
    std::string old;
    old.swap(out_);
    std::size_t at = out_at_;
    out_at_ = 0;
    backlog_ = 0;
    next_deadline_ = time_point::max();
    std::size_t untouched = 0;
    for (std::size_t i = begun; i < queue.size(); ++i) untouched += queue[i].size;
    at = old.size() - untouched;

    for (std::size_t i = 0; i < queue.size(); ++i) {
        entry& item = queue[i];
        const auto bytes = std::string_view(old).substr(i < begun ? 0 : at, i < begun ? 0 : item.size);
        if (i >= begun) at += item.size;
        switch (item.what) {
            case kind::ping:
            case kind::resubscribe: break;
            case kind::unsubscribe:
                if (item.handler) out.done.push_back({std::move(item.handler), {}});
                break;
            case kind::subscribe:
                if (item.handler && !item.abandoned) waiters_.push_back(std::move(item));
                break;
            case kind::plain:
                if (item.abandoned) break;
                if (!all && (i >= begun || !item.again.empty())) {
                    item.answer.replies.clear();
                    const std::string kept = i >= begun ? std::string(bytes) : item.again;
                    item.expected = item.commands;
                    enqueue(std::move(item), kept);
                } else if (item.handler) {
                    out.done.push_back({std::move(item.handler), {why, {}}});
                }
                break;
        }
    }
    for (const auto& waiter : waiters_) next_deadline_ = std::min(next_deadline_, waiter.deadline);
    if (all) finish_waiters(why, out);
    phase_ = phase::down;
    pubsub_ = false;
    hello_.clear();
    steps_.clear();
    subscribe_error_ = {};
}

failure session::tick(time_point now, outcome& out) {
    if (now >= next_deadline_) {
        next_deadline_ = time_point::max();
        const auto late = [&](entry& item) {
            if (item.abandoned || item.deadline > now) {
                if (!item.abandoned) next_deadline_ = std::min(next_deadline_, item.deadline);
                return false;
            }
            if (item.handler) {
                const auto cause = phase_ == phase::ready ? "no answer in time" : "no connection in time";
                out.done.push_back({std::exchange(item.handler, {}), {fail(errc::timed_out, cause), {}}});
            }
            item.abandoned = true;
            return true;
        };
        std::erase_if(waiters_, late);
        for (auto& item : queue_) {
            if (late(item) && item.what == kind::ping) return fail(errc::timed_out, "no answer to a PING");
        }
        // What is not on its way and nobody waits for any more is never sent.
        if (phase_ != phase::ready) {
            std::string kept;
            std::size_t at = out_at_;
            for (const auto& item : queue_) {
                if (!item.abandoned) kept.append(out_, at, item.size);
                at += item.size;
            }
            std::erase_if(queue_, [&](const entry& item) {
                if (item.abandoned) forget(item);
                return item.abandoned;
            });
            out_ = std::move(kept);
            out_at_ = 0;
        }
    }
    if (phase_ != phase::ready || how_.keepalive <= duration::zero() || now - heard_ < how_.keepalive)
        return {};
    const bool pinging =
        std::any_of(queue_.begin(), queue_.end(), [](const entry& e) { return e.what == kind::ping; });
    // Behind a command that may block for ever a PING would not be answered.
    const bool blocked = !queue_.empty() && queue_.front().deadline == time_point::max();
    if (pinging || blocked) return {};
    entry ping;
    ping.what = kind::ping;
    ping.expected = 1;
    ping.deadline = now + std::max<duration>(how_.connect_timeout, std::chrono::seconds(1));
    enqueue(std::move(ping), request("PING").bytes());
    return {};
}

}  // namespace chanx::redis
