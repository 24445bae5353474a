// The answer of Redis to a call that a task awaits: the I/O thread posts it to the task's loop, whose drain
// makes the task go on.
#pragma once

#include <pybind11/pybind11.h>

#include "bindings/event_loop.hpp"
#include "core/redis/failure.hpp"

namespace chanx::bindings {

class redis_answer final : public completion {
public:
    // Asks Redis; the answer goes to the last argument. May throw, as bindings do.
    using begin_function = void (*)(pybind11::handle layer, pybind11::handle target, pybind11::handle message,
                                    const ref<redis_answer>& answer);

    // An answer for a task of this loop.
    static ref<redis_answer> make(event_loop& loop);
    // What to await of a call that begins with its first step, as that of a coroutine does: one object in the
    // place of a coroutine and the answer, for the garbage collector walks all that wait.
    static pybind11::object later(begin_function begin, pybind11::object layer, pybind11::object target,
                                  pybind11::object message);
    // The answer that an operation of later() waits for.
    static ref<redis_answer> of(event_loop& loop, PyObject* operation);
    // What the task awaits: None, or the failure as an exception. To be asked for before resolve().
    pybind11::object to_await() const;

    event_loop* loop() const noexcept { return loop_.get(); }

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
