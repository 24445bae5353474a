#include "bindings/python_writer.hpp"

#include <set>
#include <string_view>
#include <tuple>

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
        case schema::kind::literal:
            for (PyObject* known : plan.nodes[index].literals) {
                if (known == from) return any(from, depth);
            }
            return PyUnicode_CheckExact(from) && any(from, depth);
        case schema::kind::list: return list(plan, n.first, from, depth);
        case schema::kind::dict: return dict(plan, n.second, from, depth);
        case schema::kind::model: return model(plan, index, from, depth);
        case schema::kind::tagged_union:
            for (std::uint32_t choice : n.choices) {
                if (plan.nodes[choice].type() == Py_TYPE(from)) return model(plan, choice, from, depth);
            }
            return false;
        case schema::kind::any: return any(from, depth);
        case schema::kind::foreign: return foreign(plan.nodes[index].call, from, depth);
    }
    return false;
}

bool python_writer::model(python_plan& plan, std::uint32_t index, PyObject* from, unsigned depth) {
    const node_objects& objects = plan.nodes[index];
    if (Py_TYPE(from) != objects.type() || depth >= max_depth) return false;
    PyObject* extra = slot(from, objects.extra_at);
    if (extra && extra != Py_None) return false;
    PyObject* dict = PyObject_GenericGetDict(from, nullptr);
    if (!dict) return false;
    const schema::node& n = plan.plan.nodes[index];
    out_.character('{');
    Py_ssize_t at = 0;
    PyObject *name, *member;
    std::size_t expected = 0;  // fields mostly stand in the order of the plan
    bool fine = true, first = true;
    while (fine && PyDict_Next(dict, &at, &name, &member)) {
        std::size_t i = expected;
        if (i >= objects.names.size() || objects.names[i] != name) {
            std::string_view text;
            fine = utf8_of(name, text);
            for (i = 0; fine && i < objects.names.size(); ++i) {
                if (plan.plan.fields[n.first_field + i].name == text) break;
            }
            if (!fine || i == objects.names.size()) {
                fine = false;
                break;
            }
        }
        if (!first) out_.character(',');
        first = false;
        const held keep(member);
        out_.raw(plan.keys[n.first_field + i]);
        fine = value(plan, plan.plan.fields[n.first_field + i].node, member, depth + 1);
        expected = i + 1;
    }
    Py_DECREF(dict);
    out_.character('}');
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

bool python_writer::dict(python_plan& plan, std::uint32_t values, PyObject* from, unsigned depth) {
    if (!PyDict_CheckExact(from) || depth >= max_depth || !distinct_keys(from)) return false;
    out_.character('{');
    Py_ssize_t at = 0;
    PyObject *name, *member;
    for (bool first = true; PyDict_Next(from, &at, &name, &member); first = false) {
        if (!first) out_.character(',');
        const held keep(member);
        if (!key(name) || !value(plan, values, member, depth + 1)) return false;
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
