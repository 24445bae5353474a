// Numbers things that begin in order and end in any, and tells whether the first so many have ended.
#pragma once

#include <cstdint>
#include <deque>

namespace chanx::redis {

class sequence {
public:
    std::uint64_t begin() {
        open_.push_back(true);
        return first_open_ + open_.size() - 1;
    }
    void end(std::uint64_t number) noexcept {
        open_[number - first_open_] = false;
        while (!open_.empty() && !open_.front()) {
            open_.pop_front();
            ++first_open_;
        }
    }
    std::uint64_t begun() const noexcept { return first_open_ + open_.size(); }
    bool ended(std::uint64_t count) const noexcept { return first_open_ >= count; }

private:
    std::deque<bool> open_;
    std::uint64_t first_open_ = 0;
};

}  // namespace chanx::redis
