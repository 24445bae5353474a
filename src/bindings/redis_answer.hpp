// The answer of Redis to a call that a task awaits: the I/O thread posts it to the task's loop, whose drain
// makes the task go on.
#pragma once

#include <pybind11/pybind11.h>

#include "bindings/event_loop.hpp"
#include "core/redis/failure.hpp"

namespace chanx::bindings {

class redis_answer final : public completion {
public:
    // An answer for a task of this loop.
    static ref<redis_answer> make(event_loop& loop);
    // What the task awaits: None, or the failure as an exception. To be asked for before resolve().
    pybind11::object to_await() const;

    // By any thread, once.
    void resolve(redis::failure why);
    bool run(completion_queue& loop, drain_budget& budget) override;

private:
    redis_answer(event_loop& loop, PyObject* operation) noexcept;
    ~redis_answer() override;

    ref<event_loop> loop_;
    PyObject* operation_;
    redis::failure why_;
};

void init_answers();

}  // namespace chanx::bindings
