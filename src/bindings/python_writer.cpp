#include "bindings/python_writer.hpp"

#include <set>
#include <string_view>
#include <tuple>

#include "bindings/python_values.hpp"
#include "core/schema/letter_case.hpp"

namespace chanx::bindings {
namespace {

constexpr unsigned max_depth = 64;
constexpr std::size_t kept_capacity = 256 * 1024;

bool utf8_of(PyObject* text, std::string_view& out) {
    if (!PyUnicode_CheckExact(text) || !PyUnicode_IS_COMPACT_ASCII(text)) return false;
    out = {reinterpret_cast<const char*>(PyUnicode_1BYTE_DATA(text)),
           static_cast<std::size_t>(PyUnicode_GET_LENGTH(text))};
    return true;
}

std::unique_ptr<encode::json_writer>& spare_writer() {
    thread_local std::unique_ptr<encode::json_writer> instance;
    return instance;
}

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

PyObject* slot(PyObject* instance, Py_ssize_t at) {
    return *reinterpret_cast<PyObject**>(reinterpret_cast<char*>(instance) + at);
}

}  // namespace

plan_cache::~plan_cache() {
    for (auto& [cls, plan] : plans_) {
        Py_DECREF(plan);
        Py_DECREF(cls);
    }
    Py_DECREF(compile_);
}

python_plan* plan_cache::find(PyTypeObject* cls) {
    auto known = plans_.find(cls);
    if (known == plans_.end()) {
        PyObject* plan = PyObject_CallOneArg(compile_, reinterpret_cast<PyObject*>(cls));
        if (!plan) return nullptr;
        bool added;
        std::tie(known, added) = plans_.try_emplace(cls, plan);
        if (added)
            Py_INCREF(cls);
        else
            Py_DECREF(plan);
    }
    return known->second == Py_None ? nullptr : &plan_of(known->second);
}

int plan_cache::traverse(visitproc visit, void* arg) {
    Py_VISIT(compile_);
    for (auto& [cls, plan] : plans_) {
        Py_VISIT(reinterpret_cast<PyObject*>(cls));
        Py_VISIT(plan);
    }
    return 0;
}

writer_lease::writer_lease() : writer_(std::move(spare_writer())) {
    if (!writer_) writer_ = std::make_unique<encode::json_writer>();
    writer_->clear();
}

writer_lease::~writer_lease() {
    if (writer_->capacity() <= kept_capacity) spare_writer() = std::move(writer_);
}

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

bool python_writer::literal(python_plan& plan, std::uint32_t index, PyObject* from, unsigned depth) {
    const node_objects& objects = plan.nodes[index];
    for (std::size_t i = 0; i < objects.literals.size(); ++i) {
        if (objects.literals[i] == from) return any(objects.values.empty() ? from : objects.values[i], depth);
    }
    return objects.values.empty() && PyUnicode_CheckExact(from) && any(from, depth);
}

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
            if (!utf8_of(name, text)) return false;
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
    PyObject* dict = PyObject_GenericGetDict(from, nullptr);
    if (!dict) return false;
    bool fine = true, first = true;
    out_.character('{');
    for (std::size_t i = 0; fine && i < objects.names.size(); ++i) {
        if (objects.excluded[i]) continue;
        PyObject* one = PyDict_GetItemWithError(dict, objects.names[i]);
        fine = one != nullptr;
        if (!fine) break;
        if (!first) out_.character(',');
        first = false;
        const held keep(one);
        out_.raw(plan.keys[n.first_field + i]);
        fine = member(plan, plan.plan.fields[n.first_field + i].node, from, one, depth + 1);
    }
    Py_DECREF(dict);
    out_.character('}');
    return fine;
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

namespace {

bool is_of(const schema::plan& plan, const std::vector<node_objects>& objects, std::uint32_t index,
           PyObject* from) {
    const schema::node& n = plan.nodes[index];
    switch (n.type) {
        case schema::kind::string: return PyUnicode_CheckExact(from);
        case schema::kind::integer: return PyLong_CheckExact(from);
        case schema::kind::floating: return PyFloat_CheckExact(from);
        case schema::kind::boolean: return PyBool_Check(from);
        case schema::kind::null: return from == Py_None;
        case schema::kind::nullable: return from == Py_None || is_of(plan, objects, n.first, from);
        case schema::kind::list: return PyList_CheckExact(from);
        case schema::kind::dict: return PyDict_CheckExact(from);
        case schema::kind::tuple: return PyTuple_CheckExact(from);
        case schema::kind::collection:
            switch (objects[index].made) {
                case form::set: return PySet_CheckExact(from);
                case form::frozen_set: return PyFrozenSet_CheckExact(from);
                default: return PyTuple_CheckExact(from);
            }
        case schema::kind::literal:
            for (PyObject* known : objects[index].literals) {
                if (known == from) return true;
            }
            return false;
        case schema::kind::after:
        case schema::kind::model: return Py_TYPE(from) == objects[index].type();
        case schema::kind::date:
        case schema::kind::time:
        case schema::kind::datetime:
        case schema::kind::uuid:
        case schema::kind::decimal: return is_spelled(n.type, from);
        case schema::kind::bytes: return PyBytes_CheckExact(from);
        default: return false;
    }
}

}  // namespace

bool python_writer::choice(python_plan& plan, std::uint32_t index, PyObject* from, unsigned depth) {
    for (std::uint32_t one : plan.plan.nodes[index].choices) {
        if (is_of(plan.plan, plan.nodes, one, from)) return value(plan, one, from, depth);
    }
    return false;
}

bool python_writer::spelled(schema::kind type, PyObject* from) {
    char text[64];
    std::size_t size = 0;
    bool fine = false;
    switch (type) {
        case schema::kind::date: fine = date_text(from, text, size); break;
        case schema::kind::time: fine = time_text(from, text, size); break;
        case schema::kind::datetime: fine = datetime_text(from, text, size); break;
        case schema::kind::uuid: fine = uuid_text(from, text, size); break;
        default:
            if (PyObject* made = decimal_text(from)) {
                fine = string(made);
                Py_DECREF(made);
            }
            return fine;
    }
    if (fine) out_.ascii_string(reinterpret_cast<const unsigned char*>(text), size);
    return fine;
}

bool python_writer::bytes(PyObject* from) {
    if (!PyBytes_CheckExact(from)) return false;
    PyObject* text = PyUnicode_DecodeUTF8(PyBytes_AS_STRING(from), PyBytes_GET_SIZE(from), nullptr);
    if (!text) return false;
    const bool fine = string(text);
    Py_DECREF(text);
    return fine;
}

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
    if (depth >= max_depth || !is_of(plan.plan, plan.nodes, index, from)) return false;
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

bool python_writer::string(PyObject* from) {
    if (!PyUnicode_CheckExact(from)) return false;
    const std::size_t size = static_cast<std::size_t>(PyUnicode_GET_LENGTH(from));
    if (PyUnicode_IS_COMPACT_ASCII(from)) {
        out_.ascii_string(PyUnicode_1BYTE_DATA(from), size);
        return true;
    }
    switch (PyUnicode_KIND(from)) {
        case PyUnicode_1BYTE_KIND: out_.latin1_string(PyUnicode_1BYTE_DATA(from), size); return true;
        case PyUnicode_2BYTE_KIND: return out_.ucs2_string(PyUnicode_2BYTE_DATA(from), size);
        default: return out_.ucs4_string(PyUnicode_4BYTE_DATA(from), size);
    }
}

bool python_writer::integer(PyObject* from) {
    if (!PyLong_CheckExact(from)) return false;
    int overflow = 0;
    const long long number = PyLong_AsLongLongAndOverflow(from, &overflow);
    if (overflow) return false;
    out_.integer(number);
    return true;
}

bool python_writer::floating(PyObject* from) {
    if (PyFloat_CheckExact(from)) return out_.floating(PyFloat_AS_DOUBLE(from));
    if (!PyLong_CheckExact(from)) return false;
    constexpr long long exact = 1LL << 53;  // a default like `price: float = 1` is written as a float
    int overflow = 0;
    const long long number = PyLong_AsLongLongAndOverflow(from, &overflow);
    return !overflow && number >= -exact && number <= exact && out_.floating(static_cast<double>(number));
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
        if (!utf8_of(from, text) || !schema::camelize(text, scratch_)) return false;
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
        if (!utf8_of(name, text) || !schema::camelize(text, scratch_)) return false;
        if (!seen.insert(scratch_).second) return false;
    }
    return true;
}

}  // namespace chanx::bindings
