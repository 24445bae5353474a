#include "core/layer/counters.hpp"

namespace chanx::layer {

const char* drop_reason_name(std::size_t reason) noexcept {
    static constexpr std::array<const char*, DROP_REASONS> NAMES{"capacity", "queue_bytes", "expired",
                                                                 "undecodable", "flushed"};
    return reason < DROP_REASONS ? NAMES[reason] : "unknown";
}

bool drop_report::take(const counters& totals, time_point now,
                       std::array<std::uint64_t, DROP_REASONS>& fresh) noexcept {
    if (now < next_) return false;
    bool any = false;
    for (std::size_t reason = 0; reason < DROP_REASONS; ++reason) {
        fresh[reason] = totals.dropped[reason] - reported_[reason];
        // What the application itself threw away needs no warning.
        any = any || (fresh[reason] != 0 && reason != static_cast<std::size_t>(drop_reason::flushed));
    }
    if (!any) return false;
    reported_ = totals.dropped;
    next_ = now + INTERVAL;
    return true;
}

}  // namespace chanx::layer
