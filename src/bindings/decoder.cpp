// Text to message: parse, walk the plan, build; what the plan does not accept goes to the fallback.
#include <exception>

#include "bindings/callable_type.hpp"
#include "bindings/codec.hpp"
#include "bindings/python_builder.hpp"
#include "core/validate/limits.hpp"
#include "core/validate/null_builder.hpp"
#include "core/validate/parser.hpp"
#include "core/validate/walk.hpp"

namespace chanx::bindings {
namespace {

struct decoder_object {
    PyObject_HEAD vectorcallfunc vectorcall;
    PyObject* plan;      // a Plan, or None: everything goes to the fallback
    PyObject* fallback;  // a callable, or None: the answer is then None
    validate::document_limits limits;
    bool frames;  // a frame is an object and carries none of the envelope's keys

    static PyObject* call(PyObject* callable, PyObject* const* args, size_t count, PyObject* keywords);
    static int init(PyObject* object, PyObject* args, PyObject* keywords);
    static int traverse(PyObject* object, visitproc visit, void* arg);
    static int clear(PyObject* object);
};

bool is_envelope_key(std::string_view key) noexcept {
    switch (key.size()) {
        case 3: return key == "ref" || key == "seq";
        case 5: return key == "topic";
        case 7: return key == "version";
        default: return false;
    }
}

bool is_bare_frame(simdjson::dom::element root) {
    simdjson::dom::object members;
    if (root.get(members)) return false;
    for (auto member : members) {
        if (is_envelope_key(member.key)) return false;
    }
    return true;
}

// A new reference, or null: not accepted, with or without an exception set.
PyObject* decode(const decoder_object& self, std::string_view text) {
    python_plan& plan = plan_of(self.plan);
    validate::parser_lease lease;
    simdjson::dom::element root;
    if (find_flat_excess(text, self.limits) != validate::excess::none) return nullptr;
    if (lease.parse(text, root, self.limits.depth)) return nullptr;
    if (self.frames && !is_bare_frame(root)) return nullptr;
    if (plan.plan.runs_code) {  // user code runs only for a document whose structure is right as a whole
        validate::null_builder checker;
        validate::null_builder::value_type ok = 0;
        if (!validate::walker(plan.plan, checker).walk(root, ok)) return nullptr;
    }
    python_builder build(plan);
    PyObject* made = nullptr;
    return validate::walker(plan.plan, build).walk(root, made) ? made : nullptr;
}

}  // namespace

bool read_limits(PyObject* from, validate::document_limits& out) {
    Py_ssize_t bytes, depth, elements, string;
    if (!PyTuple_Check(from) || !PyArg_ParseTuple(from, "nnnn", &bytes, &depth, &elements, &string)) {
        if (!PyErr_Occurred()) PyErr_SetString(PyExc_TypeError, "limits must be a tuple of four integers");
        return false;
    }
    const auto limit = [](Py_ssize_t n) { return n < 0 ? SIZE_MAX : static_cast<std::size_t>(n); };
    out = {limit(bytes), limit(depth), limit(elements), limit(string)};
    return true;
}

namespace {

bool text_of(PyObject* from, std::string_view& text) {
    if (PyUnicode_Check(from)) {
        Py_ssize_t size = 0;
        if (PyUnicode_IS_COMPACT_ASCII(from)) {
            text = {reinterpret_cast<const char*>(PyUnicode_1BYTE_DATA(from)),
                    static_cast<std::size_t>(PyUnicode_GET_LENGTH(from))};
            return true;
        }
        const char* data = PyUnicode_AsUTF8AndSize(from, &size);
        if (!data) {
            PyErr_Clear();  // a lone surrogate
            return false;
        }
        text = {data, static_cast<std::size_t>(size)};
        return true;
    }
    if (PyBytes_Check(from)) {
        text = {PyBytes_AS_STRING(from), static_cast<std::size_t>(PyBytes_GET_SIZE(from))};
        return true;
    }
    return false;
}

PyObject* decoder_object::call(PyObject* callable, PyObject* const* args, size_t count, PyObject* keywords) {
    const auto& self = *reinterpret_cast<decoder_object*>(callable);
    if (!takes_one(count, keywords, "the text of a message")) return nullptr;
    if (!self.plan) {
        PyErr_SetString(PyExc_RuntimeError, "the decoder was not initialised");
        return nullptr;
    }
    PyObject* text_object = args[0];
    if (!PyUnicode_Check(text_object) && (self.frames || !PyBytes_Check(text_object))) {
        PyErr_Format(PyExc_TypeError, "expected %s, not %.100s", self.frames ? "str" : "str or bytes",
                     Py_TYPE(text_object)->tp_name);
        return nullptr;
    }
    std::string_view text;
    if (self.plan != Py_None && text_of(text_object, text)) {
        try {
            if (PyObject* made = decode(self, text)) return made;
        } catch (const std::exception&) {
            // Out of memory: the fallback will say so in Python's terms.
        }
        PyErr_Clear();
    }
    if (self.fallback == Py_None) Py_RETURN_NONE;
    return PyObject_CallOneArg(self.fallback, text_object);
}

int decoder_object::init(PyObject* object, PyObject* args, PyObject* keywords) {
    static const char* names[] = {"plan", "fallback", "frames", "limits", nullptr};
    PyObject *plan, *fallback, *limits = nullptr;
    int frames = 0;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "OO|pO", const_cast<char**>(names), &plan, &fallback,
                                     &frames, &limits))
        return -1;
    validate::document_limits read;
    if (limits && !read_limits(limits, read)) return -1;
    if (plan != Py_None && !Py_IS_TYPE(plan, &plan_type)) {
        PyErr_SetString(PyExc_TypeError, "plan must be a Plan or None");
        return -1;
    }
    auto& self = *reinterpret_cast<decoder_object*>(object);
    Py_XSETREF(self.plan, Py_NewRef(plan));
    Py_XSETREF(self.fallback, Py_NewRef(fallback));
    self.frames = frames != 0;
    self.limits = read;
    return 0;
}

int decoder_object::traverse(PyObject* object, visitproc visit, void* arg) {
    auto& self = *reinterpret_cast<decoder_object*>(object);
    Py_VISIT(self.plan);
    Py_VISIT(self.fallback);
    return 0;
}

int decoder_object::clear(PyObject* object) {
    auto& self = *reinterpret_cast<decoder_object*>(object);
    Py_CLEAR(self.plan);
    Py_CLEAR(self.fallback);
    return 0;
}

}  // namespace

PyTypeObject decoder_type = make_callable_type<decoder_object>(
    "chanx._core.Decoder",
    "Decoder(plan, fallback, frames=False, limits=...)\n--\n\nCalled with text, gives the message it holds.");

}  // namespace chanx::bindings
