#include "bindings/python_message.hpp"

#include "bindings/layer_core.hpp"
#include "bindings/shared_message.hpp"

#include <atomic>
#include <mutex>
#include <vector>

namespace py = pybind11;

namespace chanx::bindings {
namespace {

// As deep as msgpack goes; far below where copying would overflow the stack.
constexpr int DEPTH = 511;

bool is_leaf(PyObject* value) noexcept {
    return value == Py_None || PyUnicode_Check(value) || PyLong_Check(value) || PyFloat_Check(value) ||
           PyBytes_Check(value);
}

bool is_container(PyObject* value) noexcept {
    return PyDict_CheckExact(value) || PyList_CheckExact(value) || PyTuple_CheckExact(value);
}

// Types whose instances nobody can change, so that receivers may share them.
bool is_immutable(PyObject* value) {
    static const auto types = [] {
        std::vector<PyObject*> found;
        const auto add = [&found](const char* module, std::initializer_list<const char*> names) {
            const auto from = py::module_::import(module);
            for (const char* name : names)
                found.push_back(from.attr(name).cast<py::object>().release().ptr());
        };
        add("datetime", {"datetime", "date", "time", "timedelta", "timezone"});
        add("uuid", {"UUID"});
        add("decimal", {"Decimal"});
        add("types", {"FunctionType", "BuiltinFunctionType"});
        return found;
    }();
    const auto* type = reinterpret_cast<PyObject*>(Py_TYPE(value));
    for (const PyObject* each : types) {
        if (each == type) return true;
    }
    return PyType_Check(value);
}

PyObject* deep_copy(PyObject* value) {
    static PyObject* const deepcopy =
        py::module_::import("copy").attr("deepcopy").cast<py::object>().release().ptr();
    return PyObject_CallOneArg(deepcopy, value);
}

class freezer {
public:
    freezer(frozen& into, bool strict) : into_(into), strict_(strict) {}

    PyObject* copy(PyObject* value, int depth) {
        if (is_leaf(value)) return leaf(value);
        if (depth > DEPTH) {
            fail(PyExc_ValueError, "is nested too deeply");
            return nullptr;
        }
        if (PyDict_CheckExact(value)) return dict(value, depth);
        if (PyList_CheckExact(value)) return list(value, depth);
        if (PyTuple_CheckExact(value)) return tuple(value, depth);
        return object(value);
    }

    // "message['payload'][3]"
    std::string path() const {
        std::string text = "message";
        for (const auto& each : steps_) {
            text += '[';
            if (each.key) {
                const auto shown = py::reinterpret_steal<py::object>(PyObject_Repr(each.key));
                const char* utf8 = shown ? PyUnicode_AsUTF8(shown.ptr()) : nullptr;
                if (!utf8) PyErr_Clear();
                text += utf8 ? utf8 : "?";
            } else {
                text += std::to_string(each.index);
            }
            text += ']';
        }
        return text;
    }

private:
    struct step {
        PyObject* key;  // borrowed; null for an index
        Py_ssize_t index;
    };

    void fail(PyObject* type, const std::string& what) {
        PyErr_SetString(type, (path() + " " + what).c_str());
    }

    PyObject* leaf(PyObject* value) {
        if (PyUnicode_Check(value)) {
            into_.bytes += 50 + static_cast<std::size_t>(PyUnicode_GET_LENGTH(value));
            if (strict_ && !PyUnicode_AsUTF8(value)) {
                PyErr_Clear();
                fail(PyExc_ValueError, "has characters that UTF-8 cannot express");
                return nullptr;
            }
        } else if (PyBytes_Check(value)) {
            into_.bytes += 33 + static_cast<std::size_t>(PyBytes_GET_SIZE(value));
        } else {
            into_.bytes += 8;
            if (strict_ && PyLong_Check(value) && !fits(value)) {
                fail(PyExc_OverflowError, "is an integer of more than 64 bits");
                return nullptr;
            }
        }
        Py_INCREF(value);
        return value;
    }

    static bool fits(PyObject* value) {
        int overflow = 0;
        PyLong_AsLongLongAndOverflow(value, &overflow);
        if (overflow <= 0) return overflow == 0;
        PyLong_AsUnsignedLongLong(value);
        if (!PyErr_Occurred()) return true;
        PyErr_Clear();
        return false;
    }

    PyObject* dict(PyObject* value, int depth) {
        into_.bytes += 200 + 24 * static_cast<std::size_t>(PyDict_GET_SIZE(value));
        PyObject* result = PyDict_New();
        PyObject* key = nullptr;
        PyObject* item = nullptr;
        Py_ssize_t at = 0;
        while (result && PyDict_Next(value, &at, &key, &item)) {
            steps_.push_back({key, 0});
            // A deep copy of an item may run code that changes the dict.
            const auto kept_key = py::reinterpret_borrow<py::object>(key);
            const auto kept_item = py::reinterpret_borrow<py::object>(item);
            PyObject* copied = check_key(key) ? copy(item, depth + 1) : nullptr;
            if (!copied || PyDict_SetItem(result, key, copied) < 0) Py_CLEAR(result);
            Py_XDECREF(copied);
            steps_.pop_back();
        }
        return result;
    }

    bool check_key(PyObject* key) {
        if (PyUnicode_Check(key)) return true;
        const bool top = steps_.size() == 1;
        if (!top && !strict_) {
            if (!is_leaf(key)) into_.opaque = true;
            note(Py_TYPE(key)->tp_name);
            return true;
        }
        fail(PyExc_TypeError,
             std::string("has a key of type ") + Py_TYPE(key)->tp_name + "; keys must be str");
        return false;
    }

    PyObject* list(PyObject* value, int depth) {
        into_.bytes += 56 + 8 * static_cast<std::size_t>(PyList_GET_SIZE(value));
        PyObject* result = PyList_New(0);
        for (Py_ssize_t i = 0; result && i < PyList_GET_SIZE(value); ++i) {
            const auto item = py::reinterpret_borrow<py::object>(PyList_GET_ITEM(value, i));
            steps_.push_back({nullptr, i});
            PyObject* copied = copy(item.ptr(), depth + 1);
            if (!copied || PyList_Append(result, copied) < 0) Py_CLEAR(result);
            Py_XDECREF(copied);
            steps_.pop_back();
        }
        return result;
    }

    PyObject* tuple(PyObject* value, int depth) {
        const Py_ssize_t size = PyTuple_GET_SIZE(value);
        into_.bytes += 40 + 8 * static_cast<std::size_t>(size);
        PyObject* result = PyTuple_New(size);
        for (Py_ssize_t i = 0; result && i < size; ++i) {
            steps_.push_back({nullptr, i});
            PyObject* copied = copy(PyTuple_GET_ITEM(value, i), depth + 1);
            if (copied) {
                PyTuple_SET_ITEM(result, i, copied);
            } else {
                Py_CLEAR(result);
            }
            steps_.pop_back();
        }
        return result;
    }

    PyObject* object(PyObject* value) {
        const bool serializable =
            PyDict_Check(value) || PyList_Check(value) || PyTuple_Check(value) || PyByteArray_Check(value);
        const std::string type = Py_TYPE(value)->tp_name;
        if (!serializable && strict_) {
            fail(PyExc_TypeError, "is a " + type + ", which no channel layer can serialize");
            return nullptr;
        }
        into_.bytes += 200;
        into_.opaque = true;
        if (!serializable) note(type);
        if (is_immutable(value)) {
            Py_INCREF(value);
            return value;
        }
        PyObject* result = deep_copy(value);
        if (!result && PyErr_ExceptionMatches(PyExc_Exception)) {
            py::error_already_set cause;
            py::raise_from(cause, PyExc_TypeError,
                           (path() + " is a " + type + ", which cannot be copied").c_str());
        }
        return result;
    }

    void note(const std::string& type) {
        if (!into_.odd_path.empty()) return;
        into_.odd_path = path();
        into_.odd_type = type;
    }

    frozen& into_;
    bool strict_;
    std::vector<step> steps_;
};

PyObject* thaw_value(PyObject* value, bool opaque);

// A new reference to what the receiver gets for an element: itself, unless it could be changed.
PyObject* thaw_element(PyObject* value, bool opaque) {
    if (is_container(value)) return thaw_value(value, opaque);
    if (opaque && !is_leaf(value) && !is_immutable(value)) return deep_copy(value);
    Py_INCREF(value);
    return value;
}

PyObject* thaw_value(PyObject* value, bool opaque) {
    if (PyDict_CheckExact(value)) {
        PyObject* result = PyDict_Copy(value);
        PyObject* key = nullptr;
        PyObject* item = nullptr;
        Py_ssize_t at = 0;
        while (result && PyDict_Next(value, &at, &key, &item)) {
            if (!is_container(item) && (!opaque || is_leaf(item))) continue;
            PyObject* copied = thaw_element(item, opaque);
            if (!copied || PyDict_SetItem(result, key, copied) < 0) Py_CLEAR(result);
            Py_XDECREF(copied);
        }
        return result;
    }
    const bool is_list = PyList_CheckExact(value);
    const Py_ssize_t size = is_list ? PyList_GET_SIZE(value) : PyTuple_GET_SIZE(value);
    PyObject* result = is_list ? PyList_New(size) : PyTuple_New(size);
    for (Py_ssize_t i = 0; result && i < size; ++i) {
        PyObject* copied =
            thaw_element(is_list ? PyList_GET_ITEM(value, i) : PyTuple_GET_ITEM(value, i), opaque);
        if (!copied) {
            Py_CLEAR(result);
        } else if (is_list) {
            PyList_SET_ITEM(result, i, copied);
        } else {
            PyTuple_SET_ITEM(result, i, copied);
        }
    }
    return result;
}

// Values whose last holder was a thread without the GIL.
std::mutex orphans_mutex;
std::vector<PyObject*> orphans;
std::atomic<bool> any_orphans{false};

}  // namespace

void release_later(PyObject* object) {
    if (!object || !Py_IsInitialized()) return;
    if (PyGILState_Check()) {
        Py_DECREF(object);
        return;
    }
    const std::lock_guard lock(orphans_mutex);
    orphans.push_back(object);
    any_orphans.store(true, std::memory_order_relaxed);
}

void release_orphans() {
    if (!any_orphans.load(std::memory_order_relaxed)) return;
    std::vector<PyObject*> found;
    {
        const std::lock_guard lock(orphans_mutex);
        found.swap(orphans);
        any_orphans.store(false, std::memory_order_relaxed);
    }
    for (PyObject* each : found) Py_DECREF(each);
}

frozen freeze(PyObject* message, bool strict) {
    release_orphans();
    frozen result;
    freezer walk(result, strict);
    result.value = walk.copy(message, 0);
    return result;
}

PyObject* python_message::thaw() {
    if (!loaded()) return nullptr;
    if (use_count() == 1 && !shared_) return std::exchange(value_, nullptr);
    return thaw_value(value_, opaque_);
}

PyObject* python_message::share() {
    if (!loaded()) return nullptr;
    if (!shared_) shared_ = make_shared_message(value_, bytes());
    return Py_XNewRef(shared_);
}

python_message::~python_message() {
    release_later(value_);
    release_later(shared_);
}

py::object thaw_copy(py::handle value) {
    PyObject* const copy = thaw_value(value.ptr(), true);
    if (!copy) throw py::error_already_set();
    return py::reinterpret_steal<py::object>(copy);
}

}  // namespace chanx::bindings
