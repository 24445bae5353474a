#include "core/layer/table.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/layer/after_unlock.hpp"

namespace chanx::layer {
namespace {

// Channels looked at by one operation while a sweep is under way.
constexpr std::size_t SWEEP_STEP = 32;

// Turns of its loop that the reader of a full channel may take for one message: a consumer needs several, for
// its handler and what the handler awaits.
constexpr std::uint64_t PATIENCE = 64;

}  // namespace

channel_table::channel_table(table_options options, capacity_rule capacity_of)
    : options_(options), capacity_of_(std::move(capacity_of)) {}

ref<channel> channel_table::find(std::string_view name) {
    const std::lock_guard lock(mutex_);
    const auto found = channels_.find(name);
    return found == channels_.end() ? ref<channel>() : found->second;
}

ref<channel> channel_table::open(std::string_view name) {
    if (auto known = find(name)) return known;
    ref<channel> fresh(new channel(ref<channel_table>(this), std::string(name), capacity_of_(name)));
    const std::lock_guard lock(mutex_);
    return ref<channel>(&link(std::move(fresh)));
}

channel& channel_table::link(ref<channel> fresh) {
    const auto [place, added] = channels_.try_emplace(std::string_view(fresh->name), fresh);
    if (added) {
        fresh->linked_ = true;
        fresh->slot_ = order_.size();
        order_.push_back(fresh.get());
    }
    return *place->second;
}

// A channel that somebody holds may have been freed meanwhile, or freed and made anew.
channel& channel_table::current(channel& stale) { return stale.linked_ ? stale : link(ref<channel>(&stale)); }

void channel_table::unlink(channel& gone, after_unlock& later) {
    if (std::exchange(gone.held_, false)) later.channel_freed(gone.name);
    order_[gone.slot_] = order_.back();
    order_[gone.slot_]->slot_ = gone.slot_;
    order_.pop_back();
    gone.linked_ = false;
    const auto found = channels_.find(gone.name);
    later.destroy(std::move(found->second));
    channels_.erase(found);
    if (shrink_if_sparse(channels_)) {
        order_.shrink_to_fit();
        later.release_memory();
    }
}

std::error_code channel_table::send(channel& to, ref<message> item, time_point now) {
    after_unlock later(events_);
    const std::lock_guard lock(mutex_);
    sweep(now, later);
    if (!accept(current(to), item, true, now, later)) {
        later.destroy(std::move(item));
        return errc::channel_full;
    }
    ++totals_.sent;
    return {};
}

bool channel_table::deliver(channel& to, ref<message> item, time_point now) {
    after_unlock later(events_);
    const std::lock_guard lock(mutex_);
    sweep(now, later);
    const bool room = accept(current(to), item, false, now, later);
    if (!room) later.destroy(std::move(item));
    return room;
}

void channel_table::deliver(std::span<const std::string_view> names, ref<message> item, time_point now) {
    after_unlock later(events_);
    const std::lock_guard lock(mutex_);
    sweep(now, later);
    for (const auto name : names) {
        const auto found = channels_.find(name);
        if (found == channels_.end()) continue;
        ref<message> copy = item;
        accept(*found->second, copy, false, now, later);
    }
    later.destroy(std::move(item));
}

std::size_t channel_table::group_send(std::string_view name, ref<message> item, time_point now) {
    after_unlock later(events_);
    const std::lock_guard lock(mutex_);
    ++totals_.sent;
    sweep(now, later);
    const auto found = groups_.find(name);
    std::size_t reached = 0;
    if (found != groups_.end()) {
        group& target = *found->second;
        for (std::size_t i = 0; i < target.members.size();) {
            if (lease_ended(target.members[i], now)) {
                remove_member(target, i);
                continue;
            }
            ref<message> copy = item;
            if (accept(*target.members[i].who, copy, false, now, later)) ++reached;
            ++i;
        }
        if (target.members.empty()) forget_group(target, later);
    }
    later.destroy(std::move(item));
    return reached;
}

// Puts the message into the channel; false, and the item left as it is, when there is no room.
bool channel_table::accept(channel& to, ref<message>& item, bool direct, time_point now,
                           after_unlock& later) {
    if (to.queue_.size() >= to.capacity) {
        drop_expired(to, now, later);
        if (to.queue_.size() >= to.capacity) {
            if (!may_overflow(to, direct, later)) {
                if (!direct) count_drop(drop_reason::capacity);
                return false;
            }
            if (overflow_.bytes() + overflow_account::cost(*item) > options_.queue_bytes) {
                if (!direct) count_drop(drop_reason::queue_bytes);
                return false;
            }
            overflow_.add(*item);
        }
    }
    to.queue_.push_back(std::move(item));
    ++totals_.received;
    if (!to.sinks_.empty() && !to.busy_) schedule(to, later);
    return true;
}

// Whether a full channel may take more because its reader had no chance to read yet. A direct send that is
// refused raises in the sender, so there a reader must be waiting; a group_send would lose the message, so
// there it is enough that the reader has not let PATIENCE turns of its loop go by without reading.
bool channel_table::may_overflow(channel& to, bool direct, after_unlock& later) {
    if (to.busy_) return false;
    if (!to.sinks_.empty()) return true;
    if (direct || !to.home_ || to.home_->closed()) return false;
    const auto turn = to.home_->turns();
    if (!to.full_) {
        to.full_ = true;
        to.full_turn_ = turn;
    }

    if (turn - to.full_turn_ >= PATIENCE) return false;
    if (!to.scheduled_) {
        to.scheduled_ = true;
        later.post(*to.home_, to);
    }
    return true;
}

void channel_table::schedule(channel& ready, after_unlock& later) {
    if (ready.scheduled_) return;
    for (std::size_t i = 0; i < ready.sinks_.size(); ++i) {
        completion_queue& loop = ready.sinks_[i]->loop();
        if (loop.closed()) continue;  // its readers died with it
        ready.scheduled_ = true;
        later.post(loop, ready);
        return;
    }
}

ref<message> channel_table::receive(channel& from, sink* reader, completion_queue* loop, time_point now) {
    after_unlock later(events_);
    const std::lock_guard lock(mutex_);
    channel& source = current(from);
    source.seen_ = now;
    source.left_ = {};
    if (loop && source.home_.get() != loop) {
        source.home_ = ref<completion_queue>(loop);
        source.full_ = false;
    }
    drop_expired(source, now, later);
    if (!source.queue_.empty()) {
        ++totals_.delivered;
        return pop(source);
    }
    sweep(now, later);
    if (reader) {
        // The sweep may have freed the channel, which was idle until now.
        current(source).sinks_.push_back(reader);
    }
    return {};
}

void channel_table::attach(channel& to, sink& reader, completion_queue* loop, time_point now) {
    after_unlock later(events_);
    const std::lock_guard lock(mutex_);
    channel& target = current(to);
    target.seen_ = now;
    target.left_ = {};
    target.home_ = ref<completion_queue>(loop);
    target.sinks_.push_back(&reader);
    target.busy_ = false;
    if (!target.queue_.empty()) schedule(target, later);
}

bool channel_table::cancel(channel& from, sink& reader, time_point now) {
    after_unlock later(events_);
    const std::lock_guard lock(mutex_);
    if (!from.sinks_.remove(&reader)) return false;
    from.busy_ = false;
    if (from.sinks_.empty()) {
        from.left_ = now;
        if (from.linked_ && from.idle()) unlink(from, later);
    }
    return true;
}

void channel_table::put_back(channel& to, ref<message> item) {
    after_unlock later(events_);
    const std::lock_guard lock(mutex_);
    --totals_.delivered;
    if (shut_down_) {
        count_drop(drop_reason::flushed);
        later.destroy(std::move(item));
        return;
    }
    channel& target = current(to);
    push_front(target, std::move(item));
    if (!target.sinks_.empty()) schedule(target, later);
}

void channel_table::resume(channel& of) {
    after_unlock later(events_);
    const std::lock_guard lock(mutex_);
    of.busy_ = false;
    if (!of.queue_.empty() && !of.sinks_.empty()) schedule(of, later);
}

void channel_table::push_front(channel& to, ref<message> item) {
    to.queue_.push_front(std::move(item));
    if (to.queue_.size() > to.capacity) overflow_.add(*to.queue_[to.capacity]);
}

ref<message> channel_table::pop(channel& from) {
    // The queue's own accounting comes first: the ring may free its memory with its last element.
    if (from.queue_.size() > from.capacity) overflow_.remove(*from.queue_[from.capacity]);
    auto item = from.queue_.pop_front();
    from.full_ = false;  // its reader is alive
    return item;
}

void channel_table::drop_expired(channel& of, time_point now, after_unlock& later) {
    while (!of.queue_.empty() && of.queue_.front()->expired(now)) {
        later.destroy(pop(of));
        count_drop(drop_reason::expired);
    }
}

void channel_table::clear_queue(channel& of, drop_reason why, after_unlock& later) {
    while (!of.queue_.empty()) {
        later.destroy(pop(of));
        count_drop(why);
    }
}

void channel_table::free_channel(channel& gone, drop_reason why, after_unlock& later) {
    clear_queue(gone, why, later);
    while (!gone.memberships_.empty()) leave(gone, gone.memberships_.size() - 1, later);
    while (!gone.sinks_.empty()) later.detach(gone.sinks_.pop_front());
    later.destroy(std::move(gone.home_));  // whose queue may still hold the channel
    if (gone.linked_) unlink(gone, later);
}

bool channel_table::drop(std::string_view name) {
    after_unlock later(events_);
    const std::lock_guard lock(mutex_);
    const auto found = channels_.find(name);
    if (found == channels_.end()) return false;
    free_channel(*found->second, drop_reason::flushed, later);
    return true;
}

// Looks at a few channels at a time, so that no single operation pays for all of them.
void channel_table::sweep(time_point now, after_unlock& later) {
    if (now < next_sweep_) return;
    for (std::size_t step = 0; step < SWEEP_STEP; ++step) {
        if (sweep_at_ >= order_.size()) {
            sweep_at_ = 0;
            next_sweep_ = now + std::clamp<duration>(options_.expiry / 4, std::chrono::milliseconds(10),
                                                     std::chrono::seconds(15));
            return;
        }
        channel& each = *order_[sweep_at_];
        const auto had = each.queue_.size();
        drop_expired(each, now, later);
        const bool lost = each.queue_.size() < had && each.seen_ == time_point{};
        const bool abandoned = each.left_ != time_point{} && now - each.left_ >= options_.expiry;
        if (each.sinks_.empty() && (lost || abandoned)) {
            // Nobody ever read it and a message expired in it, or its reader was cancelled and none came
            // back.
            if (abandoned) clear_queue(each, drop_reason::expired, later);
            while (!each.memberships_.empty()) leave(each, each.memberships_.size() - 1, later);
        }
        for (std::size_t i = each.memberships_.size(); i-- > 0;) {
            if (lease_ended(each.memberships_[i].of->members[each.memberships_[i].index], now))
                leave(each, i, later);
        }
        if (abandoned && each.sinks_.empty() && each.held_) {
            later.channel_freed(each.name);
            each.held_ = false;
        }
        if (each.idle() && now - each.seen_ >= options_.expiry) {
            unlink(each, later);  // the last channel of the list takes this place
        } else {
            ++sweep_at_;
        }
    }
}

bool channel_table::run_channel(channel& ready, completion_queue& loop, drain_budget& budget) {
    for (;;) {
        ref<message> item;
        sink* reader = nullptr;
        {
            after_unlock later(events_);
            const std::lock_guard lock(mutex_);
            ready.scheduled_ = false;
            drop_expired(ready, budget.now(), later);
            if (ready.queue_.empty()) return true;
            for (std::size_t i = 0; i < ready.sinks_.size() && !reader; ++i) {
                if (&ready.sinks_[i]->loop() == &loop) reader = ready.sinks_[i];
            }
            if (!reader) {
                schedule(ready, later);  // another loop's reader may be waiting
                return true;
            }
            if (!reader->persistent()) ready.sinks_.remove(reader);
            ++totals_.delivered;
            ready.scheduled_ = true;  // no need to post what this drain is about to come back to
            item = pop(ready);
        }
        const delivery outcome = reader->deliver(item);
        if (outcome == delivery::taken) {
            if (!budget.spent() && !loop.interrupted()) continue;
            const std::lock_guard lock(mutex_);
            ready.scheduled_ = !ready.queue_.empty() && !ready.sinks_.empty();
            return !ready.scheduled_;
        }
        after_unlock later(events_);
        const std::lock_guard lock(mutex_);
        --totals_.delivered;
        if (outcome == delivery::busy) {
            push_front(ready, std::move(item));
            ready.busy_ = true;
            ready.scheduled_ = false;
            return true;
        }
        count_drop(drop_reason::undecodable);
        if (!reader->persistent()) ready.sinks_.push_front(reader);
    }
}

}  // namespace chanx::layer
