// Intrusive reference counting: one word in the object, no control block, and a message shared by thousands
// of channels takes all its references in one atomic operation.
#pragma once

#include <atomic>
#include <utility>

namespace chanx {

class ref_counted {
public:
    ref_counted() = default;
    ref_counted(const ref_counted&) = delete;
    ref_counted& operator=(const ref_counted&) = delete;

    void retain(long count = 1) const noexcept { count_.fetch_add(count, std::memory_order_relaxed); }
    void release() const noexcept {
        if (count_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }
    long use_count() const noexcept { return count_.load(std::memory_order_acquire); }

protected:
    virtual ~ref_counted() = default;

private:
    mutable std::atomic<long> count_{0};
};

template <class T>
class ref {
public:
    ref() = default;
    explicit ref(T* object) noexcept : object_(object) {
        if (object_) object_->retain();
    }
    // Takes over a reference that the caller already counted.
    static ref adopt(T* object) noexcept {
        ref result;
        result.object_ = object;
        return result;
    }
    ref(const ref& other) noexcept : ref(other.object_) {}
    ref(ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    template <class U>
    ref(ref<U> other) noexcept : object_(other.detach()) {}
    ref& operator=(ref other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    ~ref() {
        if (object_) object_->release();
    }

    T* get() const noexcept { return object_; }
    T* operator->() const noexcept { return object_; }
    T& operator*() const noexcept { return *object_; }
    explicit operator bool() const noexcept { return object_ != nullptr; }
    // Gives the reference up without releasing it.
    T* detach() noexcept { return std::exchange(object_, nullptr); }

private:
    T* object_ = nullptr;
};

}  // namespace chanx
