// Writes Python values as JSON along the plans of their classes. Writes what model_dump(mode="json") and
// json.dumps would, or nothing at all.
#pragma once

#include <Python.h>

#include <memory>
#include <string>
#include <unordered_map>

#include "bindings/python_plan.hpp"
#include "core/encode/json_writer.hpp"

namespace chanx::bindings {

// The plans of the classes met so far. A class without a plan is remembered too. Used under the GIL.
class plan_cache {
public:
    plan_cache(PyObject* compile, bool camelize) : compile_(Py_NewRef(compile)), camelize_(camelize) {}
    ~plan_cache();
    plan_cache(const plan_cache&) = delete;
    plan_cache& operator=(const plan_cache&) = delete;

    // Null when the class has no plan; user code may run the first time.
    python_plan* find(PyTypeObject* cls);
    bool camelize() const noexcept { return camelize_; }
    int traverse(visitproc visit, void* arg);

private:
    PyObject* compile_;
    bool camelize_;
    std::unordered_map<PyTypeObject*, PyObject*> plans_;
};

// The calling thread's writer, empty, for the time of one message. A lease taken while the writer is in use
// (a custom serializer encodes a message itself) gets one of its own; a large buffer is not kept.
class writer_lease {
public:
    writer_lease();
    ~writer_lease();
    writer_lease(const writer_lease&) = delete;
    writer_lease& operator=(const writer_lease&) = delete;

    encode::json_writer& operator*() noexcept { return *writer_; }

private:
    std::unique_ptr<encode::json_writer> writer_;
};

class python_writer {
public:
    python_writer(plan_cache& plans, encode::json_writer& out) : plans_(plans), out_(out) {}

    // False when the message is not one that the plan writes exactly as pydantic; the buffer is then
    // undefined.
    bool message(PyObject* instance);

private:
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
