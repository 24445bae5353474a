// The awaitable that receive() returns.
//
// A message belongs to this object only from deliver() until the Task, stepped within that same call, takes
// it. A Task that is cancelled instead throws into it, and the message becomes the first of its channel
// again.
#include "bindings/awaitable.hpp"
#include "bindings/layer_core.hpp"
// After Python.h
#include <structmember.h>

namespace chanx::bindings {
namespace {

struct receive_op;

class op_sink final : public layer::sink {
public:
    explicit op_sink(receive_op* op) noexcept : op_(op) {}
    completion_queue& loop() noexcept override;
    bool persistent() const noexcept override { return false; }
    layer::delivery deliver(ref<layer::message> item) noexcept override;
    void detached() noexcept override;

private:
    receive_op* op_;
};

struct receive_op : awaitable {
    PyObject* owner;  // the Python object that owns core
    layer_core* core;
    PyObject* name;
    PyObject* result;
    op_sink sink;
    ref<layer::channel_table> table;  // these three from the first step on
    ref<layer::channel> from;
    ref<layer::message> item;
};

PyTypeObject* op_type = nullptr;
PyTypeObject* receiver_type = nullptr;

receive_op* as_op(awaitable* self) { return static_cast<receive_op*>(self); }
receive_op* as_op(PyObject* self) { return as_op(reinterpret_cast<awaitable*>(self)); }

completion_queue& op_sink::loop() noexcept { return *op_->queue; }

layer::delivery op_sink::deliver(ref<layer::message> item) noexcept {
    PyObject* const value = op_->core->decode(*item);
    if (!value) {
        PyErr_Clear();  // decode() has logged it
        return layer::delivery::set_aside;
    }
    op_->result = value;
    op_->item = std::move(item);
    op_->at = stage::done;
    wake_task(op_);
    Py_DECREF(op_);  // the table's
    return layer::delivery::taken;
}

void op_sink::detached() noexcept {
    // As if nothing ever came: the Task waits until it is cancelled.
    Py_DECREF(op_);
}

// Gives a message that nobody took back to its channel.
void give_back(awaitable* self) {
    receive_op* const op = as_op(self);
    if (op->at != stage::done) return;
    op->at = stage::finished;
    PyObject* const value = std::exchange(op->result, nullptr);
    op->core->restore(*op->item, value);
    Py_DECREF(value);
    op->table->put_back(*op->from, std::move(op->item));
}

bool stop_waiting(awaitable* self) {
    receive_op* const op = as_op(self);
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
        op->queue = ref(event_loop::running());
        if (!op->queue) return PYGEN_ERROR;
        op->table = ref(&table);
        // A reader that never runs dry must not keep its loop from everything else.
        const bool pause = op->queue->breathe();
        Py_INCREF(op);  // the table's
        op->at = stage::waiting;
        while (auto item = table.receive(*op->from, &op->sink, op->queue.get(), now)) {
            if (pause) {
                op->at = stage::fresh;
                Py_DECREF(op);
                table.put_back(*op->from, std::move(item));
                op->queue->new_streak();
                *result = Py_NewRef(Py_None);
                return PYGEN_NEXT;
            }
            *result = op->core->decode(*item);
            if (*result) {
                op->at = stage::finished;
                Py_DECREF(op);
                return PYGEN_RETURN;
            }
            PyErr_Clear();  // decode() has logged it
            table.set_aside();
        }
        return block_task(op, result);
    } catch (py::error_already_set& error) {
        error.restore();
    } catch (py::builtin_exception& error) {
        error.set_error();
    } catch (const std::exception& error) {
        PyErr_SetString(PyExc_RuntimeError, error.what());
    }
    return PYGEN_ERROR;
}

PySendResult step(awaitable* self, PyObject** result) {
    receive_op* const op = as_op(self);
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

PySendResult op_send(PyObject* self, PyObject*, PyObject** result) { return step(as_op(self), result); }

constexpr awaitable_traits RECEIVE{step, stop_waiting, give_back};

int op_traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(as_op(self)->owner);
    Py_VISIT(as_op(self)->result);
    return traverse_awaitable(self, visit, arg);
}

void op_dealloc(PyObject* self) {
    receive_op* op = as_op(self);
    PyTypeObject* const type = Py_TYPE(self);
    end_awaitable(op);
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
    begin_awaitable(op, RECEIVE, stage::fresh);
    op->owner = Py_NewRef(from->owner);
    op->core = from->core;
    op->name = Py_NewRef(arguments[0]);
    op->result = nullptr;
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
    op_type =
        make_awaitable_type("chanx._core.ReceiveOperation", "The next message of a channel, awaited once.",
                            sizeof(receive_op), op_send, op_dealloc, op_traverse);
    receiver_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&receiver_spec));
    if (!receiver_type) throw py::error_already_set();
    module.add_object("ReceiveOperation",
                      py::reinterpret_borrow<py::object>(reinterpret_cast<PyObject*>(op_type)));
}

}  // namespace chanx::bindings
