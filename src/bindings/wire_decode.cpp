// MessagePack to Python objects, as msgpack.unpackb does, or JSON, as json.loads does.
#include "bindings/wire.hpp"
#include "core/codec/msgpack.hpp"

namespace py = pybind11;

namespace chanx::bindings {
namespace {

using codec::msgpack_kind;
using codec::msgpack_token;

class unpacker {
public:
    explicit unpacker(std::string_view body) noexcept : from_(body) {}

    PyObject* message(bool drop_address) {
        PyObject* result = value(from_.next(), 0, drop_address);
        if (result && from_.next().kind != msgpack_kind::end) {
            Py_DECREF(result);
            return fail(codec::errc::malformed);
        }
        return result;
    }
    // The bytes hold what only the msgpack package itself knows.
    bool unsupported() const noexcept { return unsupported_; }

private:
    PyObject* fail(codec::errc code) {
        set_decode_error(code);
        return nullptr;
    }

    PyObject* value(const msgpack_token& token, unsigned depth, bool drop_address = false) {
        switch (token.kind) {
            case msgpack_kind::nil: Py_RETURN_NONE;
            case msgpack_kind::boolean: return PyBool_FromLong(token.boolean);
            case msgpack_kind::integer: return PyLong_FromLongLong(token.integer);
            case msgpack_kind::natural: return PyLong_FromUnsignedLongLong(token.natural);
            case msgpack_kind::real: return PyFloat_FromDouble(token.real);
            case msgpack_kind::text: return text(token.bytes);
            case msgpack_kind::binary:
                return PyBytes_FromStringAndSize(token.bytes.data(),
                                                 static_cast<Py_ssize_t>(token.bytes.size()));
            case msgpack_kind::array:
                return depth < codec::MAX_DEPTH ? array(token, depth) : fail(codec::errc::too_deep);
            case msgpack_kind::map:
                return depth < codec::MAX_DEPTH ? map(token, depth, drop_address)
                                                : fail(codec::errc::too_deep);
            case msgpack_kind::extension: unsupported_ = true; return fail(codec::errc::unsupported);
            case msgpack_kind::end:
            case msgpack_kind::broken: break;
        }
        return fail(codec::errc::malformed);
    }

    PyObject* text(std::string_view utf8) {
        PyObject* made = PyUnicode_DecodeUTF8(utf8.data(), static_cast<Py_ssize_t>(utf8.size()), nullptr);
        if (made || !PyErr_ExceptionMatches(PyExc_UnicodeDecodeError)) return made;
        PyErr_Clear();
        return fail(codec::errc::malformed);
    }

    PyObject* array(const msgpack_token& token, unsigned depth) {
        PyObject* list = PyList_New(static_cast<Py_ssize_t>(token.natural));
        for (std::uint64_t i = 0; list && i < token.natural; ++i) {
            PyObject* item = value(from_.next(), depth + 1);
            if (item) {
                PyList_SET_ITEM(list, static_cast<Py_ssize_t>(i), item);
            } else {
                Py_CLEAR(list);
            }
        }
        return list;
    }

    PyObject* map(const msgpack_token& token, unsigned depth, bool drop_address) {
        PyObject* dict = PyDict_New();
        for (std::uint64_t i = 0; dict && i < token.natural; ++i) {
            if (!pair(dict, depth, drop_address)) Py_CLEAR(dict);
        }
        return dict;
    }

    bool pair(PyObject* dict, unsigned depth, bool drop_address) {
        const auto token = from_.next();
        if (token.kind != msgpack_kind::text && token.kind != msgpack_kind::binary) {
            return fail(token.kind == msgpack_kind::broken || token.kind == msgpack_kind::end
                            ? codec::errc::malformed
                            : codec::errc::not_a_message) != nullptr;
        }
        if (drop_address && token.kind == msgpack_kind::text && token.bytes == codec::ADDRESS_KEY) {
            return from_.skip() || fail(codec::errc::malformed);
        }
        PyObject* key = value(token, depth);
        if (!key) return false;
        if (token.kind == msgpack_kind::text) PyUnicode_InternInPlace(&key);
        PyObject* item = value(from_.next(), depth + 1);
        const bool fine = item && PyDict_SetItem(dict, key, item) == 0;
        Py_DECREF(key);
        Py_XDECREF(item);
        return fine;
    }

    codec::msgpack_reader from_;
    bool unsupported_ = false;
};

PyObject* without_address(PyObject* message) {
    static PyObject* const key = PyUnicode_InternFromString("__asgi_channel__");
    if (message && PyDict_Check(message) && PyDict_DelItem(message, key) < 0) PyErr_Clear();
    return message;
}

// Timestamps and other extensions have types of their own in the msgpack package: whoever sent them has it.
PyObject* foreign(std::string_view body, bool drop_address) {
    PyObject *type = nullptr, *value = nullptr, *trace = nullptr;
    PyErr_Fetch(&type, &value, &trace);
    const auto module = py::reinterpret_steal<py::object>(PyImport_ImportModule("msgpack"));
    if (!module) {
        PyErr_Restore(type, value, trace);
        return nullptr;
    }
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(trace);
    const auto unpackb = py::reinterpret_steal<py::object>(PyObject_GetAttrString(module.ptr(), "unpackb"));
    const auto bytes = py::reinterpret_steal<py::object>(
        PyBytes_FromStringAndSize(body.data(), static_cast<Py_ssize_t>(body.size())));
    PyObject* made = unpackb && bytes ? PyObject_CallOneArg(unpackb.ptr(), bytes.ptr()) : nullptr;
    if (!made && PyErr_ExceptionMatches(PyExc_Exception)) {
        PyErr_Clear();
        set_decode_error(codec::errc::malformed);
    }
    return drop_address ? without_address(made) : made;
}

PyObject* load_json(std::string_view body, bool drop_address) {
    static PyObject* const loads =
        py::module_::import("json").attr("loads").cast<py::object>().release().ptr();
    const auto bytes = py::reinterpret_steal<py::object>(
        PyBytes_FromStringAndSize(body.data(), static_cast<Py_ssize_t>(body.size())));
    PyObject* made = bytes ? PyObject_CallOneArg(loads, bytes.ptr()) : nullptr;
    if (!made) {
        if (PyErr_ExceptionMatches(PyExc_RecursionError)) {
            PyErr_Clear();
            set_decode_error(codec::errc::too_deep);
        } else if (PyErr_ExceptionMatches(PyExc_ValueError)) {
            PyErr_Clear();
            set_decode_error(codec::errc::malformed);
        }
        return nullptr;
    }
    return drop_address ? without_address(made) : made;
}

}  // namespace

void set_decode_error(std::error_code code) {
    const auto type = py::module_::import("chanx.exceptions").attr("MessageDecodeError");
    PyErr_SetString(type.ptr(), code.message().c_str());
}

PyObject* wire_decode(codec::format how, std::string_view body, bool drop_address) {
    PyObject* made = nullptr;
    if (how == codec::format::json) {
        made = load_json(body, drop_address);
    } else {
        unpacker from(body);
        made = from.message(drop_address);
        if (!made && from.unsupported()) made = foreign(body, drop_address);
    }
    if (made && !PyDict_Check(made)) {
        Py_DECREF(made);
        set_decode_error(codec::errc::not_a_message);
        return nullptr;
    }
    return made;
}

}  // namespace chanx::bindings
