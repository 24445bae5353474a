// A plan with the Python objects that its nodes stand for: classes, field names, defaults, literals.
#pragma once

#include <Python.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/schema/plan.hpp"

namespace chanx::bindings {

struct field_default {
    enum class type : unsigned char { none, constant, deep_copy, factory, empty_list, empty_dict, empty_set };
    type what = type::none;
    PyObject* object = nullptr;
};

// What a node of the plan becomes in Python, where its kind leaves that open.
enum class form : unsigned char {
    plain,
    model,
    typed_dict,
    dataclass,
    tuple,
    set,
    frozen_set,
    named_tuple,
    root_model,
    function,   // call(value)
    method,     // call(owner, value): a field's serializer
    post_init,  // value.call(None)
};

// A field that depends on the ones before it: both are called with a dict of those.
struct dependent_field {
    PyObject* given = nullptr;   // and with the value in the frame
    PyObject* absent = nullptr;  // when the field is not in the frame
};

struct node_objects {
    form made = form::plain;
    PyObject* cls = nullptr;
    Py_ssize_t fields_set_at = 0;  // offsets of pydantic's slots in an instance
    Py_ssize_t extra_at = 0;
    Py_ssize_t private_at = 0;
    std::vector<PyObject*> names;  // attribute names of the fields, interned
    std::vector<field_default> defaults;
    std::vector<bool> excluded;               // fields that are not written
    std::size_t computed_from = 0;            // the first of the computed fields, which stand at the end
    bool skip_none = false;                   // a serializer is not called with None
    std::vector<dependent_field> dependents;  // empty when no field depends on others
    bool has_slots = false;                   // a dataclass whose instances have no dict
    // Python keeps the attributes of the class's instances without a dict, until one is asked for.
    bool inline_attributes = false;
    // Otherwise a dict with every field, in order, holding what most instances will; copying it beats
    // building one.
    PyObject* blank = nullptr;
    std::vector<PyObject*> blank_values;  // borrowed from `blank`
    // __pydantic_fields_set__ by bit mask of the fields given: copying a set copies its hash table as it is
    std::vector<std::pair<std::uint64_t, PyObject*>> given_sets;
    std::vector<PyObject*> literals;
    std::vector<PyObject*> values;  // of an enum's members, when encoding
    // Pydantic's validator or serializer for this part; of a node `after`, what is called with the result.
    PyObject* call = nullptr;
    std::uint64_t min_length = 0;  // of a set, whose size is known when it is made
    std::uint64_t max_length = UINT64_MAX;

    PyTypeObject* type() const noexcept { return reinterpret_cast<PyTypeObject*>(cls); }
};

// Owns its references; immutable but for given_sets, which the GIL protects.
struct python_plan {
    schema::plan plan;
    std::vector<node_objects> nodes;
    std::vector<std::string>
        keys;  // of all fields, as encode::prepare_keys makes them; empty in a plan for decoding

    template <class Visit>
    void each_reference(Visit visit) {
        for (node_objects& n : nodes) {
            visit(n.cls);
            visit(n.blank);
            visit(n.call);
            for (PyObject*& o : n.names) visit(o);
            for (PyObject*& o : n.literals) visit(o);
            for (PyObject*& o : n.values) visit(o);
            for (field_default& d : n.defaults) visit(d.object);
            for (dependent_field& d : n.dependents) {
                visit(d.given);
                visit(d.absent);
            }
            for (auto& [mask, set] : n.given_sets) visit(set);
        }
    }
};

// The Python type `_core.Plan`: opaque, made by `_core.compile_plan`.
extern PyTypeObject plan_type;

struct plan_object {
    PyObject_HEAD python_plan* plan;
};

inline python_plan& plan_of(PyObject* object) { return *reinterpret_cast<plan_object*>(object)->plan; }

// Takes over the plan. Null with an exception set when memory is short.
PyObject* make_plan_object(python_plan* plan);

}  // namespace chanx::bindings
