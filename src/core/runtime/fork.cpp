#include "core/runtime/fork.hpp"

#include <pthread.h>

#include <atomic>

namespace chanx {
namespace {

std::atomic<unsigned> generation{0};

void count_fork() { generation.fetch_add(1, std::memory_order_relaxed); }

const int registered = ::pthread_atfork(nullptr, nullptr, count_fork);

}  // namespace

unsigned fork_generation() noexcept {
    (void)registered;
    return generation.load(std::memory_order_relaxed);
}

}  // namespace chanx
