// The work that waits for one event loop: filled by any thread, drained by the loop's own.
//
// The wake-up fires only when the queue turns non-empty, and is cleared before the queue is swapped out: a
// post that comes in between fires it again, so none is missed. A drain gives the loop back after its budget
// of time.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "core/runtime/clock.hpp"
#include "core/runtime/ref.hpp"

namespace chanx {

class completion_queue;

// How long a drain may still go on. Reading the clock costs as much as a small delivery, so it is read now
// and then.
class drain_budget {
public:
    explicit drain_budget(duration length) noexcept : now_(steady::now()), until_(now_ + length) {}
    time_point now() const noexcept { return now_; }
    // To be asked after each delivery.
    bool spent() noexcept {
        if (++asked_ % 8 == 0) now_ = steady::now();
        return now_ >= until_;
    }

private:
    time_point now_;
    time_point until_;
    unsigned asked_ = 0;
};

class completion : public ref_counted {
public:
    // Runs in the drain of `loop`, with no lock held. False: more is left, run again after the loop had its
    // turn.
    virtual bool run(completion_queue& loop, drain_budget& budget) = 0;
};

class completion_queue : public ref_counted {
public:
    static constexpr std::chrono::milliseconds BUDGET{5};

    // True when the queue turned non-empty: the caller then calls wake(), once it holds no lock.
    bool post(ref<completion> item);
    bool post(std::vector<ref<completion>>& batch);
    // Makes the loop call drain() soon. May be called by any thread that holds no lock of the core.
    virtual void wake() noexcept = 0;
    // The loop has ended: what is posted from now on is dropped.
    void close() noexcept;
    bool closed() const noexcept { return closed_.load(std::memory_order_acquire); }
    // Called by the loop, after it cleared what woke it. True when work is left: the loop has to call drain()
    // again, since no wake-up will tell it to.
    bool drain();
    // Ends the drain that is running after the delivery at hand (an exception is on its way to the loop).
    void interrupt() noexcept { interrupted_ = true; }
    bool interrupted() const noexcept { return interrupted_; }
    // How many drains this loop has begun. "The loop had a turn" means that this number grew.
    std::uint64_t turns() const noexcept { return turns_.load(std::memory_order_relaxed); }

private:
    std::mutex mutex_;
    std::vector<ref<completion>> pending_;
    std::vector<ref<completion>> spare_;  // memory kept from one drain to the next
    std::atomic<bool> closed_{false};
    std::atomic<std::uint64_t> turns_{0};
    bool interrupted_ = false;
};

}  // namespace chanx
