// The callable Python types of the codec. They are plain C types because a call through pybind11 costs more
// than a ping.
#pragma once

#include <Python.h>

namespace chanx::bindings {

// `_core.Decoder(plan, fallback, frames)`: text to message.
extern PyTypeObject decoder_type;

// `_core.Encoder(compile, fallback, as_bytes)`: message to text.
extern PyTypeObject encoder_type;

}  // namespace chanx::bindings
