// Containers as JSON, and the keys of dicts.
#include <set>
#include <string_view>

#include "bindings/python_text.hpp"
#include "bindings/python_writer.hpp"
#include "core/schema/letter_case.hpp"

namespace chanx::bindings {

bool python_writer::list(python_plan& plan, std::uint32_t items, PyObject* from, unsigned depth) {
    if (!PyList_CheckExact(from) || depth >= max_depth) return false;
    out_.character('[');
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(from); ++i) {
        if (i) out_.character(',');
        const held keep(PyList_GET_ITEM(from, i));
        if (!value(plan, items, PyList_GET_ITEM(from, i), depth + 1)) return false;
    }
    out_.character(']');
    return true;
}

bool python_writer::tuple(python_plan& plan, std::uint32_t index, PyObject* from, unsigned depth) {
    const std::vector<std::uint32_t>& items = plan.plan.nodes[index].choices;
    if (!PyTuple_CheckExact(from) || depth >= max_depth ||
        static_cast<std::size_t>(PyTuple_GET_SIZE(from)) != items.size())
        return false;
    out_.character('[');
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (i) out_.character(',');
        if (!value(plan, items[i], PyTuple_GET_ITEM(from, static_cast<Py_ssize_t>(i)), depth + 1))
            return false;
    }
    out_.character(']');
    return true;
}

bool python_writer::collection(python_plan& plan, std::uint32_t index, PyObject* from, unsigned depth) {
    if (depth >= max_depth || !is_of(plan, index, from)) return false;
    PyObject* each = PyObject_GetIter(from);
    if (!each) return false;
    out_.character('[');
    bool fine = true;
    for (bool first = true; fine; first = false) {
        PyObject* one = PyIter_Next(each);
        if (!one) break;
        if (!first) out_.character(',');
        fine = value(plan, plan.plan.nodes[index].first, one, depth + 1);
        Py_DECREF(one);
    }
    Py_DECREF(each);
    out_.character(']');
    return fine && !PyErr_Occurred();
}

bool python_writer::dict(python_plan& plan, std::uint32_t index, PyObject* from, unsigned depth) {
    const schema::node& n = plan.plan.nodes[index];
    const schema::kind keys = plan.plan.nodes[n.first].type;
    if (!PyDict_CheckExact(from) || depth >= max_depth || !distinct_keys(from)) return false;
    out_.character('{');
    Py_ssize_t at = 0;
    PyObject *name, *member;
    for (bool first = true; PyDict_Next(from, &at, &name, &member); first = false) {
        if (!first) out_.character(',');
        const held keep(member);
        if (keys == schema::kind::string && !PyUnicode_CheckExact(name)) return false;
        if (keys == schema::kind::integer && !PyLong_CheckExact(name)) return false;
        if (!key(name) || !value(plan, n.second, member, depth + 1)) return false;
    }
    out_.character('}');
    return true;
}

bool python_writer::any_sequence(PyObject* from, unsigned depth) {
    out_.character('[');
    const Py_ssize_t size = PySequence_Fast_GET_SIZE(from);
    for (Py_ssize_t i = 0; i < size; ++i) {
        if (i) out_.character(',');
        if (!any(PySequence_Fast_GET_ITEM(from, i), depth + 1)) return false;
    }
    out_.character(']');
    return true;
}

bool python_writer::any_dict(PyObject* from, unsigned depth) {
    if (!distinct_keys(from)) return false;
    out_.character('{');
    Py_ssize_t at = 0;
    PyObject *name, *member;
    for (bool first = true; PyDict_Next(from, &at, &name, &member); first = false) {
        if (!first) out_.character(',');
        if (!key(name) || !any(member, depth + 1)) return false;
    }
    out_.character('}');
    return true;
}

bool python_writer::key(PyObject* from) {
    if (PyLong_CheckExact(from)) {
        out_.character('"');
        if (!integer(from)) return false;
        out_.raw("\":");
        return true;
    }
    if (!PyUnicode_CheckExact(from)) return false;
    std::string_view text;
    if (!plans_.camelize()) {
        if (!string(from)) return false;
    } else {
        if (!ascii_of(from, text) || !schema::camelize(text, scratch_)) return false;
        out_.ascii_string(reinterpret_cast<const unsigned char*>(scratch_.data()), scratch_.size());
    }
    out_.character(':');
    return true;
}

// Keys that become one by camel-casing would have to be merged; that is left to the fallback.
bool python_writer::distinct_keys(PyObject* dict) {
    if (!plans_.camelize() || PyDict_GET_SIZE(dict) < 2) return true;
    std::set<std::string> seen;
    Py_ssize_t at = 0;
    PyObject *name, *member;
    while (PyDict_Next(dict, &at, &name, &member)) {
        std::string_view text;
        if (!ascii_of(name, text) || !schema::camelize(text, scratch_)) return false;
        if (!seen.insert(scratch_).second) return false;
    }
    return true;
}

}  // namespace chanx::bindings
