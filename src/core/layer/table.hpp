// The channels and groups of one layer in this process. The in-process layer is little more than this table;
// the Redis layers fill the same table from their I/O thread.
//
// Threads: every method may be called by any thread. One mutex guards all state; no sink, no wake-up and no
// destructor of a message runs while it is held, so messages may own Python objects.
//
// Capacity is what may stay unread after the reader's loop has had its turns. A channel whose reader waits,
// or has not let a number of turns go by without reading, takes more than that: what is beyond waits in the
// same order, its bytes are counted once per table, and `queue_bytes` bounds them.
//
// Leases: a member stays in a group for `group_expiry` after it was added or its channel was last read from,
// and as long as a reader waits. A channel whose reader was cancelled, and to which none came back for
// `expiry`, is freed with its messages and its leases.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/layer/channel.hpp"
#include "core/layer/counters.hpp"

namespace chanx::layer {

struct table_options {
    duration expiry = std::chrono::seconds(60);
    duration group_expiry = std::chrono::seconds(86400);
    std::size_t queue_bytes = std::size_t{64} << 20;
};

struct member {
    channel* who;
    time_point since;
};

struct group {
    std::string name;
    std::vector<member> members;
};

struct channel_view {
    std::string name;
    std::size_t unread;
    std::size_t capacity;
    std::size_t readers;
};

struct table_stats {
    counters totals;
    std::size_t channels = 0;
    std::size_t groups = 0;
    std::size_t members = 0;
    std::size_t unread = 0;
    std::size_t overflow_bytes = 0;
};

class after_unlock;
class table_events;

class channel_table : public ref_counted {
public:
    // Gives the capacity of a channel that is made now. Called with no lock held; may throw.
    using capacity_rule = std::function<std::size_t(std::string_view)>;

    channel_table(table_options options, capacity_rule capacity_of);

    // Before the first use, or never.
    void observe(table_events* events) noexcept { events_ = events; }
    const table_options& options() const noexcept { return options_; }
    std::size_t capacity_for(std::string_view name) const { return capacity_of_(name); }
    time_point deadline(time_point now) const noexcept { return now + options_.expiry; }

    // The channel of that name, made if it is new. Names are checked by the caller.
    ref<channel> open(std::string_view name);
    ref<channel> find(std::string_view name);

    std::error_code send(channel& to, ref<message> item, time_point now);
    // A message from elsewhere: where send() would refuse it, it is dropped and counted.
    bool deliver(channel& to, ref<message> item, time_point now);
    // To all of these that are there, under one lock and with one wake-up.
    void deliver(std::span<const std::string_view> names, ref<message> item, time_point now);
    void note_drop(drop_reason why);
    // A message that receive() returned cannot be delivered.
    void set_aside();
    // The number of members that the message went to. A full channel is passed over, and counted.
    std::size_t group_send(std::string_view name, ref<message> item, time_point now);
    // A message, or none: then a given reader is attached.
    ref<message> receive(channel& from, sink* reader, completion_queue* loop, time_point now);
    // A persistent sink takes all messages of the channel from now on.
    void attach(channel& to, sink& reader, completion_queue* loop, time_point now);
    // The reader no longer waits. False when it was not attached.
    bool cancel(channel& from, sink& reader, time_point now);
    // A message that its reader could not keep: it becomes the first of its channel again.
    void put_back(channel& to, ref<message> item);
    // A persistent sink that was busy has room again.
    void resume(channel& of);

    // Keeps an idle channel until it is dropped, or abandoned by its readers.
    void hold(channel& who);
    bool holds(std::string_view name);
    // Undoes hold() for all channels, without telling of it.
    void let_go();
    bool has_group(std::string_view name);
    void group_add(std::string_view name, channel& who, time_point now);
    void group_discard(std::string_view name, std::string_view who);
    bool drop(std::string_view name);
    // Forgets messages and groups; readers go on waiting.
    void flush();
    // Frees everything and detaches the readers: the layer is gone.
    void shutdown();

    table_stats stats();
    bool take_drop_report(time_point now, std::array<std::uint64_t, DROP_REASONS>& fresh);
    std::vector<channel_view> channel_views();
    std::optional<channel_view> view(std::string_view name);
    // Group names, and the members of each with the age of its membership.
    std::vector<std::pair<std::string, std::vector<std::pair<std::string, duration>>>> group_views(
        time_point now);

private:
    friend class channel;

    channel& current(channel& stale);
    channel& link(ref<channel> fresh);
    void unlink(channel& gone, after_unlock& later);
    bool accept(channel& to, ref<message>& item, bool direct, time_point now, after_unlock& later);
    bool may_overflow(channel& to, bool direct, after_unlock& later);
    void schedule(channel& ready, after_unlock& later);
    void push_front(channel& to, ref<message> item);
    ref<message> pop(channel& from);
    void drop_expired(channel& of, time_point now, after_unlock& later);
    void clear_queue(channel& of, drop_reason why, after_unlock& later);
    void free_channel(channel& gone, drop_reason why, after_unlock& later);
    void leave(channel& who, std::size_t membership_index, after_unlock& later);
    void forget_group(group& empty, after_unlock& later);
    void remove_member(group& from, std::size_t index);
    bool lease_ended(member& of, time_point now) const noexcept;
    void sweep(time_point now, after_unlock& later);
    bool run_channel(channel& ready, completion_queue& loop, drain_budget& budget);
    void count_drop(drop_reason why) noexcept { ++totals_.dropped[static_cast<std::size_t>(why)]; }

    const table_options options_;
    const capacity_rule capacity_of_;
    std::mutex mutex_;
    std::unordered_map<std::string_view, ref<channel>> channels_;  // keys point into the channels
    std::vector<channel*> order_;                                  // the same channels, for the sweep
    std::unordered_map<std::string_view, std::unique_ptr<group>> groups_;
    overflow_account overflow_;
    counters totals_;
    drop_report report_;
    std::size_t sweep_at_ = 0;
    time_point next_sweep_{};
    table_events* events_ = nullptr;
    bool shut_down_ = false;
};

}  // namespace chanx::layer
