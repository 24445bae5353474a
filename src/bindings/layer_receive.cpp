// The awaitable that receive() returns: a coroutine to asyncio (it can be made a Task), and, while it waits,
// the future-like object that the Task blocks on. A drain completes it by calling the Task's own wake-up at
// once, in the Task's context, instead of scheduling a callback for each delivery.
//
// A message belongs to this object only from deliver() until the Task, stepped within that same call, takes
// it. A Task that is cancelled instead throws into it, and the message becomes the first of its channel
// again.
#include "bindings/event_loop.hpp"
#include "bindings/layer_core.hpp"
// After Python.h
#include <structmember.h>

namespace chanx::bindings {
namespace {

enum class stage { fresh, waiting, done, cancelled, finished };

struct receive_op;

class op_sink final : public layer::sink {
public:
    explicit op_sink(receive_op* op) noexcept : op_(op) {}
    completion_queue& loop() noexcept override { return *queue; }
    bool persistent() const noexcept override { return false; }
    layer::delivery deliver(ref<layer::message> item) noexcept override;
    void detached() noexcept override;

    ref<event_loop> queue;

private:
    receive_op* op_;
};

struct receive_head {
    PyObject_HEAD PyObject* owner;  // the Python object that owns core
    layer_core* core;
    PyObject* name;
    PyObject* callback;  // the Task's wake-up
    PyObject* context;
    PyObject* result;
    PyObject* message;  // given to cancel()
    PyObject* weakrefs;
    stage at;
    bool blocking;
};

struct receive_op : receive_head {
    op_sink sink;
    ref<layer::channel_table> table;  // these three from the first step on
    ref<layer::channel> from;
    ref<layer::message> item;
};

PyTypeObject* op_type = nullptr;
PyTypeObject* receiver_type = nullptr;
PyObject* blocking_name = nullptr;  // "_asyncio_future_blocking", interned

receive_op* as_op(PyObject* self) { return reinterpret_cast<receive_op*>(self); }

void call_back(receive_op* op) {
    PyObject* const callback = std::exchange(op->callback, nullptr);
    PyObject* const context = std::exchange(op->context, nullptr);
    if (!callback) return;  // nobody waits yet: the message is taken on the next step
    PyObject* done = nullptr;
    if (!context || PyContext_Enter(context) == 0) {
        done = PyObject_CallOneArg(callback, reinterpret_cast<PyObject*>(op));
        if (context && PyContext_Exit(context) < 0) Py_CLEAR(done);
    }
    Py_DECREF(callback);
    Py_XDECREF(context);
    if (done) {
        Py_DECREF(done);
    } else if (PyErr_ExceptionMatches(PyExc_Exception)) {
        PyErr_WriteUnraisable(reinterpret_cast<PyObject*>(op));
    } else {
        op->sink.queue->raise_from_drain();
    }
}

layer::delivery op_sink::deliver(ref<layer::message> item) noexcept {
    PyObject* const value = op_->core->decode(*item);
    if (!value) {
        PyErr_Clear();  // decode() has logged it
        return layer::delivery::set_aside;
    }
    op_->result = value;
    op_->item = std::move(item);
    op_->at = stage::done;
    call_back(op_);
    Py_DECREF(op_);  // the table's
    return layer::delivery::taken;
}

void op_sink::detached() noexcept {
    // As if nothing ever came: the Task waits until it is cancelled.
    Py_DECREF(op_);
}

// Gives a message that nobody took back to its channel.
void give_back(receive_op* op) {
    if (op->at != stage::done) return;
    op->at = stage::finished;
    PyObject* const value = std::exchange(op->result, nullptr);
    op->core->restore(*op->item, value);
    Py_DECREF(value);
    op->table->put_back(*op->from, std::move(op->item));
}

bool stop_waiting(receive_op* op) {
    if (op->at != stage::waiting) return false;
    if (op->table->cancel(*op->from, op->sink, steady::now())) Py_DECREF(op);  // the table's
    return true;
}

PyObject* take_result(receive_op* op) {
    op->at = stage::finished;
    op->item = {};
    return std::exchange(op->result, nullptr);
}

// The first step: a message that is already there is returned without a future.
PySendResult start(receive_op* op, PyObject** result) {
    try {
        auto& table = op->core->table();
        const auto now = steady::now();
        op->from = op->core->source(op->name);
        op->sink.queue = ref(event_loop::running());
        if (!op->sink.queue) return PYGEN_ERROR;
        op->table = ref(&table);
        // A reader that never runs dry must not keep its loop from everything else.
        const bool pause = op->sink.queue->breathe();
        if (!pause) {
            while (auto item = table.receive(*op->from, nullptr, op->sink.queue.get(), now)) {
                *result = op->core->decode(*item);
                if (*result) {
                    op->at = stage::finished;
                    return PYGEN_RETURN;
                }
                PyErr_Clear();  // decode() has logged it
                table.set_aside();
            }
        }
        Py_INCREF(op);  // the table's
        op->at = stage::waiting;
        if (auto item = table.receive(*op->from, &op->sink, op->sink.queue.get(), now)) {
            // Only after `pause`, or when another thread was quick: the loop gets its turn first.
            op->at = stage::fresh;
            Py_DECREF(op);
            table.put_back(*op->from, std::move(item));
            op->sink.queue->new_streak();
            *result = Py_NewRef(Py_None);
            return PYGEN_NEXT;
        }
        op->blocking = true;
        *result = Py_NewRef(reinterpret_cast<PyObject*>(op));
        return PYGEN_NEXT;
    } catch (py::error_already_set& error) {
        error.restore();
    } catch (py::builtin_exception& error) {
        error.set_error();
    } catch (const std::exception& error) {
        PyErr_SetString(PyExc_RuntimeError, error.what());
    }
    return PYGEN_ERROR;
}

PySendResult op_send(PyObject* self, PyObject*, PyObject** result) {
    receive_op* op = as_op(self);
    *result = nullptr;
    switch (op->at) {
        case stage::fresh: return start(op, result);
        case stage::done: *result = take_result(op); return PYGEN_RETURN;
        case stage::waiting:
            PyErr_SetString(PyExc_RuntimeError, "receive() was resumed before a message came");
            break;
        case stage::cancelled: PyErr_SetString(PyExc_RuntimeError, "receive() was cancelled"); break;
        case stage::finished:
            PyErr_SetString(PyExc_RuntimeError, "cannot reuse already awaited receive()");
            break;
    }
    return PYGEN_ERROR;
}

PyObject* op_send_method(PyObject* self, PyObject* value) {
    PyObject* result = nullptr;
    switch (op_send(self, value, &result)) {
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

PyObject* op_next(PyObject* self) { return op_send_method(self, Py_None); }

// throw(type[, value[, traceback]])
PyObject* op_throw(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
    receive_op* op = as_op(self);
    if (count < 1) {
        PyErr_SetString(PyExc_TypeError, "throw() takes an exception");
        return nullptr;
    }
    if (stop_waiting(op)) op->at = stage::finished;
    give_back(op);
    op->at = stage::finished;
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

PyObject* op_close(PyObject* self, PyObject*) {
    receive_op* op = as_op(self);
    stop_waiting(op);
    give_back(op);
    op->at = stage::finished;
    Py_RETURN_NONE;
}

// cancel(msg=None), as the Task calls it on what it waits for.
PyObject* op_cancel(PyObject* self, PyObject* const* arguments, Py_ssize_t count, PyObject* keywords) {
    receive_op* op = as_op(self);
    const Py_ssize_t total = count + (keywords ? PyTuple_GET_SIZE(keywords) : 0);
    if (!stop_waiting(op)) Py_RETURN_FALSE;
    op->at = stage::cancelled;
    if (total > 0) Py_XSETREF(op->message, Py_NewRef(arguments[0]));
    PyObject* const callback = std::exchange(op->callback, nullptr);
    PyObject* const context = std::exchange(op->context, nullptr);
    if (callback) {
        static PyObject* const name = PyUnicode_InternFromString("call_soon");
        static PyObject* const with_context = Py_BuildValue("(s)", "context");
        PyObject* call[] = {op->sink.queue->python_loop(), callback, self, context};
        PyObject* const done = PyObject_VectorcallMethod(name, call, 3 | PY_VECTORCALL_ARGUMENTS_OFFSET,
                                                         context ? with_context : nullptr);
        Py_DECREF(callback);
        Py_XDECREF(context);
        if (!done) return nullptr;
        Py_DECREF(done);
    }
    Py_RETURN_TRUE;
}

PyObject* op_result(PyObject* self, PyObject*) {
    receive_op* op = as_op(self);
    if (op->at != stage::cancelled) Py_RETURN_NONE;
    static PyObject* const type =
        py::module_::import("asyncio").attr("CancelledError").cast<py::object>().release().ptr();
    PyObject* const error = op->message && op->message != Py_None ? PyObject_CallOneArg(type, op->message)
                                                                  : PyObject_CallNoArgs(type);
    if (error) {
        PyErr_SetObject(type, error);
        Py_DECREF(error);
    }
    return nullptr;
}

// add_done_callback(callback, *, context=None)
PyObject* op_add_done_callback(PyObject* self, PyObject* const* arguments, Py_ssize_t count,
                               PyObject* keywords) {
    receive_op* op = as_op(self);
    if (count != 1) {
        PyErr_SetString(PyExc_TypeError, "add_done_callback() takes one callback");
        return nullptr;
    }
    PyObject* const context = keywords && PyTuple_GET_SIZE(keywords) == 1 ? arguments[1] : Py_None;
    Py_XSETREF(op->callback, Py_NewRef(arguments[0]));
    Py_XSETREF(op->context, context == Py_None ? nullptr : Py_NewRef(context));
    Py_RETURN_NONE;
}

PyObject* op_get_loop(PyObject* self, PyObject*) {
    receive_op* op = as_op(self);
    if (!op->sink.queue) Py_RETURN_NONE;
    return Py_NewRef(op->sink.queue->python_loop());
}

PyObject* op_done(PyObject* self, PyObject*) {
    const stage at = as_op(self)->at;
    return PyBool_FromLong(at != stage::fresh && at != stage::waiting);
}

// The attribute that makes an object a future exists on instances only: asyncio.isfuture() asks the class,
// and must say no, since this object has to be started as a coroutine.
PyObject* op_getattro(PyObject* self, PyObject* name) {
    if (name == blocking_name) return PyBool_FromLong(as_op(self)->blocking);
    return PyObject_GenericGetAttr(self, name);
}

int op_setattro(PyObject* self, PyObject* name, PyObject* value) {
    if (name == blocking_name && value) {
        as_op(self)->blocking = value == Py_True;
        return 0;
    }
    return PyObject_GenericSetAttr(self, name, value);
}

int op_traverse(PyObject* self, visitproc visit, void* arg) {
    receive_op* op = as_op(self);
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(op->owner);
    Py_VISIT(op->callback);
    Py_VISIT(op->context);
    Py_VISIT(op->result);
    Py_VISIT(op->message);
    return 0;
}

int op_clear(PyObject* self) {
    receive_op* op = as_op(self);
    Py_CLEAR(op->callback);
    Py_CLEAR(op->context);
    Py_CLEAR(op->message);
    return 0;
}

void op_dealloc(PyObject* self) {
    receive_op* op = as_op(self);
    PyTypeObject* const type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    if (op->weakrefs) PyObject_ClearWeakRefs(self);
    give_back(op);
    op_clear(self);
    Py_CLEAR(op->result);
    Py_CLEAR(op->name);
    std::destroy_at(&op->sink);
    std::destroy_at(&op->table);
    std::destroy_at(&op->from);
    std::destroy_at(&op->item);
    Py_CLEAR(op->owner);
    type->tp_free(self);
    Py_DECREF(type);
}

PyMethodDef op_methods[] = {
    {"send", op_send_method, METH_O, nullptr},
    {"throw", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(op_throw)), METH_FASTCALL, nullptr},
    {"close", op_close, METH_NOARGS, nullptr},
    {"cancel", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(op_cancel)),
     METH_FASTCALL | METH_KEYWORDS, nullptr},
    {"result", op_result, METH_NOARGS, nullptr},
    {"done", op_done, METH_NOARGS, nullptr},
    {"get_loop", op_get_loop, METH_NOARGS, nullptr},
    {"add_done_callback", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(op_add_done_callback)),
     METH_FASTCALL | METH_KEYWORDS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyMemberDef op_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(receive_head, weakrefs), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

PyType_Slot op_slots[] = {
    {Py_tp_doc, const_cast<char*>("The next message of a channel, awaited once.")},
    {Py_tp_dealloc, reinterpret_cast<void*>(op_dealloc)},
    {Py_tp_traverse, reinterpret_cast<void*>(op_traverse)},
    {Py_tp_clear, reinterpret_cast<void*>(op_clear)},
    {Py_tp_getattro, reinterpret_cast<void*>(op_getattro)},
    {Py_tp_setattro, reinterpret_cast<void*>(op_setattro)},
    {Py_tp_iter, reinterpret_cast<void*>(PyObject_SelfIter)},
    {Py_tp_iternext, reinterpret_cast<void*>(op_next)},
    {Py_am_await, reinterpret_cast<void*>(PyObject_SelfIter)},
    {Py_am_send, reinterpret_cast<void*>(op_send)},
    {Py_tp_methods, op_methods},
    {Py_tp_members, op_members},
    {0, nullptr},
};

PyType_Spec op_spec{"chanx._core.ReceiveOperation", sizeof(receive_op), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION, op_slots};

struct receiver {
    PyObject_HEAD vectorcallfunc call;
    PyObject* owner;
    layer_core* core;
};

PyObject* receiver_call(PyObject* self, PyObject* const* arguments, std::size_t flags, PyObject* keywords) {
    if (PyVectorcall_NARGS(flags) != 1 || keywords) {
        PyErr_SetString(PyExc_TypeError, "receive() takes a channel name");
        return nullptr;
    }
    const auto* from = reinterpret_cast<receiver*>(self);
    auto* op = PyObject_GC_New(receive_op, op_type);
    if (!op) return nullptr;
    op->owner = Py_NewRef(from->owner);
    op->core = from->core;
    op->name = Py_NewRef(arguments[0]);
    op->callback = op->context = op->result = op->message = op->weakrefs = nullptr;
    op->at = stage::fresh;
    op->blocking = false;
    std::construct_at(&op->sink, op);
    std::construct_at(&op->table);
    std::construct_at(&op->from);
    std::construct_at(&op->item);
    PyObject_GC_Track(op);
    return reinterpret_cast<PyObject*>(op);
}

int receiver_traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(reinterpret_cast<receiver*>(self)->owner);
    return 0;
}

void receiver_dealloc(PyObject* self) {
    PyTypeObject* const type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_CLEAR(reinterpret_cast<receiver*>(self)->owner);
    type->tp_free(self);
    Py_DECREF(type);
}

PyMemberDef receiver_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(receiver, call), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

PyType_Slot receiver_slots[] = {
    {Py_tp_doc, const_cast<char*>("Starts receiving from a channel of one layer.")},
    {Py_tp_dealloc, reinterpret_cast<void*>(receiver_dealloc)},
    {Py_tp_traverse, reinterpret_cast<void*>(receiver_traverse)},
    {Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
    {Py_tp_members, receiver_members},
    {0, nullptr},
};

PyType_Spec receiver_spec{
    "chanx._core.Receiver", sizeof(receiver), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    receiver_slots};

}  // namespace

py::object make_receiver(py::object owner, layer_core& core) {
    auto* made = PyObject_GC_New(receiver, receiver_type);
    if (!made) throw py::error_already_set();
    made->call = receiver_call;
    made->owner = owner.release().ptr();
    made->core = &core;
    PyObject_GC_Track(made);
    return py::reinterpret_steal<py::object>(reinterpret_cast<PyObject*>(made));
}

void init_receive(py::module_& module) {
    blocking_name = PyUnicode_InternFromString("_asyncio_future_blocking");
    op_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&op_spec));
    receiver_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&receiver_spec));
    if (!op_type || !receiver_type) throw py::error_already_set();
    module.add_object("ReceiveOperation",
                      py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject*>(op_type)));
}

}  // namespace chanx::bindings
