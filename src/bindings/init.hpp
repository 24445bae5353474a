// One init function for each binding file; module.cpp calls them in order.
#pragma once

#include <pybind11/pybind11.h>

namespace chanx::bindings {

}  // namespace chanx::bindings
