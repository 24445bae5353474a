#include "bindings/redis_answer.hpp"

#include "bindings/python_message.hpp"
#include "bindings/redis_support.hpp"

namespace py = pybind11;

namespace chanx::bindings {

redis_answer::redis_answer(ref<event_loop> loop, py::object future) noexcept
    : loop_(std::move(loop)), future_(future.release().ptr()) {}

redis_answer::~redis_answer() { release_later(future_); }

ref<redis_answer> redis_answer::make() {
    auto* const loop = event_loop::running();
    if (!loop) throw py::error_already_set();
    auto future = py::handle(loop->python_loop()).attr("create_future")();
    return ref(new redis_answer(ref(loop), std::move(future)));
}

py::object redis_answer::future() const { return py::reinterpret_borrow<py::object>(future_); }

void redis_answer::resolve(redis::failure why) {
    why_ = std::move(why);
    if (loop_->post(ref<completion>(this))) loop_->wake();
}

bool redis_answer::run(completion_queue&, drain_budget&) {
    try {
        const auto future = py::reinterpret_borrow<py::object>(future_);
        if (future.attr("done")().cast<bool>()) return true;  // its task was cancelled
        if (why_) {
            set_redis_error(why_);
            const py::error_already_set error;
            future.attr("set_exception")(error.value());
        } else {
            future.attr("set_result")(py::none());
        }
    } catch (py::error_already_set& error) {
        error.discard_as_unraisable("chanx: an answer of Redis");
    }
    return true;
}

}  // namespace chanx::bindings
