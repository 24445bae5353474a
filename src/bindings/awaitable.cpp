#include "bindings/awaitable.hpp"
// After Python.h
#include <structmember.h>

namespace py = pybind11;

namespace chanx::bindings {
namespace {

PyObject* blocking_name() {
    static PyObject* const name = PyUnicode_InternFromString("_asyncio_future_blocking");
    return name;
}

awaitable* of(PyObject* self) { return reinterpret_cast<awaitable*>(self); }

PyObject* send_method(PyObject* self, PyObject*) {
    PyObject* result = nullptr;
    switch (of(self)->traits->step(of(self), &result)) {
        case PYGEN_NEXT: return result;
        case PYGEN_RETURN: {
            PyObject* const stop = PyObject_CallOneArg(PyExc_StopIteration, result);
            Py_DECREF(result);
            if (stop) {
                PyErr_SetObject(PyExc_StopIteration, stop);
                Py_DECREF(stop);
            }
            return nullptr;
        }
        case PYGEN_ERROR: break;
    }
    return nullptr;
}

PyObject* next(PyObject* self) { return send_method(self, Py_None); }

void finish(awaitable* self) {
    if (self->traits->withdraw(self)) self->at = stage::finished;
    self->traits->give_back(self);
    self->at = stage::finished;
}

// throw(type[, value[, traceback]])
PyObject* throw_method(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
    if (count < 1) {
        PyErr_SetString(PyExc_TypeError, "throw() takes an exception");
        return nullptr;
    }
    finish(of(self));
    if (PyExceptionInstance_Check(arguments[0])) {
        PyErr_SetObject(PyExceptionInstance_Class(arguments[0]), arguments[0]);
    } else if (PyExceptionClass_Check(arguments[0])) {
        PyErr_SetObject(arguments[0], count > 1 ? arguments[1] : nullptr);
    } else {
        PyErr_SetString(PyExc_TypeError,
                        "exceptions must be classes or instances deriving from BaseException");
    }
    return nullptr;
}

PyObject* close_method(PyObject* self, PyObject*) {
    finish(of(self));
    Py_RETURN_NONE;
}

// cancel(msg=None), as the Task calls it on what it waits for.
PyObject* cancel_method(PyObject* object, PyObject* const* arguments, Py_ssize_t count, PyObject* keywords) {
    awaitable* const self = of(object);
    const Py_ssize_t total = count + (keywords ? PyTuple_GET_SIZE(keywords) : 0);
    if (!self->traits->withdraw(self)) Py_RETURN_FALSE;
    self->at = stage::cancelled;
    if (total > 0) Py_XSETREF(self->message, Py_NewRef(arguments[0]));
    PyObject* const callback = std::exchange(self->callback, nullptr);
    PyObject* const context = std::exchange(self->context, nullptr);
    if (callback) {
        static PyObject* const name = PyUnicode_InternFromString("call_soon");
        static PyObject* const with_context = Py_BuildValue("(s)", "context");
        PyObject* call[] = {self->queue->python_loop(), callback, object, context};
        PyObject* const done = PyObject_VectorcallMethod(name, call, 3 | PY_VECTORCALL_ARGUMENTS_OFFSET,
                                                         context ? with_context : nullptr);
        Py_DECREF(callback);
        Py_XDECREF(context);
        if (!done) return nullptr;
        Py_DECREF(done);
    }
    Py_RETURN_TRUE;
}

// What came is returned by the next step.
PyObject* result_method(PyObject* self, PyObject*) {
    if (of(self)->at != stage::cancelled) Py_RETURN_NONE;
    static PyObject* const type =
        py::module_::import("asyncio").attr("CancelledError").cast<py::object>().release().ptr();
    PyObject* const message = of(self)->message;
    PyObject* const error =
        message && message != Py_None ? PyObject_CallOneArg(type, message) : PyObject_CallNoArgs(type);
    if (error) {
        PyErr_SetObject(type, error);
        Py_DECREF(error);
    }
    return nullptr;
}

// add_done_callback(callback, *, context=None)
PyObject* add_done_callback_method(PyObject* object, PyObject* const* arguments, Py_ssize_t count,
                                   PyObject* keywords) {
    awaitable* const self = of(object);
    if (count != 1) {
        PyErr_SetString(PyExc_TypeError, "add_done_callback() takes one callback");
        return nullptr;
    }
    PyObject* const context = keywords && PyTuple_GET_SIZE(keywords) == 1 ? arguments[1] : Py_None;
    Py_XSETREF(self->callback, Py_NewRef(arguments[0]));
    Py_XSETREF(self->context, context == Py_None ? nullptr : Py_NewRef(context));
    Py_RETURN_NONE;
}

PyObject* get_loop_method(PyObject* self, PyObject*) {
    if (!of(self)->queue) Py_RETURN_NONE;
    return Py_NewRef(of(self)->queue->python_loop());
}

PyObject* done_method(PyObject* self, PyObject*) {
    const stage at = of(self)->at;
    return PyBool_FromLong(at != stage::fresh && at != stage::waiting);
}

// The attribute that makes an object a future exists on instances only: asyncio.isfuture() asks the class,
// and must say no, since this object has to be started as a coroutine.
PyObject* get_attribute(PyObject* self, PyObject* name) {
    if (name == blocking_name()) return PyBool_FromLong(of(self)->blocking);
    return PyObject_GenericGetAttr(self, name);
}

int set_attribute(PyObject* self, PyObject* name, PyObject* value) {
    if (name == blocking_name() && value) {
        of(self)->blocking = value == Py_True;
        return 0;
    }
    return PyObject_GenericSetAttr(self, name, value);
}

int clear(PyObject* self) {
    Py_CLEAR(of(self)->callback);
    Py_CLEAR(of(self)->context);
    Py_CLEAR(of(self)->message);
    return 0;
}

template <class Function>
PyCFunction as_method(Function* function) {
    return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

PyMethodDef methods[] = {
    {"send", send_method, METH_O, nullptr},
    {"throw", as_method(throw_method), METH_FASTCALL, nullptr},
    {"close", close_method, METH_NOARGS, nullptr},
    {"cancel", as_method(cancel_method), METH_FASTCALL | METH_KEYWORDS, nullptr},
    {"result", result_method, METH_NOARGS, nullptr},
    {"done", done_method, METH_NOARGS, nullptr},
    {"get_loop", get_loop_method, METH_NOARGS, nullptr},
    {"add_done_callback", as_method(add_done_callback_method), METH_FASTCALL | METH_KEYWORDS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyMemberDef members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(awaitable, weakrefs), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

}  // namespace

PyTypeObject* make_awaitable_type(const char* name, const char* doc, int size, sendfunc send,
                                  destructor dealloc, traverseproc traverse) {
    PyType_Slot slots[] = {
        {Py_tp_doc, const_cast<char*>(doc)},
        {Py_tp_dealloc, reinterpret_cast<void*>(dealloc)},
        {Py_tp_traverse, reinterpret_cast<void*>(traverse)},
        {Py_tp_clear, reinterpret_cast<void*>(clear)},
        {Py_tp_getattro, reinterpret_cast<void*>(get_attribute)},
        {Py_tp_setattro, reinterpret_cast<void*>(set_attribute)},
        {Py_tp_iter, reinterpret_cast<void*>(PyObject_SelfIter)},
        {Py_tp_iternext, reinterpret_cast<void*>(next)},
        {Py_am_await, reinterpret_cast<void*>(PyObject_SelfIter)},
        {Py_am_send, reinterpret_cast<void*>(send)},
        {Py_tp_methods, methods},
        {Py_tp_members, members},
        {0, nullptr},
    };
    PyType_Spec spec{name, size, 0,
                     Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
    auto* const made = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
    if (!made) throw py::error_already_set();
    return made;
}

void begin_awaitable(awaitable* self, const awaitable_traits& traits, stage at) {
    self->traits = &traits;
    self->callback = self->context = self->message = self->weakrefs = nullptr;
    std::construct_at(&self->queue);
    self->at = at;
    self->blocking = false;
}

void end_awaitable(awaitable* self) {
    auto* const object = reinterpret_cast<PyObject*>(self);
    PyObject_GC_UnTrack(object);
    if (self->weakrefs) PyObject_ClearWeakRefs(object);
    self->traits->give_back(self);
    clear(object);
    std::destroy_at(&self->queue);
}

int traverse_awaitable(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(of(self)->callback);
    Py_VISIT(of(self)->context);
    Py_VISIT(of(self)->message);
    return 0;
}

void wake_task(awaitable* self) {
    PyObject* const callback = std::exchange(self->callback, nullptr);
    PyObject* const context = std::exchange(self->context, nullptr);
    if (!callback) return;  // nobody waits yet: what came is taken on the next step
    PyObject* done = nullptr;
    if (!context || PyContext_Enter(context) == 0) {
        done = PyObject_CallOneArg(callback, reinterpret_cast<PyObject*>(self));
        if (context && PyContext_Exit(context) < 0) Py_CLEAR(done);
    }
    Py_DECREF(callback);
    Py_XDECREF(context);
    if (done) {
        Py_DECREF(done);
    } else if (PyErr_ExceptionMatches(PyExc_Exception)) {
        PyErr_WriteUnraisable(reinterpret_cast<PyObject*>(self));
    } else {
        self->queue->raise_from_drain();
    }
}

PySendResult block_task(awaitable* self, PyObject** result) {
    self->blocking = true;
    *result = Py_NewRef(reinterpret_cast<PyObject*>(self));
    return PYGEN_NEXT;
}

}  // namespace chanx::bindings
