// Writes Python values as JSON along the plans of their classes. Writes what model_dump(mode="json") and
// json.dumps would, or nothing at all.
#pragma once

#include <Python.h>

#include <string>

#include "bindings/plan_cache.hpp"
#include "bindings/python_plan.hpp"
#include "core/encode/json_writer.hpp"

namespace chanx::bindings {

// Custom serializers may change the very containers that are being written, so what is borrowed from them is
// held.
class held {
public:
    explicit held(PyObject* object) : object_(Py_NewRef(object)) {}
    ~held() { Py_DECREF(object_); }
    held(const held&) = delete;
    held& operator=(const held&) = delete;

private:
    PyObject* object_;
};

class python_writer {
public:
    python_writer(plan_cache& plans, encode::json_writer& out) : plans_(plans), out_(out) {}

    // False when the message is not one that the plan writes exactly as pydantic; the buffer is then
    // undefined.
    bool message(PyObject* instance);

private:
    static constexpr unsigned max_depth = 64;

    // Whether a value is what members of unions of this kind hold.
    static bool is_of(const python_plan& plan, std::uint32_t index, PyObject* from);

    bool value(python_plan& plan, std::uint32_t index, PyObject* from, unsigned depth);
    bool native(python_plan& plan, std::uint32_t index, PyObject* from, unsigned depth);
    bool literal(python_plan& plan, std::uint32_t index, PyObject* from, unsigned depth);
    bool model(python_plan& plan, std::uint32_t index, PyObject* from, unsigned depth);
    bool fields(python_plan& plan, std::uint32_t index, PyObject* owner, PyObject* dict, unsigned depth);
    bool extra(python_plan& plan, std::uint32_t index, PyObject* owner, unsigned depth, bool first);
    bool computed(python_plan& plan, std::uint32_t index, PyObject* owner, unsigned depth, bool first);
    bool dataclass(python_plan& plan, std::uint32_t index, PyObject* from, unsigned depth);
    bool member(python_plan& plan, std::uint32_t index, PyObject* owner, PyObject* from, unsigned depth);
    bool root_model(python_plan& plan, std::uint32_t index, PyObject* from, unsigned depth);
    bool list(python_plan& plan, std::uint32_t items, PyObject* from, unsigned depth);
    bool collection(python_plan& plan, std::uint32_t index, PyObject* from, unsigned depth);
    bool tuple(python_plan& plan, std::uint32_t index, PyObject* from, unsigned depth);
    bool dict(python_plan& plan, std::uint32_t index, PyObject* from, unsigned depth);
    bool choice(python_plan& plan, std::uint32_t index, PyObject* from, unsigned depth);
    bool spelled(schema::kind type, PyObject* from);
    bool bytes(PyObject* from);
    bool foreign(PyObject* call, PyObject* from, unsigned depth);
    bool any(PyObject* from, unsigned depth);
    bool any_sequence(PyObject* from, unsigned depth);
    bool any_dict(PyObject* from, unsigned depth);
    bool string(PyObject* from);
    bool integer(PyObject* from);
    bool floating(PyObject* from);
    bool key(PyObject* from);
    bool distinct_keys(PyObject* dict);

    plan_cache& plans_;
    encode::json_writer& out_;
    std::string scratch_;
};

}  // namespace chanx::bindings
