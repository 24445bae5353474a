// Models, TypedDicts and dataclasses as JSON.
#include <string_view>

#include "bindings/python_text.hpp"
#include "bindings/python_writer.hpp"

namespace chanx::bindings {
namespace {

PyObject* slot(PyObject* instance, Py_ssize_t at) {
    return *reinterpret_cast<PyObject**>(reinterpret_cast<char*>(instance) + at);
}

}  // namespace

bool python_writer::model(python_plan& plan, std::uint32_t index, PyObject* from, unsigned depth) {
    const node_objects& objects = plan.nodes[index];
    if (depth >= max_depth) return false;
    if (objects.made == form::typed_dict)
        return PyDict_CheckExact(from) && fields(plan, index, from, from, depth);
    if (Py_TYPE(from) != objects.type()) return false;
    if (objects.made == form::dataclass) return dataclass(plan, index, from, depth);
    PyObject* dict = PyObject_GenericGetDict(from, nullptr);
    if (!dict) return false;
    const bool fine = fields(plan, index, from, dict, depth);
    Py_DECREF(dict);
    return fine;
}

bool python_writer::fields(python_plan& plan, std::uint32_t index, PyObject* owner, PyObject* dict,
                           unsigned depth) {
    const node_objects& objects = plan.nodes[index];
    const schema::node& n = plan.plan.nodes[index];
    out_.character('{');
    Py_ssize_t at = 0;
    PyObject *name, *one;
    std::size_t expected = 0;  // fields mostly stand in the order of the plan
    bool first = true;
    while (PyDict_Next(dict, &at, &name, &one)) {
        std::size_t i = expected;
        if (i >= objects.names.size() || objects.names[i] != name) {
            std::string_view text;
            if (!ascii_of(name, text)) return false;
            for (i = 0; i < objects.names.size(); ++i) {
                if (plan.plan.fields[n.first_field + i].name == text) break;
            }
            if (i == objects.names.size() || i >= objects.computed_from) return false;
        }
        expected = i + 1;
        if (objects.excluded[i]) continue;
        if (!first) out_.character(',');
        first = false;
        const held keep(one);
        out_.raw(plan.keys[n.first_field + i]);
        if (!member(plan, plan.plan.fields[n.first_field + i].node, owner, one, depth + 1)) return false;
    }
    if (objects.made == form::model && !extra(plan, index, owner, depth, first)) return false;
    out_.character('}');
    return true;
}

// What a model keeps beyond its fields, and then its computed fields.
bool python_writer::extra(python_plan& plan, std::uint32_t index, PyObject* owner, unsigned depth,
                          bool first) {
    PyObject* kept = slot(owner, plan.nodes[index].extra_at);
    if (kept && kept != Py_None) {
        const bool expected = plan.plan.nodes[index].keep_extra && PyDict_CheckExact(kept);
        if (!expected || (plans_.camelize() && PyDict_GET_SIZE(kept))) return false;
        const held hold(kept);
        Py_ssize_t at = 0;
        PyObject *name, *one;
        while (PyDict_Next(kept, &at, &name, &one)) {
            if (!first) out_.character(',');
            first = false;
            if (!key(name) || !any(one, depth + 1)) return false;
        }
    }
    return computed(plan, index, owner, depth, first);
}

bool python_writer::computed(python_plan& plan, std::uint32_t index, PyObject* owner, unsigned depth,
                             bool first) {
    const node_objects& objects = plan.nodes[index];
    const std::uint32_t first_field = plan.plan.nodes[index].first_field;
    for (std::size_t i = objects.computed_from; i < objects.names.size(); ++i) {
        PyObject* made = PyObject_GetAttr(owner, objects.names[i]);
        if (!made) return false;
        if (!first) out_.character(',');
        first = false;
        out_.raw(plan.keys[first_field + i]);
        const bool fine = member(plan, plan.plan.fields[first_field + i].node, owner, made, depth + 1);
        Py_DECREF(made);
        if (!fine) return false;
    }
    return true;
}

bool python_writer::dataclass(python_plan& plan, std::uint32_t index, PyObject* from, unsigned depth) {
    const node_objects& objects = plan.nodes[index];
    const schema::node& n = plan.plan.nodes[index];
    PyObject* dict = objects.has_slots ? nullptr : PyObject_GenericGetDict(from, nullptr);
    if (!dict && !objects.has_slots) return false;
    bool fine = true, first = true;
    out_.character('{');
    for (std::size_t i = 0; fine && i < objects.names.size(); ++i) {
        if (objects.excluded[i]) continue;
        PyObject* one = dict ? Py_XNewRef(PyDict_GetItemWithError(dict, objects.names[i]))
                             : PyObject_GetAttr(from, objects.names[i]);
        fine = one != nullptr;
        if (!fine) break;
        if (!first) out_.character(',');
        first = false;
        out_.raw(plan.keys[n.first_field + i]);
        fine = member(plan, plan.plan.fields[n.first_field + i].node, from, one, depth + 1);
        Py_DECREF(one);
    }
    Py_XDECREF(dict);
    out_.character('}');
    return fine;
}

bool python_writer::root_model(python_plan& plan, std::uint32_t index, PyObject* from, unsigned depth) {
    const node_objects& objects = plan.nodes[index];
    if (objects.made != form::root_model || Py_TYPE(from) != objects.type() || depth >= max_depth)
        return false;
    PyObject* dict = PyObject_GenericGetDict(from, nullptr);
    if (!dict) return false;
    PyObject* root = PyDict_GetItemWithError(dict, objects.names[0]);
    bool fine = root != nullptr;
    if (fine) {
        const held keep(root);
        fine = member(plan, plan.plan.nodes[index].first, from, root, depth + 1);
    }
    Py_DECREF(dict);
    return fine;
}

}  // namespace chanx::bindings
