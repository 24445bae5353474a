// Turns the nodes that chanx._schema reads from pydantic's core schema into a plan and its Python objects.
#include <Python.h>
#include <pybind11/stl.h>
#include <structmember.h>

#include <memory>
#include <stdexcept>
#include <unordered_map>

#include "bindings/codec.hpp"
#include "bindings/init.hpp"
#include "bindings/python_plan.hpp"
#include "core/encode/keys.hpp"
#include "core/schema/letter_case.hpp"

namespace py = pybind11;

namespace chanx::bindings {
namespace {

const std::unordered_map<std::string, schema::kind> kinds = {
    {"any", schema::kind::any},         {"none", schema::kind::null},
    {"bool", schema::kind::boolean},    {"int", schema::kind::integer},
    {"float", schema::kind::floating},  {"str", schema::kind::string},
    {"literal", schema::kind::literal}, {"nullable", schema::kind::nullable},
    {"list", schema::kind::list},       {"dict", schema::kind::dict},
    {"model", schema::kind::model},     {"union", schema::kind::tagged_union},
    {"foreign", schema::kind::foreign},
};

const std::unordered_map<std::string, field_default::type> default_types = {
    {"constant", field_default::type::constant},     {"copy", field_default::type::deep_copy},
    {"factory", field_default::type::factory},       {"empty_list", field_default::type::empty_list},
    {"empty_dict", field_default::type::empty_dict}, {"empty_set", field_default::type::empty_set},
};

template <class T>
std::optional<T> optional(const py::dict& node, const char* key) {
    if (!node.contains(key)) return std::nullopt;
    return node[key].cast<T>();
}

template <class Number>
schema::range<Number> read_range(const py::dict& node) {
    return {optional<Number>(node, "gt"), optional<Number>(node, "ge"), optional<Number>(node, "lt"),
            optional<Number>(node, "le")};
}

Py_ssize_t slot_offset(PyTypeObject* cls, const char* name) {
    py::object descriptor =
        py::reinterpret_steal<py::object>(PyObject_GetAttrString(reinterpret_cast<PyObject*>(cls), name));
    if (!descriptor) throw py::error_already_set();
    if (!Py_IS_TYPE(descriptor.ptr(), &PyMemberDescr_Type))
        throw std::invalid_argument(std::string(name) + " is not a slot");
    return reinterpret_cast<PyMemberDescrObject*>(descriptor.ptr())->d_member->offset;
}

void require_ordinary_class(PyTypeObject* cls) {
    const bool plain = PyType_HasFeature(cls, Py_TPFLAGS_HEAPTYPE) && PyType_IS_GC(cls) &&
                       cls->tp_itemsize == 0 && cls->tp_alloc == PyType_GenericAlloc &&
                       cls->tp_free == PyObject_GC_Del && cls->tp_new == PyBaseObject_Type.tp_new &&
                       !PyType_HasFeature(cls, Py_TPFLAGS_IS_ABSTRACT);
    if (!plain) throw std::invalid_argument("the class makes its instances in a way of its own");
}

schema::literal_spec read_literal(py::handle from) {
    using type = schema::literal_spec::type;
    schema::literal_spec one;
    if (from.is_none()) {
        one.what = type::null;
    } else if (PyBool_Check(from.ptr())) {
        one.what = type::boolean;
        one.boolean = from.cast<bool>();
    } else if (PyLong_CheckExact(from.ptr())) {
        one.what = type::integer;
        one.integer = from.cast<std::int64_t>();
    } else {
        one.what = type::string;
        one.string = from.cast<std::string>();
    }
    return one;
}

PyObject* take(py::handle object) { return Py_NewRef(object.ptr()); }

void read_fields(const py::dict& from, schema::node_spec& to, node_objects& objects) {
    objects.cls = take(from["cls"]);
    require_ordinary_class(objects.type());
    objects.fields_set_at = slot_offset(objects.type(), "__pydantic_fields_set__");
    objects.extra_at = slot_offset(objects.type(), "__pydantic_extra__");
    objects.private_at = slot_offset(objects.type(), "__pydantic_private__");
    py::list fields = from["fields"];
    if (fields.size() > 64) throw std::invalid_argument("a model of more than 64 fields");
    for (py::handle item : fields) {
        py::dict field = py::reinterpret_borrow<py::dict>(item);
        schema::field_spec one;
        one.name = field["key"].cast<std::string>();
        one.node = field["node"].cast<std::uint32_t>();
        field_default value;
        if (field.contains("default")) {
            one.required = false;
            value.what = default_types.at(field["default"].cast<std::string>());
            one.default_runs_code =
                value.what == field_default::type::factory || value.what == field_default::type::deep_copy;
            if (field.contains("object")) value.object = take(field["object"]);
        }
        objects.defaults.push_back(value);
        PyObject* name = take(field["name"]);
        PyUnicode_InternInPlace(&name);
        objects.names.push_back(name);
        to.fields.push_back(std::move(one));
    }
}

// What a field of a new instance most likely holds: its constant default, or the only value of its literal.
PyObject* likely_value(const python_plan& plan, const schema::field_spec& field, const field_default& value) {
    if (value.what == field_default::type::constant) return value.object;
    const std::vector<PyObject*>& literals = plan.nodes[field.node].literals;
    return literals.size() == 1 ? literals[0] : Py_None;
}

void prepare_blanks(python_plan& plan, const schema::spec& form) {
    for (std::size_t i = 0; i < form.nodes.size(); ++i) {
        if (form.nodes[i].type != schema::kind::model) continue;
        node_objects& objects = plan.nodes[i];
        py::dict blank;
        for (std::size_t at = 0; at < objects.names.size(); ++at) {
            PyObject* value = likely_value(plan, form.nodes[i].fields[at], objects.defaults[at]);
            blank[py::handle(objects.names[at])] = py::handle(value);
            objects.blank_values.push_back(value);
        }
        objects.blank = blank.release().ptr();
    }
}

void read_node(const py::dict& from, schema::node_spec& to, node_objects& objects) {
    to.type = kinds.at(from["kind"].cast<std::string>());
    to.min_length = optional<std::uint64_t>(from, "min_length");
    to.max_length = optional<std::uint64_t>(from, "max_length");
    to.strip = from.contains("strip");
    to.forbid_extra = from.contains("forbid_extra");
    to.first = optional<std::uint32_t>(from, "first").value_or(0);
    to.second = optional<std::uint32_t>(from, "second").value_or(0);
    switch (to.type) {
        case schema::kind::integer:
            to.integers = read_range<std::int64_t>(from);
            to.multiple_of = optional<std::int64_t>(from, "multiple_of");
            break;
        case schema::kind::floating: to.floats = read_range<double>(from); break;
        case schema::kind::literal:
            for (py::handle one : from["expected"]) {
                to.literals.push_back(read_literal(one));
                objects.literals.push_back(take(one));
            }
            break;
        case schema::kind::model: read_fields(from, to, objects); break;
        case schema::kind::foreign: objects.call = take(from["call"]); break;
        case schema::kind::tagged_union:
            to.discriminator = from["discriminator"].cast<std::string>();
            for (auto [tag, node] : py::reinterpret_borrow<py::dict>(from["choices"]))
                to.choices.push_back({tag.cast<std::string>(), node.cast<std::uint32_t>()});
            break;
        default: break;
    }
}

struct releasing {
    void operator()(python_plan* plan) const {
        plan->each_reference([](PyObject*& o) { Py_CLEAR(o); });
        delete plan;
    }
};

py::object compile_plan(const py::list& nodes, std::uint32_t root, bool camelize, bool for_encoding) {
    std::unique_ptr<python_plan, releasing> made(new python_plan);
    schema::spec form;
    form.root = root;
    form.camelize = camelize && !for_encoding;
    form.nodes.resize(nodes.size());
    made->nodes.resize(nodes.size());
    for (std::size_t i = 0; i < nodes.size(); ++i)
        read_node(py::reinterpret_borrow<py::dict>(nodes[i]), form.nodes[i], made->nodes[i]);
    made->plan = schema::compile(form);
    prepare_blanks(*made, form);
    if (for_encoding) {
        auto keys = encode::prepare_keys(made->plan, camelize);
        if (!keys) throw std::invalid_argument("the field names cannot be camel-cased safely");
        made->keys = std::move(*keys);
    }
    PyObject* object = make_plan_object(made.release());
    if (!object) throw py::error_already_set();
    return py::reinterpret_steal<py::object>(object);
}

template <bool (*Convert)(std::string_view, std::string&)>
std::optional<std::string> convert(const std::string& key) {
    std::string out;
    if (!Convert(key, out)) return std::nullopt;
    return out;
}

}  // namespace

void init_codec(py::module_& m) {
    m.def("compile_plan", &compile_plan, py::arg("nodes"), py::arg("root"), py::arg("camelize"),
          py::arg("for_encoding"),
          "Compile the nodes of a message type. Raises ValueError for what the core cannot represent.");
    m.def("camelize", &convert<schema::camelize>, py::arg("key"),
          "The key in camelCase as pyhumps writes it; None for a key that is not ASCII letters, digits, _ "
          "and -.");
    m.def("decamelize", &convert<schema::decamelize>, py::arg("key"),
          "The key in snake_case as pyhumps writes it; None for a key that is not ASCII letters, digits, _ "
          "and -.");
    for (PyTypeObject* type : {&plan_type, &decoder_type, &encoder_type}) {
        if (PyType_Ready(type) < 0) throw py::error_already_set();
    }
    m.add_object("Plan", reinterpret_cast<PyObject*>(&plan_type));
    m.add_object("Decoder", reinterpret_cast<PyObject*>(&decoder_type));
    m.add_object("Encoder", reinterpret_cast<PyObject*>(&encoder_type));
}

}  // namespace chanx::bindings
