// One answer for several requests: the first failure, once the last of them has answered.
#pragma once

#include <memory>
#include <mutex>

#include "core/redis/session.hpp"

namespace chanx::redis {

class tally {
public:
    tally(std::size_t open, response_handler done) : open_(open), done_(std::move(done)) {}

    void count(failure why) {
        {
            const std::lock_guard lock(mutex_);
            if (!all_.error) all_.error = std::move(why);
            if (--open_ > 0) return;
        }
        if (done_) done_(std::move(all_));
    }

private:
    std::mutex mutex_;
    std::size_t open_;
    response all_;
    response_handler done_;
};

}  // namespace chanx::redis
