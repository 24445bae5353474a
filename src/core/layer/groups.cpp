// The half of channel_table that keeps groups, and what it shows of itself.
#include "core/layer/after_unlock.hpp"
#include "core/layer/table.hpp"

namespace chanx::layer {

void channel_table::group_add(std::string_view name, channel& who, time_point now) {
    after_unlock later(events_);
    const std::lock_guard lock(mutex_);
    sweep(now, later);
    channel& joining = current(who);
    auto found = groups_.find(name);
    if (found == groups_.end()) {
        auto fresh = std::make_unique<group>(group{std::string(name), {}});
        const std::string_view key = fresh->name;
        found = groups_.emplace(key, std::move(fresh)).first;
    }
    group& target = *found->second;
    for (const membership& each : joining.memberships_) {
        if (each.of == &target) {
            target.members[each.index].since = now;
            return;
        }
    }
    joining.memberships_.push_back({&target, target.members.size()});
    target.members.push_back({&joining, now});
}

void channel_table::group_discard(std::string_view name, std::string_view who) {
    after_unlock later(events_);
    const std::lock_guard lock(mutex_);
    const auto found = channels_.find(who);
    if (found == channels_.end()) return;
    channel& leaving = *found->second;
    for (std::size_t i = 0; i < leaving.memberships_.size(); ++i) {
        if (leaving.memberships_[i].of->name != name) continue;
        leave(leaving, i, later);
        if (leaving.idle()) unlink(leaving, later);
        return;
    }
}

void channel_table::leave(channel& who, std::size_t membership_index, after_unlock& later) {
    group& target = *who.memberships_[membership_index].of;
    remove_member(target, who.memberships_[membership_index].index);
    if (target.members.empty()) forget_group(target, later);
}

void channel_table::forget_group(group& empty, after_unlock& later) {
    later.group_emptied(empty.name);
    groups_.erase(groups_.find(std::string_view(empty.name)));
}

void channel_table::hold(channel& who) {
    const std::lock_guard lock(mutex_);
    channel& kept = current(who);
    kept.held_ = true;
}

void channel_table::let_go() {
    after_unlock later;
    const std::lock_guard lock(mutex_);
    for (std::size_t i = order_.size(); i-- > 0;) {
        order_[i]->held_ = false;
        if (order_[i]->idle()) unlink(*order_[i], later);
    }
}

bool channel_table::holds(std::string_view name) {
    const std::lock_guard lock(mutex_);
    const auto found = channels_.find(name);
    return found != channels_.end() && found->second->held_;
}

bool channel_table::has_group(std::string_view name) {
    const std::lock_guard lock(mutex_);
    return groups_.contains(name);
}

void channel_table::set_aside() {
    const std::lock_guard lock(mutex_);
    --totals_.delivered;
    count_drop(drop_reason::undecodable);
}

void channel_table::note_drop(drop_reason why) {
    const std::lock_guard lock(mutex_);
    count_drop(why);
}

// Takes the member out of both lists; the last of each takes the free place.
void channel_table::remove_member(group& from, std::size_t index) {
    auto& places = from.members[index].who->memberships_;
    for (membership& each : places) {
        if (each.of != &from) continue;
        each = places.back();
        places.pop_back();
        break;
    }
    if (index + 1 < from.members.size()) {
        from.members[index] = from.members.back();
        for (membership& each : from.members[index].who->memberships_) {
            if (each.of == &from) each.index = index;
        }
    }
    from.members.pop_back();
}

bool channel_table::lease_ended(member& of, time_point now) const noexcept {
    if (now - of.since < options_.group_expiry) return false;
    if (!of.who->sinks_.empty()) {
        of.since = now;
        return false;
    }
    if (of.who->seen_ > of.since) of.since = of.who->seen_;
    return now - of.since >= options_.group_expiry;
}

void channel_table::flush() {
    after_unlock later(events_);
    const std::lock_guard lock(mutex_);
    for (const auto& each : groups_) {
        later.group_emptied(each.second->name);
        for (const member& one : each.second->members) one.who->memberships_.clear();
    }
    groups_.clear();
    for (std::size_t i = order_.size(); i-- > 0;) {
        clear_queue(*order_[i], drop_reason::flushed, later);
        if (order_[i]->idle()) unlink(*order_[i], later);
    }
}

void channel_table::shutdown() {
    after_unlock later(events_);
    const std::lock_guard lock(mutex_);
    shut_down_ = true;
    while (!order_.empty()) free_channel(*order_.back(), drop_reason::flushed, later);
}

table_stats channel_table::stats() {
    const std::lock_guard lock(mutex_);
    table_stats result;
    result.totals = totals_;
    result.channels = order_.size();
    result.groups = groups_.size();
    result.overflow_bytes = overflow_.bytes();
    for (const channel* each : order_) {
        result.unread += each->queue_.size();
        result.members += each->memberships_.size();
    }
    return result;
}

bool channel_table::take_drop_report(time_point now, std::array<std::uint64_t, DROP_REASONS>& fresh) {
    const std::lock_guard lock(mutex_);
    return report_.take(totals_, now, fresh);
}

std::optional<channel_view> channel_table::view(std::string_view name) {
    const std::lock_guard lock(mutex_);
    const auto found = channels_.find(name);
    if (found == channels_.end()) return {};
    const channel& one = *found->second;
    return channel_view{one.name, one.queue_.size(), one.capacity, one.sinks_.size()};
}

std::vector<channel_view> channel_table::channel_views() {
    const std::lock_guard lock(mutex_);
    std::vector<channel_view> result;
    for (const channel* each : order_) {
        // A channel that is only a member of a group has no queue yet as far as users of a layer can see.
        if (each->queue_.empty() && each->sinks_.empty()) continue;
        result.push_back({each->name, each->queue_.size(), each->capacity, each->sinks_.size()});
    }
    return result;
}

std::vector<std::pair<std::string, std::vector<std::pair<std::string, duration>>>> channel_table::group_views(
    time_point now) {
    const std::lock_guard lock(mutex_);
    std::vector<std::pair<std::string, std::vector<std::pair<std::string, duration>>>> result;
    for (const auto& [name, each] : groups_) {
        auto& entry = result.emplace_back(std::string(name), std::vector<std::pair<std::string, duration>>());
        for (const member& one : each->members) entry.second.emplace_back(one.who->name, now - one.since);
    }
    return result;
}

}  // namespace chanx::layer
