// Builds Python values, and pydantic's model instances as pydantic builds them, for validate::walker.
#pragma once

#include <Python.h>

#include <cstdint>
#include <string_view>

#include "bindings/python_plan.hpp"
#include "bindings/python_values.hpp"

namespace chanx::bindings {

// Null results carry no meaning beyond "no value": the caller clears whatever exception is set and leaves the
// document to pydantic.
class python_builder {
public:
    using value_type = PyObject*;

    explicit python_builder(python_plan& plan) : plan_(plan) {}

    PyObject* null() { return Py_NewRef(Py_None); }
    PyObject* boolean(bool flag) { return Py_NewRef(flag ? Py_True : Py_False); }
    PyObject* integer(std::int64_t number) { return PyLong_FromLongLong(number); }
    PyObject* unsigned_integer(std::uint64_t number) { return PyLong_FromUnsignedLongLong(number); }
    PyObject* floating(double number) { return PyFloat_FromDouble(number); }
    PyObject* string(std::string_view text);
    PyObject* literal(std::uint32_t node, std::uint32_t place) {
        return Py_NewRef(plan_.nodes[node].literals[place]);
    }
    PyObject* list(std::size_t size) { return PyList_New(static_cast<Py_ssize_t>(size)); }
    void append(PyObject* list, std::size_t at, PyObject* value) {
        PyList_SET_ITEM(list, static_cast<Py_ssize_t>(at), value);
    }
    PyObject* dict(std::size_t) { return PyDict_New(); }
    bool insert(PyObject* dict, std::string_view key, PyObject* value);
    bool insert_value(PyObject* dict, PyObject* key, PyObject* value);
    std::size_t dict_size(PyObject* dict) { return static_cast<std::size_t>(PyDict_GET_SIZE(dict)); }
    // `given` tells which fields were in the frame; without it those are all that have a value.
    PyObject* model(std::uint32_t node, PyObject** slots, const std::uint8_t* given, PyObject* extra);
    PyObject* dependent(std::uint32_t node, std::uint32_t field, PyObject** slots, PyObject* raw);
    PyObject* foreign(std::uint32_t node, PyObject* raw);
    PyObject* foreign_json(std::uint32_t node, std::string_view json);
    PyObject* after(std::uint32_t node, PyObject* value);
    PyObject* date(const validate::date_parts& parts) { return make_date(parts); }
    PyObject* time(const validate::time_parts& parts) { return make_time(parts); }
    PyObject* datetime(const validate::datetime_parts& parts) { return make_datetime(parts); }
    PyObject* duration(const validate::duration_parts& parts) { return make_duration(parts); }
    PyObject* uuid(const validate::uuid_bytes& bytes) { return make_uuid(bytes); }
    PyObject* decimal(std::string_view text) { return make_decimal(text); }
    PyObject* bytes(std::uint32_t, std::string_view text) {
        return PyBytes_FromStringAndSize(text.data(), static_cast<Py_ssize_t>(text.size()));
    }
    PyObject* collect(std::uint32_t node, PyObject* list);
    void drop(PyObject* value) { Py_DECREF(value); }

private:
    PyObject* instance(node_objects& objects, PyObject** slots, const std::uint8_t* given, PyObject* extra);

    python_plan& plan_;
};

}  // namespace chanx::bindings
