// The completion queue of one asyncio event loop. The loop watches a descriptor for work posted by other
// threads; work posted by the loop's own thread is scheduled with call_soon, which spares two system calls.
#pragma once

#include <pybind11/pybind11.h>

#include <optional>
#include <utility>
#include <vector>

#include "core/redis/cork.hpp"
#include "core/runtime/completion_queue.hpp"
#include "core/runtime/wakeup.hpp"

namespace chanx::bindings {

class event_loop final : public completion_queue, public redis::cork {
public:
    // The queue of the loop that runs in this thread, made on first use. Null, with a Python error set, when
    // no loop runs or it cannot watch a descriptor. The loop itself owns the reference that keeps the queue
    // alive.
    static event_loop* running() noexcept;

    PyObject* python_loop() const noexcept { return loop_; }  // borrowed; only valid in the loop's own thread
    void wake() noexcept override;
    std::uint64_t turn() const noexcept override { return turns(); }
    // By the loop's own thread, with the GIL.
    bool hold(std::shared_ptr<redis::corked> what) noexcept override;

    // Counts what receive() returned without waiting since the loop last had its turn.
    bool breathe() noexcept {
        const auto turn = turns();
        if (turn != streak_turn_) {
            streak_turn_ = turn;
            streak_ = 0;
        }
        return ++streak_ > STREAK;
    }
    void new_streak() noexcept { streak_ = 0; }

    // Adds an entry (a reference it takes over) to what `deliver` is called with, when the drain ends or the
    // batch is full.
    void collect(PyObject* deliver, PyObject* entry) noexcept;
    // Calls each function with its batch.
    void hand_over() noexcept;
    // How often that happened.
    std::uint64_t hand_overs() const noexcept { return hand_overs_; }
    // A KeyboardInterrupt or SystemExit that a delivery raised (the Python error set now): ends the drain,
    // which hands it to the loop.
    void raise_from_drain();

private:
    static constexpr unsigned STREAK = 1024;
    static constexpr Py_ssize_t BATCH = 256;  // keeps a drain near its budget of time

    explicit event_loop(PyObject* loop);
    static event_loop* make(PyObject* loop) noexcept;
    bool attach();
    static void detach(PyObject* capsule);
    static PyObject* on_readable(PyObject* capsule, PyObject*);
    static PyObject* on_call(PyObject* capsule, PyObject*);
    PyObject* run_drain();
    bool call_soon() noexcept;
    void uncork() noexcept;

    PyObject* loop_;               // borrowed: the loop owns this object, through the callback it watches for
    PyObject* capsule_ = nullptr;  // borrowed likewise
    unsigned long thread_;
    unsigned streak_ = 0;
    std::uint64_t streak_turn_ = 0;
    std::uint64_t hand_overs_ = 0;
    std::vector<std::pair<pybind11::object, pybind11::list>> batches_;  // by the function to call
    std::vector<std::shared_ptr<redis::corked>> corked_;
    std::optional<pybind11::error_already_set> raised_;
    wakeup signal_;
};

}  // namespace chanx::bindings
