// Messages of the Redis layers between Python objects and their serialised form. Every function here needs
// the GIL.
#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <string_view>
#include <system_error>

#include "core/codec/envelope.hpp"

namespace chanx::bindings {

// "msgpack" or "json"; anything else is a ValueError.
codec::format format_of(const std::string& name);

// Appends the serialised message. False with a Python error set that names the path of the value at fault.
bool wire_encode(codec::format how, PyObject* message, std::string& out);

// A fresh object of the serialised message, without its address when `drop_address`. A new reference, or null
// with a Python error set.
PyObject* wire_decode(codec::format how, std::string_view body, bool drop_address);

// Sets chanx.exceptions.MessageDecodeError.
void set_decode_error(std::error_code code);

}  // namespace chanx::bindings
