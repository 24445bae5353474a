// Unions as JSON: the type of a value tells the member.
#include "bindings/python_values.hpp"
#include "bindings/python_writer.hpp"

namespace chanx::bindings {

bool python_writer::is_of(const python_plan& plan, std::uint32_t index, PyObject* from) {
    const schema::node& n = plan.plan.nodes[index];
    const node_objects& objects = plan.nodes[index];
    switch (n.type) {
        case schema::kind::string: return PyUnicode_CheckExact(from);
        case schema::kind::integer: return PyLong_CheckExact(from);
        case schema::kind::floating: return PyFloat_CheckExact(from);
        case schema::kind::boolean: return PyBool_Check(from);
        case schema::kind::null: return from == Py_None;
        case schema::kind::nullable: return from == Py_None || is_of(plan, n.first, from);
        case schema::kind::list: return PyList_CheckExact(from);
        case schema::kind::dict: return PyDict_CheckExact(from);
        case schema::kind::tuple: return PyTuple_CheckExact(from);
        case schema::kind::collection:
            switch (objects.made) {
                case form::set: return PySet_CheckExact(from);
                case form::frozen_set: return PyFrozenSet_CheckExact(from);
                default: return PyTuple_CheckExact(from);
            }
        case schema::kind::literal:
            for (PyObject* known : objects.literals) {
                if (known == from) return true;
            }
            return false;
        case schema::kind::after:
        case schema::kind::model: return Py_TYPE(from) == objects.type();
        case schema::kind::date:
        case schema::kind::time:
        case schema::kind::datetime:
        case schema::kind::uuid:
        case schema::kind::decimal: return is_spelled(n.type, from);
        case schema::kind::bytes: return PyBytes_CheckExact(from);
        default: return false;
    }
}

bool python_writer::choice(python_plan& plan, std::uint32_t index, PyObject* from, unsigned depth) {
    for (std::uint32_t one : plan.plan.nodes[index].choices) {
        if (is_of(plan, one, from)) return value(plan, one, from, depth);
    }
    return false;
}

}  // namespace chanx::bindings
