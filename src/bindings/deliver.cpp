// The deliveries of a batch that only have to be sent: what the consumer's class sends on as it is, with
// nothing that has to come first. Every other one goes the long way, in Python
// (chanx/channels/deliveries.py), whose names and rules these are.
//
// Nothing is remembered from one connection to the next but what the message and the plan of the class decide
// alone.
#include "bindings/callable_type.hpp"
#include "bindings/init.hpp"
#include "bindings/shared_message.hpp"

namespace py = pybind11;

namespace chanx::bindings {
namespace {

struct deliver_object {
    PyObject_HEAD vectorcallfunc vectorcall;
    PyObject* broadcast;  // makes what the connections share of a message
    PyObject* long_way;   // delivers a batch by itself
    PyObject* report;     // hears of an error

    static PyObject* call(PyObject* callable, PyObject* const* args, size_t count, PyObject* keywords);
    static int init(PyObject* object, PyObject* args, PyObject* keywords);
    static int traverse(PyObject* object, visitproc visit, void* arg);
    static int clear(PyObject* object);
};

struct {
    PyObject *consumer, *chanx_plan, *guard, *ended, *worker, *held, *outbox, *direct, *send;
    PyObject *chanx_tasks, *publishers, *channel_name;
    PyObject *is_group_message, *is_event, *excluded, *frame, *event_frame;
    PyObject *group, *case_, *group_completion, *passed_on, *event_completion;
    PyObject *put, *failed, *suspended;
} names;

py::object get(const py::object& from, PyObject* name) {
    return py::reinterpret_steal<py::object>(PyObject_GetAttr(from.ptr(), name));
}

// True for an error that is one connection's trouble; what ends the process goes on to the event loop.
bool is_trouble() noexcept { return PyErr_ExceptionMatches(PyExc_Exception) != 0; }

// Takes the error that is set.
py::object taken_error() {
    const py::error_already_set error;
    if (error.trace()) PyException_SetTraceback(error.value().ptr(), error.trace().ptr());
    return error.value();
}

class batch_delivery {
public:
    explicit batch_delivery(const deliver_object& with) : with_(with) {}

    // False with an error set that ends the process.
    bool deliver(const py::object& entry) {
        const auto connection = py::reinterpret_borrow<py::object>(PyTuple_GET_ITEM(entry.ptr(), 0));
        const auto message = py::reinterpret_borrow<py::object>(PyTuple_GET_ITEM(entry.ptr(), 1));
        py::object outbox;
        switch (way_of(connection, message, outbox)) {
            case way::none: return true;
            case way::direct: return send(outbox);
            case way::queued: return put(outbox, frame_) && (!completion_ || put(outbox, completion_));
            case way::longer: break;
        }
        // An error comes up again there, and is reported.
        if (PyErr_Occurred()) {
            if (!is_trouble()) return false;
            PyErr_Clear();
        }
        previous_ = nullptr;
        const auto pair = py::reinterpret_steal<py::object>(PyList_New(1));
        if (!pair) return false;
        PyList_SET_ITEM(pair.ptr(), 0, Py_NewRef(entry.ptr()));
        return bool(py::reinterpret_steal<py::object>(PyObject_CallOneArg(with_.long_way, pair.ptr())));
    }

private:
    enum class way { none, direct, queued, longer };

    // Leaves an error set, if there is one, when the way is the longer one.
    way way_of(const py::object& connection, const py::object& message, py::object& outbox) {
        if (!message.is(message_) && !look_at(message)) return way::longer;
        const auto consumer = get(connection, names.consumer);
        if (!consumer) return way::longer;
        if (connection.ptr() != previous_) {
            previous_ = nullptr;
            if (!find_plan(consumer)) return way::longer;
            previous_ = connection.ptr();
        }
        const auto ended = get(connection, names.ended);
        if (!ended) return way::longer;
        if (ended.is(py::handle(Py_True))) return way::none;
        if (!frame_) make_frame();
        if (!frame_ || !is(connection, names.worker, Py_None)) return way::longer;
        if (!excluded_.is_none()) {
            const auto name = get(consumer, names.channel_name);
            const int same = name ? PyObject_RichCompareBool(excluded_.ptr(), name.ptr(), Py_EQ) : -1;
            if (same != 0) return same > 0 ? way::none : way::longer;
        }
        const auto tasks = get(consumer, names.chanx_tasks);
        const auto publishers = tasks ? get(tasks, names.publishers) : py::object();
        if (!publishers || (!publishers.is_none() && PyObject_IsTrue(publishers.ptr()) != 0))
            return way::longer;
        if (!is(connection, names.held, Py_None)) return way::longer;
        outbox = get(connection, names.outbox);
        const auto direct = outbox ? get(outbox, names.direct) : py::object();
        if (!direct) return way::longer;
        return direct.is(py::handle(Py_True)) && !completion_ ? way::direct : way::queued;
    }

    static bool is(const py::object& owner, PyObject* name, PyObject* wanted) {
        return get(owner, name).ptr() == wanted;
    }

    bool look_at(const py::object& message) {
        message_ = py::object();
        frame_ = py::object();
        tried_ = false;
        py::detail::make_caster<shared_message> caster;
        if (!caster.load(message, false)) return false;
        auto& shared = static_cast<shared_message&>(caster);
        if (shared.cache.is_none()) {
            PyObject* const made = PyObject_CallOneArg(with_.broadcast, shared.content.ptr());
            if (!made) return false;
            shared.cache = py::reinterpret_steal<py::object>(made);
        }
        broadcast_ = shared.cache;
        excluded_ = py::none();
        const auto group = get(broadcast_, names.is_group_message);
        const auto event = get(broadcast_, names.is_event);
        if (!group || !event) return false;
        is_group_ = group.ptr() == Py_True;
        is_event_ = event.ptr() == Py_True;
        if (is_group_ && !(excluded_ = get(broadcast_, names.excluded))) return false;
        message_ = message;
        return true;
    }

    // Whether the plan of the consumer's class is known to hold for it.
    bool find_plan(const py::object& consumer) {
        const auto plan = get(consumer, names.chanx_plan);
        const auto guard = plan && !plan.is_none() ? get(plan, names.guard) : py::object();
        if (!guard) return false;
        const auto verdict =
            py::reinterpret_steal<py::object>(PyObject_CallOneArg(guard.ptr(), consumer.ptr()));
        if (!verdict || PyLong_AsLong(verdict.ptr()) != GUARD_CLEAR) return false;
        if (!plan.is(plan_)) {
            plan_ = plan;
            frame_ = py::object();
            tried_ = false;
        }
        return true;
    }

    // What the plan makes of the message, if it makes a frame of it at all.
    void make_frame() {
        if (tried_) return;
        tried_ = true;
        py::object frame;
        if (is_group_) {
            if (!is(plan_, names.group, Py_True)) return;
            const auto spelling = get(plan_, names.case_);
            if (!spelling || !(frame = ask(names.frame, spelling))) return;
        } else if (is_event_) {
            const auto passed_on = get(plan_, names.passed_on);
            if (!passed_on || PyObject_IsTrue(passed_on.ptr()) != 1) return;
            if (!(frame = ask(names.event_frame, plan_)) || frame.is_none()) return;
        } else {
            return;
        }
        const auto text = get(plan_, is_group_ ? names.group_completion : names.event_completion);
        if (!text) return;
        completion_ = py::object();
        if (!text.is_none()) {
            completion_ = py::reinterpret_steal<py::object>(
                Py_BuildValue("{sssO}", "type", "websocket.send", "text", text.ptr()));
            if (!completion_) return;
        }
        frame_ = std::move(frame);
    }

    py::object ask(PyObject* method, const py::object& argument) {
        return py::reinterpret_steal<py::object>(
            PyObject_CallMethodOneArg(broadcast_.ptr(), method, argument.ptr()));
    }

    bool send(const py::object& outbox) {
        const auto function = get(outbox, names.send);
        const auto sending = py::reinterpret_steal<py::object>(
            function ? PyObject_CallOneArg(function.ptr(), frame_.ptr()) : nullptr);
        if (!sending) return reported();
        PyObject* result = nullptr;
        const auto sent = PyIter_Send(sending.ptr(), Py_None, &result);
        const auto owned = py::reinterpret_steal<py::object>(result);
        if (sent == PYGEN_RETURN) return true;
        if (sent == PYGEN_ERROR) {
            if (!is_trouble()) return false;
            return tell(outbox, names.failed, taken_error().ptr(), nullptr);
        }
        return tell(outbox, names.suspended, sending.ptr(), result);
    }

    bool put(const py::object& outbox, const py::object& frame) {
        return tell(outbox, names.put, frame.ptr(), nullptr);
    }

    bool tell(const py::object& outbox, PyObject* method, PyObject* first, PyObject* second) {
        const auto done = py::reinterpret_steal<py::object>(
            PyObject_CallMethodObjArgs(outbox.ptr(), method, first, second, nullptr));
        return done || reported();
    }

    // An error that came up in the sending itself; the neighbours get their messages all the same.
    bool reported() {
        if (!is_trouble()) return false;
        const auto error = taken_error();
        return bool(py::reinterpret_steal<py::object>(PyObject_CallOneArg(with_.report, error.ptr())));
    }

    static constexpr long GUARD_CLEAR = 1;

    const deliver_object& with_;
    PyObject* previous_ = nullptr;  // the connection that the plan holds for
    py::object plan_, message_, broadcast_, excluded_;
    py::object frame_, completion_;  // completion_ only when there is one, and only beside a frame_
    bool is_group_ = false;
    bool is_event_ = false;
    bool tried_ = false;  // to make the frame
};

PyObject* deliver_object::call(PyObject* callable, PyObject* const* args, size_t count, PyObject* keywords) {
    const auto& self = *reinterpret_cast<deliver_object*>(callable);
    if (!takes_one(count, keywords, "a batch")) return nullptr;
    if (!self.report || !PyList_CheckExact(args[0])) {
        PyErr_SetString(PyExc_TypeError, "expected a list of pairs");
        return nullptr;
    }
    batch_delivery each(self);
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(args[0]); ++i) {
        const auto entry = py::reinterpret_borrow<py::object>(PyList_GET_ITEM(args[0], i));
        if (!PyTuple_CheckExact(entry.ptr()) || PyTuple_GET_SIZE(entry.ptr()) != 2) {
            PyErr_SetString(PyExc_TypeError, "expected a list of pairs");
            return nullptr;
        }
        if (!each.deliver(entry)) return nullptr;
    }
    Py_RETURN_NONE;
}

int deliver_object::init(PyObject* object, PyObject* args, PyObject* keywords) {
    static const char* parameters[] = {"broadcast", "long_way", "report", nullptr};
    PyObject *broadcast, *long_way, *report;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "OOO", const_cast<char**>(parameters), &broadcast,
                                     &long_way, &report))
        return -1;
    auto& self = *reinterpret_cast<deliver_object*>(object);
    if (self.report) {
        PyErr_SetString(PyExc_RuntimeError, "it is initialised once");
        return -1;
    }
    self.broadcast = Py_NewRef(broadcast);
    self.long_way = Py_NewRef(long_way);
    self.report = Py_NewRef(report);
    return 0;
}

int deliver_object::traverse(PyObject* object, visitproc visit, void* arg) {
    auto& self = *reinterpret_cast<deliver_object*>(object);
    Py_VISIT(self.broadcast);
    Py_VISIT(self.long_way);
    Py_VISIT(self.report);
    return 0;
}

int deliver_object::clear(PyObject* object) {
    auto& self = *reinterpret_cast<deliver_object*>(object);
    Py_CLEAR(self.report);
    Py_CLEAR(self.broadcast);
    Py_CLEAR(self.long_way);
    return 0;
}

PyTypeObject deliver_type = make_callable_type<deliver_object>(
    "chanx._core.Deliver",
    "Deliver(broadcast, long_way, report)\n--\n\n"
    "Called with a list of (connection, SharedMessage), delivers each message that only has to be sent.\n"
    "Others go to `long_way`, in such lists; `report` is called with an error of a connection.");

bool intern_names() {
    const std::pair<PyObject**, const char*> all[] = {
        {&names.consumer, "consumer"},
        {&names.chanx_plan, "chanx_plan"},
        {&names.guard, "guard"},
        {&names.ended, "ended"},
        {&names.worker, "worker"},
        {&names.held, "held"},
        {&names.outbox, "outbox"},
        {&names.direct, "direct"},
        {&names.send, "send"},
        {&names.chanx_tasks, "chanx_tasks"},
        {&names.publishers, "publishers"},
        {&names.channel_name, "channel_name"},
        {&names.is_group_message, "is_group_message"},
        {&names.is_event, "is_event"},
        {&names.excluded, "excluded"},
        {&names.frame, "frame"},
        {&names.event_frame, "event_frame"},
        {&names.group, "group"},
        {&names.case_, "case"},
        {&names.group_completion, "group_completion"},
        {&names.passed_on, "passed_on"},
        {&names.event_completion, "event_completion"},
        {&names.put, "put"},
        {&names.failed, "failed"},
        {&names.suspended, "suspended"},
    };
    for (const auto& [name, text] : all) {
        if (!(*name = PyUnicode_InternFromString(text))) return false;
    }
    return true;
}

}  // namespace

void init_deliver(py::module_& module) {
    if (!intern_names() || PyType_Ready(&deliver_type) < 0) throw py::error_already_set();
    module.add_object("Deliver", reinterpret_cast<PyObject*>(&deliver_type));
}

}  // namespace chanx::bindings
