#include "core/runtime/memory.hpp"

#include <atomic>
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace chanx {
namespace {

constexpr std::chrono::seconds DELAY{1};
constexpr duration::rep NEVER = time_point::max().time_since_epoch().count();

std::atomic<duration::rep> due{NEVER};

}  // namespace

void release_free_memory() noexcept {
#ifdef __GLIBC__
    ::malloc_trim(0);
#endif
}

void release_free_memory_soon(time_point now) noexcept {
    due.store((now + DELAY).time_since_epoch().count(), std::memory_order_relaxed);
}

void release_if_due(time_point now) noexcept {
    auto when = due.load(std::memory_order_relaxed);
    if (now.time_since_epoch().count() < when) return;
    if (due.compare_exchange_strong(when, NEVER, std::memory_order_relaxed)) release_free_memory();
}

}  // namespace chanx
