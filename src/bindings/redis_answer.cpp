#include "bindings/redis_answer.hpp"

#include "bindings/awaitable.hpp"
#include "bindings/python_message.hpp"
#include "bindings/redis_support.hpp"

namespace py = pybind11;

namespace chanx::bindings {
namespace {

struct answer_op : awaitable {
    redis::failure why;
};

PyTypeObject* op_type = nullptr;

answer_op* as_op(awaitable* self) { return static_cast<answer_op*>(self); }
answer_op* as_op(PyObject* self) { return as_op(reinterpret_cast<awaitable*>(self)); }

PySendResult step(awaitable* self, PyObject** result) {
    *result = nullptr;
    switch (self->at) {
        case stage::waiting:
            if (!self->callback) return block_task(self, result);
            PyErr_SetString(PyExc_RuntimeError, "a call was resumed before Redis answered");
            return PYGEN_ERROR;
        case stage::done:
            self->at = stage::finished;
            if (as_op(self)->why) {
                set_redis_error(as_op(self)->why);
                return PYGEN_ERROR;
            }
            *result = Py_NewRef(Py_None);
            return PYGEN_RETURN;
        case stage::cancelled: PyErr_SetString(PyExc_RuntimeError, "the call was cancelled"); break;
        case stage::fresh:
        case stage::finished: PyErr_SetString(PyExc_RuntimeError, "cannot reuse an awaited call"); break;
    }
    return PYGEN_ERROR;
}

PySendResult op_send(PyObject* self, PyObject*, PyObject** result) { return step(as_op(self), result); }

// The answer still comes, and finds nobody.
bool withdraw(awaitable* self) { return self->at == stage::waiting; }

void give_back(awaitable*) {}

constexpr awaitable_traits ANSWER{step, withdraw, give_back};

void op_dealloc(PyObject* self) {
    PyTypeObject* const type = Py_TYPE(self);
    end_awaitable(as_op(self));
    std::destroy_at(&as_op(self)->why);
    type->tp_free(self);
    Py_DECREF(type);
}

}  // namespace

redis_answer::redis_answer(event_loop& loop, PyObject* operation) noexcept
    : loop_(&loop), operation_(operation) {}

redis_answer::~redis_answer() { release_later(operation_); }

ref<redis_answer> redis_answer::make(event_loop& loop) {
    auto* const op = PyObject_GC_New(answer_op, op_type);
    if (!op) throw py::error_already_set();
    begin_awaitable(op, ANSWER, stage::waiting);
    std::construct_at(&op->why);
    op->queue = ref(&loop);
    PyObject_GC_Track(op);
    return ref(new redis_answer(loop, reinterpret_cast<PyObject*>(op)));
}

py::object redis_answer::to_await() const { return py::reinterpret_borrow<py::object>(operation_); }

void redis_answer::resolve(redis::failure why) {
    why_ = std::move(why);
    if (loop_->post(ref<completion>(this))) loop_->wake();
}

bool redis_answer::run(completion_queue&, drain_budget&) {
    PyObject* const operation = std::exchange(operation_, nullptr);
    answer_op* const op = as_op(operation);
    if (op->at == stage::waiting) {
        op->why = std::move(why_);
        op->at = stage::done;
        wake_task(op);
    }
    Py_DECREF(operation);
    return true;
}

void init_answers() {
    op_type = make_awaitable_type("chanx._core.RedisAnswer", "The answer of Redis to a call, awaited once.",
                                  sizeof(answer_op), op_send, op_dealloc, traverse_awaitable);
}

}  // namespace chanx::bindings
