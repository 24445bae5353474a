// Text to message: parse, walk the plan, build; what the plan does not accept goes to the fallback.
#include <exception>

#include "bindings/codec.hpp"
#include "bindings/python_builder.hpp"
#include "core/validate/null_builder.hpp"
#include "core/validate/parser.hpp"
#include "core/validate/walk.hpp"

namespace chanx::bindings {
namespace {

struct decoder_object {
    PyObject_HEAD vectorcallfunc vectorcall;
    PyObject* plan;      // a Plan, or None: everything goes to the fallback
    PyObject* fallback;  // a callable, or None: the answer is then None
    bool frames;         // a frame is an object and carries none of the envelope's keys
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
    if (lease.parse(text, root)) return nullptr;
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

PyObject* call(PyObject* callable, PyObject* const* args, size_t count, PyObject* keywords) {
    const auto& self = *reinterpret_cast<decoder_object*>(callable);
    if (PyVectorcall_NARGS(count) != 1 || (keywords && PyTuple_GET_SIZE(keywords))) {
        PyErr_SetString(PyExc_TypeError, "expected one argument, the text of a message");
        return nullptr;
    }
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

int init(PyObject* object, PyObject* args, PyObject* keywords) {
    static const char* names[] = {"plan", "fallback", "frames", nullptr};
    PyObject *plan, *fallback;
    int frames = 0;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "OO|p", const_cast<char**>(names), &plan, &fallback,
                                     &frames))
        return -1;
    if (plan != Py_None && !Py_IS_TYPE(plan, &plan_type)) {
        PyErr_SetString(PyExc_TypeError, "plan must be a Plan or None");
        return -1;
    }
    auto& self = *reinterpret_cast<decoder_object*>(object);
    Py_XSETREF(self.plan, Py_NewRef(plan));
    Py_XSETREF(self.fallback, Py_NewRef(fallback));
    self.frames = frames != 0;
    return 0;
}

PyObject* create(PyTypeObject* type, PyObject*, PyObject*) {
    PyObject* object = type->tp_alloc(type, 0);
    if (object) reinterpret_cast<decoder_object*>(object)->vectorcall = call;
    return object;
}

int traverse(PyObject* object, visitproc visit, void* arg) {
    auto& self = *reinterpret_cast<decoder_object*>(object);
    Py_VISIT(self.plan);
    Py_VISIT(self.fallback);
    return 0;
}

int clear(PyObject* object) {
    auto& self = *reinterpret_cast<decoder_object*>(object);
    Py_CLEAR(self.plan);
    Py_CLEAR(self.fallback);
    return 0;
}

void dealloc(PyObject* object) {
    PyObject_GC_UnTrack(object);
    clear(object);
    Py_TYPE(object)->tp_free(object);
}

}  // namespace

PyTypeObject decoder_type = [] {
    PyTypeObject type{};
    Py_SET_REFCNT(reinterpret_cast<PyObject*>(&type), 1);
    type.tp_name = "chanx._core.Decoder";
    type.tp_basicsize = sizeof(decoder_object);
    type.tp_flags =
        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL;
    type.tp_doc =
        "Decoder(plan, fallback, frames=False)\n--\n\nCalled with text, gives the message it holds.";
    type.tp_vectorcall_offset = offsetof(decoder_object, vectorcall);
    type.tp_call = PyVectorcall_Call;
    type.tp_new = create;
    type.tp_init = init;
    type.tp_traverse = traverse;
    type.tp_clear = clear;
    type.tp_dealloc = dealloc;
    return type;
}();

}  // namespace chanx::bindings
