// Python objects to MessagePack, as msgpack.packb does, or to JSON, as json.dumps does.
#include <vector>

#include "bindings/wire.hpp"
#include "core/codec/msgpack.hpp"

namespace py = pybind11;

namespace chanx::bindings {
namespace {

// "message['payload'][3]": the keys and indexes that led to the value at hand.
class path {
public:
    void enter(PyObject* at_key) { steps_.push_back({at_key, 0}); }
    void enter(Py_ssize_t index) { steps_.push_back({nullptr, index}); }
    void leave() { steps_.pop_back(); }
    std::size_t depth() const noexcept { return steps_.size(); }

    bool fail(PyObject* type, const std::string& what) const {
        std::string text = "message";
        for (const auto& each : steps_) {
            if (text.size() > 300) {
                text += "[...]";
                break;
            }
            text += '[' + (each.key ? shown(each.key) : std::to_string(each.index)) + ']';
        }
        PyErr_Clear();
        PyErr_SetString(type, (text + " " + what).c_str());
        return false;
    }

private:
    struct step {
        PyObject* key;  // borrowed; null for an index
        Py_ssize_t index;
    };

    static std::string shown(PyObject* key) {
        const auto text = py::reinterpret_steal<py::object>(PyObject_Repr(key));
        const char* utf8 = text ? PyUnicode_AsUTF8(text.ptr()) : nullptr;
        if (!utf8) PyErr_Clear();
        return utf8 ? utf8 : "?";
    }

    std::vector<step> steps_;
};

// A dict whose items do not run code of the user may be walked in place; others are asked for their items().
template <class Visit>
bool each_pair(PyObject* dict, Visit visit) {
    if (PyDict_CheckExact(dict)) {
        PyObject *key = nullptr, *value = nullptr;
        Py_ssize_t at = 0;
        while (PyDict_Next(dict, &at, &key, &value)) {
            if (!visit(key, value)) return false;
        }
        return true;
    }
    const auto items = py::reinterpret_steal<py::object>(PyMapping_Items(dict));
    if (!items) return false;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(items.ptr()); ++i) {
        PyObject* pair = PyList_GET_ITEM(items.ptr(), i);
        if (!visit(PyTuple_GET_ITEM(pair, 0), PyTuple_GET_ITEM(pair, 1))) return false;
    }
    return true;
}

class packer {
public:
    explicit packer(std::string& out) : to_(out) {}

    bool write(PyObject* value) {
        if (value == Py_None) return to_.nil(), true;
        if (PyBool_Check(value)) return to_.boolean(value == Py_True), true;
        if (PyUnicode_Check(value)) return text(value);
        if (PyLong_Check(value)) return integer(value);
        if (PyFloat_Check(value)) return to_.real(PyFloat_AS_DOUBLE(value)), true;
        if (PyBytes_Check(value)) {
            return binary({PyBytes_AS_STRING(value), static_cast<std::size_t>(PyBytes_GET_SIZE(value))});
        }
        if (path_.depth() >= codec::MAX_DEPTH) return path_.fail(PyExc_ValueError, "is nested too deeply");
        if (PyDict_Check(value)) return map(value);
        if (PyList_Check(value) || PyTuple_Check(value)) return array(value);
        if (PyByteArray_Check(value)) {
            return binary(
                {PyByteArray_AS_STRING(value), static_cast<std::size_t>(PyByteArray_GET_SIZE(value))});
        }
        if (PyMemoryView_Check(value)) {
            const auto bytes = py::reinterpret_steal<py::object>(PyBytes_FromObject(value));
            return bytes && write(bytes.ptr());
        }
        return path_.fail(PyExc_TypeError, std::string("is a ") + Py_TYPE(value)->tp_name +
                                               ", which a Redis channel layer cannot carry");
    }

private:
    bool text(PyObject* value) {
        Py_ssize_t size = 0;
        const char* utf8 = PyUnicode_AsUTF8AndSize(value, &size);
        if (!utf8) return path_.fail(PyExc_ValueError, "has characters that UTF-8 cannot express");
        return to_.text({utf8, static_cast<std::size_t>(size)}) ||
               path_.fail(PyExc_ValueError, "is too long");
    }

    bool binary(std::string_view bytes) {
        return to_.binary(bytes) || path_.fail(PyExc_ValueError, "is too long");
    }

    bool integer(PyObject* value) {
        int overflow = 0;
        const auto small = PyLong_AsLongLongAndOverflow(value, &overflow);
        if (overflow == 0) return to_.integer(small), true;
        if (overflow > 0) {
            const auto large = PyLong_AsUnsignedLongLong(value);
            if (!PyErr_Occurred()) return to_.natural(large), true;
        }
        return path_.fail(PyExc_OverflowError, "is an integer of more than 64 bits");
    }

    bool map(PyObject* value) {
        const auto size = PyDict_GET_SIZE(value);
        if (!to_.map(static_cast<std::size_t>(size))) return path_.fail(PyExc_ValueError, "is too long");
        return each_pair(value, [&](PyObject* key, PyObject* item) {
            path_.enter(key);
            // The other side would refuse any other key, and with it the message.
            if (!PyUnicode_Check(key) && !PyBytes_Check(key)) {
                const std::string kind = Py_TYPE(key)->tp_name;
                path_.leave();
                return path_.fail(PyExc_TypeError, "has a key that is a " + kind + "; keys are str");
            }
            const bool fine = write(key) && write(item);
            path_.leave();
            return fine;
        });
    }

    bool array(PyObject* value) {
        const auto size = PySequence_Fast_GET_SIZE(value);
        if (!to_.array(static_cast<std::size_t>(size))) return path_.fail(PyExc_ValueError, "is too long");
        for (Py_ssize_t i = 0; i < size; ++i) {
            path_.enter(i);
            const bool fine = write(PySequence_Fast_GET_ITEM(value, i));
            path_.leave();
            if (!fine) return false;
        }
        return true;
    }

    codec::msgpack_writer to_;
    path path_;
};

// Finds what json.dumps refused: it does not say where that is.
class json_inspector {
public:
    bool explain(PyObject* value) {
        if (path_.depth() >= codec::MAX_DEPTH) return path_.fail(PyExc_ValueError, "is nested too deeply");
        if (PyDict_Check(value)) {
            return each_pair(value, [&](PyObject* key, PyObject* item) {
                const bool plain =
                    PyUnicode_Check(key) || PyLong_Check(key) || PyFloat_Check(key) || key == Py_None;
                if (!plain) {
                    return path_.fail(PyExc_TypeError, std::string("has a key that is a ") +
                                                           Py_TYPE(key)->tp_name + "; keys are str");
                }
                path_.enter(key);
                const bool fine = explain(item);
                path_.leave();
                return fine;
            });
        }
        if (PyList_Check(value) || PyTuple_Check(value)) {
            for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(value); ++i) {
                path_.enter(i);
                const bool fine = explain(PySequence_Fast_GET_ITEM(value, i));
                path_.leave();
                if (!fine) return false;
            }
            return true;
        }
        const bool leaf =
            PyUnicode_Check(value) || PyLong_Check(value) || PyFloat_Check(value) || value == Py_None;
        if (leaf) return true;
        return path_.fail(PyExc_TypeError,
                          std::string("is a ") + Py_TYPE(value)->tp_name + ", which JSON cannot carry");
    }

private:
    path path_;
};

bool dump_json(PyObject* message, std::string& out) {
    static PyObject* const dumps =
        py::module_::import("json").attr("dumps").cast<py::object>().release().ptr();
    const auto text = py::reinterpret_steal<py::object>(PyObject_CallOneArg(dumps, message));
    if (!text) {
        if (!PyErr_ExceptionMatches(PyExc_TypeError) && !PyErr_ExceptionMatches(PyExc_RecursionError))
            return false;
        PyObject *type = nullptr, *value = nullptr, *trace = nullptr;
        PyErr_Fetch(&type, &value, &trace);
        if (json_inspector().explain(message)) {
            PyErr_Restore(type, value, trace);
        } else {
            Py_XDECREF(type);
            Py_XDECREF(value);
            Py_XDECREF(trace);
        }
        return false;
    }
    Py_ssize_t size = 0;
    const char* utf8 = PyUnicode_AsUTF8AndSize(text.ptr(), &size);
    if (!utf8) return false;
    out.append(utf8, static_cast<std::size_t>(size));
    return true;
}

}  // namespace

bool wire_encode(codec::format how, PyObject* message, std::string& out) {
    if (!PyDict_Check(message)) {
        PyErr_Format(PyExc_TypeError, "a message is a dict, not a %s", Py_TYPE(message)->tp_name);
        return false;
    }
    return how == codec::format::json ? dump_json(message, out) : packer(out).write(message);
}

}  // namespace chanx::bindings
