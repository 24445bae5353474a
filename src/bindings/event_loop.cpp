#include "bindings/event_loop.hpp"

#include <unordered_map>

#include "bindings/python_message.hpp"
#include "core/runtime/fork.hpp"

namespace py = pybind11;

namespace chanx::bindings {
namespace {

// The queues of this process by loop. Guarded by the GIL; the loops own the queues.
struct registry {
    std::unordered_map<PyObject*, event_loop*> loops;
    unsigned generation = fork_generation();
};

registry& loops_of_process() {
    static registry instance;
    if (instance.generation != fork_generation()) {
        // The child shares its parent's descriptors: it must neither fire nor clear them.
        instance.loops.clear();
        instance.generation = fork_generation();
    }
    return instance;
}

// The last loop that asked in this thread; saves the look-up, which receive() would do on each call.
struct last_loop {
    PyObject* key = nullptr;
    event_loop* queue = nullptr;
    unsigned generation = 0;
};
thread_local last_loop last;

// The loop whose drain this thread is in.
struct draining_loop {
    event_loop* queue = nullptr;
    PyObject* running = nullptr;  // what running_mark() was when the drain began; a reference
    unsigned generation = 0;
};
thread_local draining_loop draining;

// What asyncio keeps about the running loop of this thread; it changes with the loop. Borrowed, or null where
// asyncio keeps it elsewhere. Asking asyncio itself costs a system call (Python 3.11).
PyObject* running_mark() {
    static PyObject* const name = PyUnicode_InternFromString("__asyncio_running_event_loop__");
    PyObject* const state = PyThreadState_GetDict();
    PyObject* const found = state ? PyDict_GetItemWithError(state, name) : nullptr;
    if (!found) PyErr_Clear();
    return found;
}

class drain_scope {
public:
    explicit drain_scope(event_loop* queue) : before_(draining) {
        draining = {queue, Py_XNewRef(running_mark()), fork_generation()};
    }
    ~drain_scope() { Py_XDECREF(std::exchange(draining, before_).running); }
    drain_scope(const drain_scope&) = delete;
    drain_scope& operator=(const drain_scope&) = delete;

private:
    const draining_loop before_;
};

constexpr const char* CAPSULE = "chanx.event_loop";

// A bound method is a new object each time it is looked up.
bool same_function(PyObject* one, PyObject* other) noexcept {
    return one == other || (PyMethod_Check(one) && PyMethod_Check(other) &&
                            PyMethod_GET_SELF(one) == PyMethod_GET_SELF(other) &&
                            PyMethod_GET_FUNCTION(one) == PyMethod_GET_FUNCTION(other));
}

PyObject* running_loop() {
    static PyObject* const get_running_loop =
        py::module_::import("asyncio").attr("get_running_loop").cast<py::object>().release().ptr();
    return PyObject_CallNoArgs(get_running_loop);
}

}  // namespace

event_loop::event_loop(PyObject* loop) : loop_(loop), thread_(PyThread_get_thread_ident()) {}

event_loop* event_loop::running() noexcept {
    if (draining.running && draining.running == running_mark() && draining.generation == fork_generation() &&
        !draining.queue->closed()) {
        return draining.queue;
    }
    PyObject* const loop = running_loop();
    if (!loop) return nullptr;
    Py_DECREF(loop);  // it is running, so somebody keeps it
    if (last.key == loop && last.generation == fork_generation() && !last.queue->closed()) return last.queue;
    event_loop* queue = nullptr;
    const auto& known = loops_of_process().loops;
    const auto found = known.find(loop);
    queue = found != known.end() ? found->second : make(loop);
    if (queue) last = {loop, queue, fork_generation()};
    return queue;
}

event_loop* event_loop::make(PyObject* loop) noexcept {
    try {
        ref<event_loop> queue(new event_loop(loop));
        if (!queue->attach()) return nullptr;
        loops_of_process().loops[loop] = queue.get();
        return queue.get();
    } catch (const std::exception& error) {
        PyErr_SetString(PyExc_OSError, error.what());
        return nullptr;
    }
}

// Watches the descriptor, in an empty context: a drain serves all connections and must not run in one's
// variables.
bool event_loop::attach() {
    static PyMethodDef definition{"chanx_drain", on_readable, METH_NOARGS, nullptr};
    const auto capsule = py::reinterpret_steal<py::object>(PyCapsule_New(this, CAPSULE, detach));
    if (!capsule) return false;
    retain();  // the capsule's
    const auto callback = py::reinterpret_steal<py::object>(PyCFunction_New(&definition, capsule.ptr()));
    const auto context = py::reinterpret_steal<py::object>(PyContext_New());
    const auto add_reader = py::reinterpret_steal<py::object>(PyObject_GetAttrString(loop_, "add_reader"));
    if (!callback || !context || !add_reader) return false;
    const auto done = py::reinterpret_steal<py::object>(
        PyObject_CallMethod(context.ptr(), "run", "OiO", add_reader.ptr(), signal_.fd(), callback.ptr()));
    if (!done) return false;
    capsule_ = capsule.ptr();
    return true;
}

// The loop was closed or collected.
void event_loop::detach(PyObject* capsule) {
    auto* queue = static_cast<event_loop*>(PyCapsule_GetPointer(capsule, CAPSULE));
    auto& known = loops_of_process().loops;
    const auto found = known.find(queue->loop_);
    if (found != known.end() && found->second == queue) known.erase(found);
    if (last.queue == queue) last = {};
    queue->uncork();
    queue->close();
    queue->release();
}

PyObject* event_loop::on_readable(PyObject* capsule, PyObject*) {
    auto* queue = static_cast<event_loop*>(PyCapsule_GetPointer(capsule, CAPSULE));
    queue->signal_.clear();
    return queue->run_drain();
}

PyObject* event_loop::on_call(PyObject* capsule, PyObject*) {
    return static_cast<event_loop*>(PyCapsule_GetPointer(capsule, CAPSULE))->run_drain();
}

bool event_loop::hold(std::shared_ptr<redis::corked> what) noexcept {
    const bool first = corked_.empty();
    corked_.push_back(std::move(what));
    if (!first || call_soon()) return true;
    corked_.clear();
    return false;
}

void event_loop::uncork() noexcept {
    for (const auto& each : std::exchange(corked_, {})) each->uncork();
}

PyObject* event_loop::run_drain() {
    const drain_scope here(this);
    uncork();
    if (drain()) call_soon();
    hand_over();
    release_orphans();
    if (raised_) {
        raised_->restore();
        raised_.reset();
        return nullptr;
    }
    Py_RETURN_NONE;
}

void event_loop::collect(PyObject* deliver, PyObject* entry) noexcept {
    const auto owned = py::reinterpret_steal<py::object>(entry);
    for (auto& [function, batch] : batches_) {
        if (!same_function(function.ptr(), deliver)) continue;
        if (PyList_Append(batch.ptr(), entry) < 0) PyErr_WriteUnraisable(deliver);
        if (PyList_GET_SIZE(batch.ptr()) >= BATCH) hand_over();
        return;
    }
    PyObject* const batch = PyList_New(1);
    if (!batch) {
        PyErr_WriteUnraisable(deliver);
        return;
    }
    PyList_SET_ITEM(batch, 0, Py_NewRef(entry));
    batches_.emplace_back(py::reinterpret_borrow<py::object>(deliver),
                          py::reinterpret_steal<py::list>(batch));
}

void event_loop::hand_over() noexcept {
    if (batches_.empty()) return;
    // Taken out first: a consumer may run code that collects more.
    const auto full = std::exchange(batches_, {});
    ++hand_overs_;
    for (const auto& [function, batch] : full) {
        PyObject* const done = PyObject_CallOneArg(function.ptr(), batch.ptr());
        if (done) {
            Py_DECREF(done);
        } else if (PyErr_ExceptionMatches(PyExc_Exception)) {
            PyErr_WriteUnraisable(function.ptr());
        } else {
            raise_from_drain();
        }
    }
}

void event_loop::raise_from_drain() {
    raised_.emplace();
    interrupt();
}

void event_loop::wake() noexcept {
    if (PyThread_get_thread_ident() == thread_ && PyGILState_Check()) {
        call_soon();
    } else {
        signal_.fire();
    }
}

// False: the loop is closed.
bool event_loop::call_soon() noexcept {
    static PyMethodDef definition{"chanx_drain", on_call, METH_NOARGS, nullptr};
    static PyObject* const name = PyUnicode_InternFromString("call_soon");
    static PyObject* const keywords = Py_BuildValue("(s)", "context");
    if (closed()) return false;
    PyObject* const callback = PyCFunction_New(&definition, capsule_);
    PyObject* const context = PyContext_New();
    PyObject* done = nullptr;
    if (callback && context) {
        PyObject* arguments[] = {loop_, callback, context};
        done = PyObject_VectorcallMethod(name, arguments, 2 | PY_VECTORCALL_ARGUMENTS_OFFSET, keywords);
    }
    Py_XDECREF(callback);
    Py_XDECREF(context);
    if (!done) {
        PyErr_Clear();  // the loop is closed: its readers are gone
        close();
        return false;
    }
    Py_DECREF(done);
    return true;
}

}  // namespace chanx::bindings
