// The callable Python types of the codec. They are plain C types because a call through pybind11 costs more
// than a ping.
#pragma once

#include <Python.h>

#include "core/validate/limits.hpp"

namespace chanx::bindings {

// `_core.Decoder(plan, fallback, frames)`: text to message.
extern PyTypeObject decoder_type;

// Limits from a tuple (bytes, depth, elements, string), negative for none; false with an exception set.
bool read_limits(PyObject* from, validate::document_limits& out);

// `_core.Encoder(compile, fallback, as_bytes)`: message to text.
extern PyTypeObject encoder_type;

}  // namespace chanx::bindings
