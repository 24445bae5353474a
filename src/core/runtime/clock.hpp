// The one clock of the core: monotonic, so that a changed wall clock expires nothing.
#pragma once

#include <chrono>

namespace chanx {

using steady = std::chrono::steady_clock;
using time_point = steady::time_point;
using duration = steady::duration;

// Seconds as Python gives them; anything past a century counts as a century, so that sums cannot overflow.
inline duration from_seconds(double seconds) noexcept {
    constexpr double CENTURY = 3.2e9;
    if (!(seconds > 0)) return duration::zero();
    return std::chrono::duration_cast<duration>(
        std::chrono::duration<double>(seconds < CENTURY ? seconds : CENTURY));
}

}  // namespace chanx
