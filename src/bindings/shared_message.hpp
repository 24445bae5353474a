// A message as all attached consumers of a process see it: one object, decoded once, with room for what they
// make of it, such as its encoded frame.
#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>

namespace chanx::bindings {

struct shared_message {
    pybind11::object content;                   // a dict that nobody may change
    std::size_t bytes = 0;                      // what the layer counts it as
    pybind11::object cache = pybind11::none();  // whatever the first consumer leaves for the others
};

// A new reference to a SharedMessage, or null with a Python error set.
PyObject* make_shared_message(PyObject* content, std::size_t bytes);

void init_shared_message(pybind11::module_& module);

}  // namespace chanx::bindings
