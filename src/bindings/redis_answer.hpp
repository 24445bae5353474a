// The answer of Redis to a call that a task awaits: the I/O thread posts it to the task's loop, whose drain
// completes the asyncio future.
#pragma once

#include <pybind11/pybind11.h>

#include "bindings/event_loop.hpp"
#include "core/redis/failure.hpp"

namespace chanx::bindings {

class redis_answer final : public completion {
public:
    // An answer for the loop that runs now, and the future to await. Throws when none runs.
    static ref<redis_answer> make();
    pybind11::object future() const;

    // By any thread, once.
    void resolve(redis::failure why);
    bool run(completion_queue& loop, drain_budget& budget) override;

private:
    redis_answer(ref<event_loop> loop, pybind11::object future) noexcept;
    ~redis_answer() override;

    ref<event_loop> loop_;
    PyObject* future_;
    redis::failure why_;
};

}  // namespace chanx::bindings
