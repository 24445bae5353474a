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
#include "bindings/python_values.hpp"
#include "core/encode/keys.hpp"
#include "core/schema/letter_case.hpp"

namespace py = pybind11;

namespace chanx::bindings {
namespace {

const std::unordered_map<std::string, schema::kind> kinds = {
    {"any", schema::kind::any},           {"none", schema::kind::null},
    {"bool", schema::kind::boolean},      {"int", schema::kind::integer},
    {"float", schema::kind::floating},    {"str", schema::kind::string},
    {"literal", schema::kind::literal},   {"nullable", schema::kind::nullable},
    {"list", schema::kind::list},         {"dict", schema::kind::dict},
    {"model", schema::kind::model},       {"union", schema::kind::tagged_union},
    {"foreign", schema::kind::foreign},   {"date", schema::kind::date},
    {"time", schema::kind::time},         {"datetime", schema::kind::datetime},
    {"duration", schema::kind::duration}, {"uuid", schema::kind::uuid},
    {"decimal", schema::kind::decimal},   {"bytes", schema::kind::bytes},
    {"tuple", schema::kind::tuple},       {"collection", schema::kind::collection},
    {"after", schema::kind::after},       {"choice", schema::kind::choice_union},
    {"never", schema::kind::never},
};

const std::unordered_map<std::string, form> forms = {
    {"model", form::model},
    {"typed_dict", form::typed_dict},
    {"dataclass", form::dataclass},
    {"tuple", form::tuple},
    {"set", form::set},
    {"frozen_set", form::frozen_set},
    {"named_tuple", form::named_tuple},
    {"root_model", form::root_model},
    {"function", form::function},
    {"method", form::method},
    {"post_init", form::post_init},
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

// What making an instance of the class takes.
void read_class(const py::dict& from, node_objects& objects) {
    objects.cls = take(from["cls"]);
    if (objects.made == form::typed_dict || objects.made == form::named_tuple) return;
    require_ordinary_class(objects.type());
    objects.has_slots = from.contains("slots");
    if (objects.made == form::dataclass) return;
    // A root model hides the other slots behind attributes of its class.
    objects.fields_set_at = slot_offset(objects.type(), "__pydantic_fields_set__");
    if (objects.made == form::root_model) return;
    objects.extra_at = slot_offset(objects.type(), "__pydantic_extra__");
    objects.private_at = slot_offset(objects.type(), "__pydantic_private__");
}

// Whether an instance that takes values for these names keeps them in itself. This instance teaches its class
// the names: a class of which some thirty instances were made that have a dict from the start learns none any
// more.
bool keeps_inline(PyTypeObject* cls, const std::vector<PyObject*>& names) {
    const py::tuple nothing(0);
    const auto first =
        py::reinterpret_steal<py::object>(PyBaseObject_Type.tp_new(cls, nothing.ptr(), nullptr));
    if (!first) throw py::error_already_set();
    for (PyObject* name : names) {
        if (PyObject_GenericSetAttr(first.ptr(), name, Py_None) < 0) throw py::error_already_set();
    }
    const py::list held = py::module_::import("gc").attr("get_referents")(first);
    for (py::handle one : held) {
        if (PyDict_CheckExact(one.ptr())) return false;
    }
    return true;
}

// Whether instances take values by PyObject_GenericSetAttr as they would by their dict, only faster: Python
// keeps up to 30 in the instance itself, and nothing in the class stands in the way of a name.
bool takes_attributes_inline(PyTypeObject* cls, const std::vector<PyObject*>& names) {
#if PY_VERSION_HEX >= 0x030D0000
    constexpr unsigned long needed = Py_TPFLAGS_INLINE_VALUES;
#else
    constexpr unsigned long needed = Py_TPFLAGS_MANAGED_DICT;
#endif
    constexpr std::size_t most = 30;
    if (!PyType_HasFeature(cls, needed) || names.size() > most || cls->tp_finalize || cls->tp_del)
        return false;
    for (PyObject* name : names) {
        PyObject* found = _PyType_Lookup(cls, name);
        if (found && Py_TYPE(found)->tp_descr_set) return false;
    }
    return keeps_inline(cls, names);
}

PyObject* interned(py::handle name) {
    PyObject* own = take(name);
    PyUnicode_InternInPlace(&own);
    return own;
}

// Each is a list that begins with a key and goes on with keys and places.
void read_paths(py::handle from, schema::field_spec& to) {
    for (py::handle item : from) {
        const py::list steps = py::reinterpret_borrow<py::list>(item);
        schema::key_path path;
        path.first = steps[0].cast<std::string>();
        for (std::size_t i = 1; i < steps.size(); ++i) {
            schema::key_path::step step;
            step.is_key = py::isinstance<py::str>(steps[i]);
            if (step.is_key)
                step.key = steps[i].cast<std::string>();
            else
                step.place = steps[i].cast<std::int64_t>();
            path.steps.push_back(std::move(step));
        }
        to.paths.push_back(std::move(path));
    }
}

void read_fields(const py::dict& from, schema::node_spec& to, node_objects& objects) {
    to.forbid_extra = from.contains("forbid_extra");
    to.keep_extra = from.contains("keep_extra");
    bool depends = false;
    for (py::handle item : from["fields"]) {
        py::dict field = py::reinterpret_borrow<py::dict>(item);
        schema::field_spec one;
        one.name = field["key"].cast<std::string>();
        if (field.contains("paths")) read_paths(field["paths"], one);
        one.node = field["node"].cast<std::uint32_t>();
        if (field.contains("others")) one.others = field["others"].cast<std::vector<std::string>>();
        field_default value;
        if (field.contains("optional")) one.required = false;
        if (field.contains("default")) {
            one.required = false;
            value.what = default_types.at(field["default"].cast<std::string>());
            one.default_runs_code =
                value.what == field_default::type::factory || value.what == field_default::type::deep_copy;
            if (field.contains("object")) value.object = take(field["object"]);
        }
        dependent_field calls;
        if (field.contains("given")) calls.given = take(field["given"]);
        if (field.contains("absent")) calls.absent = take(field["absent"]);
        one.needs_data = calls.given != nullptr;
        one.default_needs_data = calls.absent != nullptr;
        if (calls.absent) one.required = false;
        depends = depends || calls.given || calls.absent;
        objects.dependents.push_back(calls);
        objects.defaults.push_back(value);
        objects.names.push_back(interned(field["name"]));
        objects.excluded.push_back(field.contains("excluded"));
        if (!field.contains("computed")) objects.computed_from = objects.names.size();
        to.fields.push_back(std::move(one));
    }
    if (!depends) objects.dependents.clear();
}

// What a field of a new instance most likely holds: its constant default, or the only value of its literal.
PyObject* likely_value(const python_plan& plan, const schema::field_spec& field, const field_default& value) {
    if (value.what == field_default::type::constant) return value.object;
    const std::vector<PyObject*>& literals = plan.nodes[field.node].literals;
    return literals.size() == 1 ? literals[0] : Py_None;
}

void prepare_blanks(python_plan& plan, const schema::spec& spec) {
    for (std::size_t i = 0; i < spec.nodes.size(); ++i) {
        node_objects& objects = plan.nodes[i];
        const bool is_instance = objects.made == form::root_model || objects.made == form::model ||
                                 objects.made == form::dataclass;
        objects.inline_attributes =
            is_instance && (objects.has_slots || takes_attributes_inline(objects.type(), objects.names));
        if (objects.inline_attributes) continue;
        py::dict blank;
        if (objects.made == form::root_model) {
            blank[py::handle(objects.names[0])] = py::none();
            objects.blank_values.push_back(Py_None);
        } else if (spec.nodes[i].type != schema::kind::model) {
            continue;
        }
        for (std::size_t at = 0; at < spec.nodes[i].fields.size(); ++at) {
            PyObject* value = likely_value(plan, spec.nodes[i].fields[at], objects.defaults[at]);
            blank[py::handle(objects.names[at])] = py::handle(value);
            objects.blank_values.push_back(value);
        }
        objects.blank = blank.release().ptr();
    }
}

void read_flags(const py::dict& from, schema::node_spec& to, node_objects& objects) {
    to.strip = from.contains("strip");
    to.coerces = from.contains("coerces");
    to.any_object = from.contains("any_object");
    to.left_to_right = from.contains("left_to_right");
    to.by_exactness = from.contains("by_exactness");
    to.pure = from.contains("pure");
    to.inexact = from.contains("inexact");
    if (from.contains("letters"))
        to.letters = from["letters"].cast<std::string>() == "lower" ? schema::letter_change::lower
                                                                    : schema::letter_change::upper;
    objects.skip_none = from.contains("skip_none");
    if (from.contains("form")) objects.made = forms.at(from["form"].cast<std::string>());
    if (!from.contains("call")) return;
    objects.call = take(from["call"]);
    to.has_fallback = to.type != schema::kind::after;
}

void read_node(const py::dict& from, schema::node_spec& to, node_objects& objects) {
    to.type = kinds.at(from["kind"].cast<std::string>());
    to.min_length = optional<std::uint64_t>(from, "min_length");
    to.max_length = optional<std::uint64_t>(from, "max_length");
    objects.min_length = to.min_length.value_or(0);
    objects.max_length = to.max_length.value_or(UINT64_MAX);
    to.first = optional<std::uint32_t>(from, "first").value_or(0);
    to.second = optional<std::uint32_t>(from, "second").value_or(0);
    read_flags(from, to, objects);
    switch (to.type) {
        case schema::kind::integer:
            to.integers = read_range<std::int64_t>(from);
            to.multiple_of = optional<std::int64_t>(from, "multiple_of");
            break;
        case schema::kind::floating:
            to.floats = read_range<double>(from);
            to.float_multiple_of = optional<double>(from, "multiple_of");
            break;
        case schema::kind::literal:
            for (py::handle one : from["expected"]) to.literals.push_back(read_literal(one));
            for (py::handle one : from[from.contains("members") ? "members" : "expected"])
                objects.literals.push_back(take(one));
            if (from.contains("members")) {
                for (py::handle one : from["expected"]) objects.values.push_back(take(one));
            }
            break;
        case schema::kind::model:
            read_class(from, objects);
            read_fields(from, to, objects);
            break;
        case schema::kind::after:
            if (objects.made == form::root_model) {
                read_class(from, objects);
                objects.names.push_back(interned(py::str("root")));
                objects.defaults.emplace_back();
            }
            break;
        case schema::kind::tuple:
            if (objects.made == form::named_tuple) read_class(from, objects);
            [[fallthrough]];
        case schema::kind::choice_union: to.members = from["items"].cast<std::vector<std::uint32_t>>(); break;
        case schema::kind::tagged_union:
            to.discriminator = from["discriminator"].cast<std::string>();
            if (from.contains("spellings"))
                to.other_discriminators = from["spellings"].cast<std::vector<std::string>>();
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

py::object compile_plan(const py::list& nodes, std::uint32_t root, bool camelize, bool for_encoding,
                        bool json_parts) {
    std::unique_ptr<python_plan, releasing> made(new python_plan);
    schema::spec form;
    form.json_parts = json_parts;
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

std::optional<std::string> find_excess(const py::str& text, const py::tuple& limits) {
    validate::document_limits bounds;
    if (!read_limits(limits.ptr(), bounds)) throw py::error_already_set();
    if (static_cast<std::size_t>(PyUnicode_GET_LENGTH(text.ptr())) > bounds.bytes) return "bytes";
    py::object utf8;
    Py_ssize_t size = 0;
    const char* data = PyUnicode_AsUTF8AndSize(text.ptr(), &size);
    if (!data) {  // a lone surrogate
        PyErr_Clear();
        utf8 = py::reinterpret_steal<py::object>(
            PyUnicode_AsEncodedString(text.ptr(), "utf-8", "surrogatepass"));
        if (!utf8) throw py::error_already_set();
        data = PyBytes_AS_STRING(utf8.ptr());
        size = PyBytes_GET_SIZE(utf8.ptr());
    }
    switch (validate::find_excess({data, static_cast<std::size_t>(size)}, bounds)) {
        case validate::excess::bytes: return "bytes";
        case validate::excess::depth: return "depth";
        case validate::excess::elements: return "elements";
        case validate::excess::string: return "string";
        case validate::excess::none: break;
    }
    return std::nullopt;
}

template <bool (*Convert)(std::string_view, std::string&)>
std::optional<std::string> convert(const std::string& key) {
    std::string out;
    if (!Convert(key, out)) return std::nullopt;
    return out;
}

}  // namespace

void init_codec(py::module_& m) {
    if (!prepare_values()) throw py::error_already_set();
    m.def("compile_plan", &compile_plan, py::arg("nodes"), py::arg("root"), py::arg("camelize"),
          py::arg("for_encoding"), py::arg("json_parts"),
          "Compile the nodes of a message type. Raises ValueError for what the core cannot represent.");
    m.def("find_excess", &find_excess, py::arg("text"), py::arg("limits"),
          "The limit that a text goes beyond: bytes, depth, elements or string; None when it keeps all. "
          "`limits` has them in this order, negative for none.");
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
