// What the bindings of the Redis layers share: options from Python, failures to Python.
#pragma once

#include <pybind11/pybind11.h>

#include "core/redis/client.hpp"

namespace chanx::bindings {

// The options of a connection from a dict of them, as chanx.layers.hosts makes it. An unknown key is a
// TypeError.
redis::options redis_options(const pybind11::dict& given);

// Sets the exception of chanx.exceptions that a failure stands for. Needs the GIL.
void set_redis_error(const redis::failure& why);
[[noreturn]] void throw_redis_error(const redis::failure& why);

// str for a status, bytes for a string, int, None, list; an error reply becomes an exception object in its
// place.
pybind11::object redis_value(const redis::client& from, const redis::reply& value);

}  // namespace chanx::bindings
