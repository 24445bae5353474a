#include "bindings/python_writer.hpp"

namespace chanx::bindings {

bool python_writer::message(PyObject* instance) {
    python_plan* plan = plans_.find(Py_TYPE(instance));
    return plan && value(*plan, plan->plan.root, instance, 0);
}

bool python_writer::value(python_plan& plan, std::uint32_t index, PyObject* from, unsigned depth) {
    PyObject* call = plan.nodes[index].call;
    if (!call || plan.plan.nodes[index].type == schema::kind::foreign)
        return native(plan, index, from, depth);
    const std::size_t start = out_.size();
    if (native(plan, index, from, depth)) return true;
    PyErr_Clear();
    out_.truncate(start);
    return foreign(call, from, depth);
}

bool python_writer::native(python_plan& plan, std::uint32_t index, PyObject* from, unsigned depth) {
    const schema::node& n = plan.plan.nodes[index];
    switch (n.type) {
        case schema::kind::string: return string(from);
        case schema::kind::integer: return integer(from);
        case schema::kind::floating: return floating(from);
        case schema::kind::boolean:
            if (!PyBool_Check(from)) return false;
            out_.raw(from == Py_True ? "true" : "false");
            return true;
        case schema::kind::null:
            if (from != Py_None) return false;
            out_.raw("null");
            return true;
        case schema::kind::nullable:
            if (from != Py_None) return value(plan, n.first, from, depth);
            out_.raw("null");
            return true;
        case schema::kind::literal: return literal(plan, index, from, depth);
        case schema::kind::list: return list(plan, n.first, from, depth);
        case schema::kind::collection: return collection(plan, index, from, depth);
        case schema::kind::tuple: return tuple(plan, index, from, depth);
        case schema::kind::dict: return dict(plan, index, from, depth);
        case schema::kind::model: return model(plan, index, from, depth);
        case schema::kind::after: return root_model(plan, index, from, depth);
        case schema::kind::tagged_union:
        case schema::kind::choice_union: return choice(plan, index, from, depth);
        case schema::kind::any: return any(from, depth);
        case schema::kind::bytes: return bytes(from);
        case schema::kind::foreign: return member(plan, index, nullptr, from, depth);
        case schema::kind::date:
        case schema::kind::time:
        case schema::kind::datetime:
        case schema::kind::uuid:
        case schema::kind::decimal: return spelled(n.type, from);
        case schema::kind::duration:
        case schema::kind::never: return false;
    }
    return false;
}

namespace {

bool is_literal(PyObject* known, PyObject* from) {
    if (known == from) return true;
    return PyUnicode_CheckExact(known) && PyUnicode_CheckExact(from) && PyUnicode_Compare(known, from) == 0;
}

}  // namespace

bool python_writer::literal(python_plan& plan, std::uint32_t index, PyObject* from, unsigned depth) {
    const node_objects& objects = plan.nodes[index];
    for (std::size_t i = 0; i < objects.literals.size(); ++i) {
        if (is_literal(objects.literals[i], from))
            return any(objects.values.empty() ? from : objects.values[i], depth);
    }
    return objects.values.empty() && PyUnicode_CheckExact(from) && any(from, depth);
}

// A value that belongs to `owner`, whose own serializer may be asked.
bool python_writer::member(python_plan& plan, std::uint32_t index, PyObject* owner, PyObject* from,
                           unsigned depth) {
    const schema::node& n = plan.plan.nodes[index];
    if (n.type != schema::kind::foreign) return value(plan, index, from, depth);
    const node_objects& objects = plan.nodes[index];
    if (objects.made == form::plain) return foreign(objects.call, from, depth);
    if (objects.skip_none && from == Py_None) return any(from, depth);
    if (objects.made == form::method && !owner) return false;
    PyObject* made = objects.made == form::method
                         ? PyObject_CallFunctionObjArgs(objects.call, owner, from, nullptr)
                         : PyObject_CallOneArg(objects.call, from);
    if (!made) return false;
    const bool fine = value(plan, n.first, made, depth);
    Py_DECREF(made);
    return fine;
}

bool python_writer::foreign(PyObject* call, PyObject* from, unsigned depth) {
    PyObject* made = PyObject_CallOneArg(call, from);
    if (!made) return false;
    const bool fine = any(made, depth);
    Py_DECREF(made);
    return fine;
}

bool python_writer::any(PyObject* from, unsigned depth) {
    if (from == Py_None) {
        out_.raw("null");
        return true;
    }
    if (PyUnicode_CheckExact(from)) return string(from);
    if (PyBool_Check(from)) {
        out_.raw(from == Py_True ? "true" : "false");
        return true;
    }
    if (PyLong_CheckExact(from)) return integer(from);
    if (PyFloat_CheckExact(from)) return out_.floating(PyFloat_AS_DOUBLE(from));
    if (depth >= max_depth) return false;
    if (PyDict_CheckExact(from)) return any_dict(from, depth);
    if (PyList_CheckExact(from) || PyTuple_CheckExact(from)) return any_sequence(from, depth);
    return false;
}

}  // namespace chanx::bindings
