#include "bindings/content_writer.hpp"

#include <pybind11/stl.h>

#include <cmath>
#include <cstring>
#include <optional>

#include "bindings/init.hpp"
#include "bindings/python_text.hpp"
#include "bindings/writer_lease.hpp"

namespace py = pybind11;

namespace chanx::bindings {

bool content_writer::value(PyObject* from, unsigned depth) {
    if (PyUnicode_CheckExact(from)) {
        string(from);
        return true;
    }
    if (from == Py_None) {
        out_.raw("null");
        return true;
    }
    if (PyBool_Check(from)) {
        out_.raw(from == Py_True ? "true" : "false");
        return true;
    }
    if (PyLong_CheckExact(from)) return integer(from);
    if (PyFloat_CheckExact(from)) return floating(from);
    if (depth >= MAX_DEPTH) return false;
    if (PyDict_CheckExact(from)) return dict(from, depth);
    if (PyList_CheckExact(from) || PyTuple_CheckExact(from)) return sequence(from, depth);
    return false;
}

// Nothing here runs Python code, so a container stays as it is while it is written.
bool content_writer::dict(PyObject* from, unsigned depth) {
    out_.character('{');
    Py_ssize_t at = 0;
    PyObject *key, *item;
    for (bool first = true; PyDict_Next(from, &at, &key, &item); first = false) {
        if (!PyUnicode_CheckExact(key)) return false;
        if (!first) out_.raw(", ");
        string(key);
        out_.raw(": ");
        if (!value(item, depth + 1)) return false;
    }
    out_.character('}');
    return true;
}

bool content_writer::sequence(PyObject* from, unsigned depth) {
    out_.character('[');
    const Py_ssize_t size = PySequence_Fast_GET_SIZE(from);
    for (Py_ssize_t i = 0; i < size; ++i) {
        if (i) out_.raw(", ");
        if (!value(PySequence_Fast_GET_ITEM(from, i), depth + 1)) return false;
    }
    out_.character(']');
    return true;
}

void content_writer::string(PyObject* from) {
    const auto size = static_cast<std::size_t>(PyUnicode_GET_LENGTH(from));
    switch (PyUnicode_KIND(from)) {
        case PyUnicode_1BYTE_KIND: {
            const Py_UCS1* const chars = PyUnicode_1BYTE_DATA(from);
            // The quick way leaves the one control character beyond the others as it is.
            if (PyUnicode_IS_ASCII(from) && !std::memchr(chars, 0x7F, size)) {
                out_.ascii_string(chars, size);
            } else {
                out_.escaped_string(chars, size);
            }
            return;
        }
        case PyUnicode_2BYTE_KIND: out_.escaped_string(PyUnicode_2BYTE_DATA(from), size); return;
        default: out_.escaped_string(PyUnicode_4BYTE_DATA(from), size);
    }
}

bool content_writer::integer(PyObject* from) {
    int overflow = 0;
    const long long number = PyLong_AsLongLongAndOverflow(from, &overflow);
    if (overflow) return false;
    out_.integer(number);
    return true;
}

bool content_writer::floating(PyObject* from) {
    const double number = PyFloat_AS_DOUBLE(from);
    if (std::isnan(number)) {
        out_.raw("NaN");
    } else if (std::isinf(number)) {
        out_.raw(number > 0 ? "Infinity" : "-Infinity");
    } else {
        char* const text = PyOS_double_to_string(number, 'r', 0, Py_DTSF_ADD_DOT_0, nullptr);
        if (!text) return false;
        out_.raw(text);
        PyMem_Free(text);
    }
    return true;
}

void init_content(py::module_& module) {
    module.def(
        "json_text",
        [](const py::object& content) -> std::optional<py::str> {
            writer_lease out;
            if (!content_writer(*out).value(content.ptr())) {
                PyErr_Clear();
                return std::nullopt;
            }
            PyObject* const text = make_str((*out).text());
            if (!text) throw py::error_already_set();
            return py::reinterpret_steal<py::str>(text);
        },
        py::arg("content"),
        "What json.dumps gives for plain dicts with keys of str, lists, tuples, str, numbers, booleans and "
        "None; "
        "None for what has anything else in it.");
}

}  // namespace chanx::bindings
