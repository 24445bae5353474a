// Python str from text that is known to be valid UTF-8.
#pragma once

#include <Python.h>

#include <string_view>

namespace chanx::bindings {

// A new str, or null with MemoryError set.
PyObject* make_str(std::string_view valid_utf8);

// The characters of a str of ASCII only; false for any other object.
bool ascii_of(PyObject* text, std::string_view& out);

}  // namespace chanx::bindings
