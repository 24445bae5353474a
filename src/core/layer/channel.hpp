// One channel of a channel_table: its unread messages, the readers that wait, the groups it is in.
// All of it is guarded by the table's mutex; only `name` and `capacity` may be read without it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/layer/message.hpp"
#include "core/layer/ring.hpp"
#include "core/layer/sink.hpp"
#include "core/runtime/completion_queue.hpp"

namespace chanx::layer {

class channel_table;
struct group;

// The place of a channel in the member list of a group.
struct membership {
    group* of;
    std::size_t index;
};

class channel final : public completion {
public:
    channel(ref<channel_table> owner, std::string channel_name, std::size_t channel_capacity);
    ~channel() override;

    // Hands unread messages to the readers of `loop`, until either runs out or the budget is spent.
    bool run(completion_queue& loop, drain_budget& budget) override;

    const std::string name;
    const std::size_t capacity;

private:
    friend class channel_table;

    bool idle() const noexcept { return !held_ && queue_.empty() && sinks_.empty() && memberships_.empty(); }

    ref<channel_table> owner_;
    ring<ref<message>> queue_;
    ring<sink*> sinks_;
    std::vector<membership> memberships_;
    ref<completion_queue> home_;   // the loop that read last
    std::uint64_t full_turn_ = 0;  // home_'s turn when the full channel was last found unread
    time_point seen_{};            // when a reader last asked for a message
    time_point left_{};            // when a waiting reader was cancelled, and none came since; else zero
    std::size_t slot_ = 0;         // index in the table's list of channels
    bool held_ = false;            // kept though idle: Redis sends us its messages
    bool linked_ = false;          // the table knows it
    bool scheduled_ = false;       // it is in a completion queue
    bool busy_ = false;            // its persistent sink has no room: only the capacity may wait
    bool full_ = false;            // full_turn_ holds
};

// The bytes of the messages that wait beyond the capacity of their channels, each counted once.
class overflow_account {
public:
    static constexpr std::size_t PER_REFERENCE = 16;

    std::size_t bytes() const noexcept { return bytes_; }
    static std::size_t cost(const message& item) noexcept {
        return PER_REFERENCE + (item.overflowing_ == 0 ? item.bytes_ : 0);
    }
    void add(message& item) noexcept {
        bytes_ += cost(item);
        ++item.overflowing_;
    }
    void remove(message& item) noexcept {
        --item.overflowing_;
        bytes_ -= cost(item);
    }

private:
    std::size_t bytes_ = 0;
};

}  // namespace chanx::layer
