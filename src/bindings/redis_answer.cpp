#include "bindings/redis_answer.hpp"

#include "bindings/awaitable.hpp"
#include "bindings/python_message.hpp"
#include "bindings/redis_support.hpp"

namespace py = pybind11;

namespace chanx::bindings {
namespace {

struct answer_op : awaitable {
    redis::failure why;
    // Until the first step of one that begins then.
    redis_answer::begin_function begin;
    PyObject* layer;
    PyObject* target;
    PyObject* content;
};

PyTypeObject* op_type = nullptr;

answer_op* as_op(awaitable* self) { return static_cast<answer_op*>(self); }
answer_op* as_op(PyObject* self) { return as_op(reinterpret_cast<awaitable*>(self)); }

void forget_call(answer_op* op) {
    Py_CLEAR(op->layer);
    Py_CLEAR(op->target);
    Py_CLEAR(op->content);
}

// The first step. False with the Python error set.
bool begin(answer_op* op) {
    op->at = stage::finished;
    event_loop* const loop = event_loop::running();
    if (!loop) return false;
    op->queue = ref(loop);
    try {
        const auto answer = redis_answer::of(*loop, reinterpret_cast<PyObject*>(op));
        op->at = stage::waiting;
        op->begin(op->layer, op->target, op->content, answer);
        forget_call(op);
        return true;
    } catch (py::error_already_set& error) {
        error.restore();
    } catch (const py::builtin_exception& error) {
        error.set_error();
    } catch (const std::exception& error) {
        PyErr_SetString(PyExc_RuntimeError, error.what());
    }
    op->at = stage::finished;
    return false;
}

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
        case stage::fresh: return begin(as_op(self)) ? block_task(self, result) : PYGEN_ERROR;
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
    forget_call(as_op(self));
    std::destroy_at(&as_op(self)->why);
    type->tp_free(self);
    Py_DECREF(type);
}

int op_traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(as_op(self)->layer);
    Py_VISIT(as_op(self)->target);
    Py_VISIT(as_op(self)->content);
    return traverse_awaitable(self, visit, arg);
}

answer_op* new_op(stage at) {
    auto* const op = PyObject_GC_New(answer_op, op_type);
    if (!op) throw py::error_already_set();
    begin_awaitable(op, ANSWER, at);
    std::construct_at(&op->why);
    op->layer = op->target = op->content = nullptr;
    return op;
}

}  // namespace

redis_answer::redis_answer(event_loop& loop, PyObject* operation) noexcept
    : loop_(&loop), operation_(operation) {}

redis_answer::~redis_answer() { release_later(operation_); }

ref<redis_answer> redis_answer::make(event_loop& loop) {
    auto* const op = new_op(stage::waiting);
    op->queue = ref(&loop);
    PyObject_GC_Track(op);
    return ref(new redis_answer(loop, reinterpret_cast<PyObject*>(op)));
}

ref<redis_answer> redis_answer::of(event_loop& loop, PyObject* operation) {
    return ref(new redis_answer(loop, Py_NewRef(operation)));
}

py::object redis_answer::later(begin_function begin, py::object layer, py::object target,
                               py::object message) {
    auto* const op = new_op(stage::fresh);
    op->begin = begin;
    op->layer = layer.release().ptr();
    op->target = target.release().ptr();
    op->content = message.release().ptr();
    PyObject_GC_Track(op);
    return py::reinterpret_steal<py::object>(reinterpret_cast<PyObject*>(op));
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
                                  sizeof(answer_op), op_send, op_dealloc, op_traverse);
}

}  // namespace chanx::bindings
