// Single values as JSON.
#include "bindings/python_values.hpp"
#include "bindings/python_writer.hpp"

namespace chanx::bindings {

bool python_writer::string(PyObject* from) {
    if (!PyUnicode_CheckExact(from)) return false;
    const std::size_t size = static_cast<std::size_t>(PyUnicode_GET_LENGTH(from));
    if (PyUnicode_IS_COMPACT_ASCII(from)) {
        out_.ascii_string(PyUnicode_1BYTE_DATA(from), size);
        return true;
    }
    switch (PyUnicode_KIND(from)) {
        case PyUnicode_1BYTE_KIND: out_.latin1_string(PyUnicode_1BYTE_DATA(from), size); return true;
        case PyUnicode_2BYTE_KIND: return out_.ucs2_string(PyUnicode_2BYTE_DATA(from), size);
        default: return out_.ucs4_string(PyUnicode_4BYTE_DATA(from), size);
    }
}

bool python_writer::integer(PyObject* from) {
    if (!PyLong_CheckExact(from)) return false;
    int overflow = 0;
    const long long number = PyLong_AsLongLongAndOverflow(from, &overflow);
    if (overflow) return false;
    out_.integer(number);
    return true;
}

bool python_writer::floating(PyObject* from) {
    if (PyFloat_CheckExact(from)) return out_.floating(PyFloat_AS_DOUBLE(from));
    if (!PyLong_CheckExact(from)) return false;
    constexpr long long exact = 1LL << 53;  // a default like `price: float = 1` is written as a float
    int overflow = 0;
    const long long number = PyLong_AsLongLongAndOverflow(from, &overflow);
    return !overflow && number >= -exact && number <= exact && out_.floating(static_cast<double>(number));
}

bool python_writer::spelled(schema::kind type, PyObject* from) {
    char text[64];
    std::size_t size = 0;
    bool fine = false;
    switch (type) {
        case schema::kind::date: fine = date_text(from, text, size); break;
        case schema::kind::time: fine = time_text(from, text, size); break;
        case schema::kind::datetime: fine = datetime_text(from, text, size); break;
        case schema::kind::uuid: fine = uuid_text(from, text, size); break;
        default:
            if (PyObject* made = decimal_text(from)) {
                fine = string(made);
                Py_DECREF(made);
            }
            return fine;
    }
    if (fine) out_.ascii_string(reinterpret_cast<const unsigned char*>(text), size);
    return fine;
}

bool python_writer::bytes(PyObject* from) {
    if (!PyBytes_CheckExact(from)) return false;
    PyObject* text = PyUnicode_DecodeUTF8(PyBytes_AS_STRING(from), PyBytes_GET_SIZE(from), nullptr);
    if (!text) return false;
    const bool fine = string(text);
    Py_DECREF(text);
    return fine;
}

}  // namespace chanx::bindings
