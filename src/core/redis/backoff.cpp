#include "core/redis/backoff.hpp"

#include <algorithm>
#include <random>

namespace chanx::redis {

duration backoff(duration first, duration most, unsigned failures) {
    thread_local std::minstd_rand random{std::random_device{}()};
    const auto full = std::min<duration>(most, first * (1LL << std::min(failures, 20U)));
    return full / 2 + duration(std::uniform_int_distribution<duration::rep>(0, full.count() / 2)(random));
}

}  // namespace chanx::redis
