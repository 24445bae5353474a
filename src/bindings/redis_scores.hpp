// Times as the core Redis layer writes them: seconds since 1970 with six digits.
#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>
#include <string>

namespace chanx::bindings {

inline double unix_time() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}
inline std::int64_t micros_of(double seconds) { return std::llround(seconds * 1e6); }

std::string decimal(std::int64_t micros);
std::string decimal(double seconds);

}  // namespace chanx::bindings
