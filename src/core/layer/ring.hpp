// A queue with two ends in one allocation, and none while it is empty from the start: an idle channel has to
// stay small, and a std::deque takes half a kilobyte before its first element.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace chanx::layer {

template <class T>
class ring {
public:
    bool empty() const noexcept { return size_ == 0; }
    std::size_t size() const noexcept { return size_; }
    T& front() noexcept { return slots_[head_]; }
    T& operator[](std::size_t index) noexcept { return slots_[wrap(head_ + index)]; }
    const T& operator[](std::size_t index) const noexcept { return slots_[wrap(head_ + index)]; }

    void push_back(T value) {
        if (size_ == slots_.size()) grow();
        slots_[wrap(head_ + size_++)] = std::move(value);
    }
    void push_front(T value) {
        if (size_ == slots_.size()) grow();
        head_ = wrap(head_ + slots_.size() - 1);
        slots_[head_] = std::move(value);
        ++size_;
    }
    T pop_front() {
        T value = std::exchange(slots_[head_], T{});
        head_ = wrap(head_ + 1);
        // A burst must not leave its memory behind in each of many thousand channels.
        if (--size_ == 0 && slots_.size() > KEPT) {
            std::vector<T>().swap(slots_);
            head_ = 0;
        }
        return value;
    }
    // Takes out the first element equal to `value`; false when there is none.
    bool remove(const T& value) {
        for (std::size_t i = 0; i < size_; ++i) {
            if (!((*this)[i] == value)) continue;
            for (; i + 1 < size_; ++i) (*this)[i] = std::move((*this)[i + 1]);
            (*this)[--size_] = T{};
            return true;
        }
        return false;
    }

private:
    static constexpr std::size_t KEPT = 16;

    // The number of slots is always a power of two.
    std::size_t wrap(std::size_t index) const noexcept { return index & (slots_.size() - 1); }
    void grow() {
        std::vector<T> larger(slots_.empty() ? 2 : slots_.size() * 2);
        for (std::size_t i = 0; i < size_; ++i) larger[i] = std::move((*this)[i]);
        slots_.swap(larger);
        head_ = 0;
    }

    std::vector<T> slots_;
    std::size_t head_ = 0;
    std::size_t size_ = 0;
};

}  // namespace chanx::layer
