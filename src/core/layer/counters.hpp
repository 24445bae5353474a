// What a layer counts. Nothing is lost silently: every drop has a reason, and asks for one warning per
// interval.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/runtime/clock.hpp"

namespace chanx::layer {

enum class drop_reason : std::size_t {
    capacity,     // the channel held as many unread messages as its capacity allows
    queue_bytes,  // the bytes waiting beyond the capacities of their channels reached their bound
    expired,      // nobody read it in time
    undecodable,  // it could not be decoded or copied for its receiver
    flushed,      // flush() or drop_channel() threw it away
};
inline constexpr std::size_t DROP_REASONS = 5;
const char* drop_reason_name(std::size_t reason) noexcept;

struct counters {
    std::uint64_t sent = 0;       // send and group_send calls that were accepted
    std::uint64_t received = 0;   // messages put into channels of this process
    std::uint64_t delivered = 0;  // messages that a reader took
    std::array<std::uint64_t, DROP_REASONS> dropped{};
};

// Decides when the drops so far are worth a line in the log: at once, then at most one line per interval.
class drop_report {
public:
    static constexpr std::chrono::seconds INTERVAL{10};
    // Fills `fresh` with the drops since the last report; false when there is none to make now.
    bool take(const counters& totals, time_point now,
              std::array<std::uint64_t, DROP_REASONS>& fresh) noexcept;

private:
    std::array<std::uint64_t, DROP_REASONS> reported_{};
    time_point next_{};
};

}  // namespace chanx::layer
