#include "bindings/python_text.hpp"

#include <cstring>

#include "core/validate/utf8.hpp"

namespace chanx::bindings {

PyObject* make_str(std::string_view text) {
    const validate::utf8_measure measure = validate::measure_utf8(text);
    const Py_ssize_t length = static_cast<Py_ssize_t>(measure.length);
    // CPython keeps one object for each character of Latin-1, and for the empty string.
    if (length <= 1) return PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), nullptr);
    if (measure.is_ascii()) {
        PyObject* made = PyUnicode_New(length, 0x7F);
        if (made) std::memcpy(PyUnicode_1BYTE_DATA(made), text.data(), text.size());
        return made;
    }
    if (measure.is_latin1()) {
        PyObject* made = PyUnicode_New(length, 0xFF);
        if (made) validate::widen_utf8(text, PyUnicode_1BYTE_DATA(made));
        return made;
    }
    if (measure.is_ucs2()) {
        PyObject* made = PyUnicode_New(length, 0xFFFF);
        if (made) validate::widen_utf8(text, PyUnicode_2BYTE_DATA(made));
        return made;
    }
    PyObject* made = PyUnicode_New(length, 0x10FFFF);
    if (made) validate::widen_utf8(text, PyUnicode_4BYTE_DATA(made));
    return made;
}

bool ascii_of(PyObject* text, std::string_view& out) {
    if (!PyUnicode_CheckExact(text) || !PyUnicode_IS_COMPACT_ASCII(text)) return false;
    out = {reinterpret_cast<const char*>(PyUnicode_1BYTE_DATA(text)),
           static_cast<std::size_t>(PyUnicode_GET_LENGTH(text))};
    return true;
}

}  // namespace chanx::bindings
