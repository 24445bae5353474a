// Dates, times, UUIDs and decimals: Python's objects as pydantic makes them.
#pragma once

#include <Python.h>

#include <string_view>

#include "core/schema/spec.hpp"
#include "core/validate/temporal.hpp"

namespace chanx::bindings {

// Fetches the classes, once; false with an exception set.
bool prepare_values();

// All give a new reference, or null with an exception set.
PyObject* make_date(const validate::date_parts& parts);
PyObject* make_time(const validate::time_parts& parts);
PyObject* make_datetime(const validate::datetime_parts& parts);
PyObject* make_duration(const validate::duration_parts& parts);
PyObject* make_uuid(const validate::uuid_bytes& bytes);
PyObject* make_decimal(std::string_view text);

// Write the text that pydantic writes for the value; false for what is not plainly of that type. At most 64
// characters.
bool date_text(PyObject* value, char* out, std::size_t& size);
bool time_text(PyObject* value, char* out, std::size_t& size);
bool datetime_text(PyObject* value, char* out, std::size_t& size);
bool uuid_text(PyObject* value, char* out, std::size_t& size);

// Whether the value is of exactly the type that the kind stands for.
bool is_spelled(schema::kind type, PyObject* value);

// A new str, or null.
PyObject* decimal_text(PyObject* value);

}  // namespace chanx::bindings
