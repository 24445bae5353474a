#include "bindings/redis_scores.hpp"

#include <charconv>
#include <cstdio>

namespace chanx::bindings {

// Several times faster than printf, which each message would call a few times.
std::string decimal(std::int64_t micros) {
    char text[40];
    char* end = std::to_chars(text, text + 20, micros / 1'000'000).ptr;
    *end++ = '.';
    for (std::int64_t digit = 100'000, rest = micros % 1'000'000; digit > 0; digit /= 10) {
        *end++ = static_cast<char>('0' + rest / digit % 10);
    }
    return {text, end};
}

std::string decimal(double seconds) {
    if (seconds >= 0 && seconds < 1e10) return decimal(micros_of(seconds));
    char text[340];
    return {text, static_cast<std::size_t>(std::snprintf(text, sizeof text, "%.6f", seconds))};
}

}  // namespace chanx::bindings
