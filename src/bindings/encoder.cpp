// Message to text along the plan of its class; what the plan does not know goes to the fallback.
#include <exception>

#include "bindings/codec.hpp"
#include "bindings/python_text.hpp"
#include "bindings/python_writer.hpp"

namespace chanx::bindings {
namespace {

struct encoder_object {
    PyObject_HEAD vectorcallfunc vectorcall;
    PyObject* fallback;  // a callable, or None: the answer is then None
    plan_cache* plans;
    bool as_bytes;
};

PyObject* result_of(const encode::json_writer& out, bool as_bytes) {
    const std::string_view text = out.text();
    if (as_bytes) return PyBytes_FromStringAndSize(text.data(), static_cast<Py_ssize_t>(text.size()));
    return make_str(text);
}

PyObject* call(PyObject* callable, PyObject* const* args, size_t count, PyObject* keywords) {
    const auto& self = *reinterpret_cast<encoder_object*>(callable);
    if (PyVectorcall_NARGS(count) != 1 || (keywords && PyTuple_GET_SIZE(keywords))) {
        PyErr_SetString(PyExc_TypeError, "expected one argument, a message");
        return nullptr;
    }
    if (!self.plans) {
        PyErr_SetString(PyExc_RuntimeError, "the encoder was not initialised");
        return nullptr;
    }
    try {
        writer_lease out;
        if (python_writer(*self.plans, *out).message(args[0])) return result_of(*out, self.as_bytes);
    } catch (const std::exception&) {
        // Out of memory: the fallback will say so in Python's terms.
    }
    PyErr_Clear();
    if (self.fallback == Py_None) Py_RETURN_NONE;
    return PyObject_CallOneArg(self.fallback, args[0]);
}

int init(PyObject* object, PyObject* args, PyObject* keywords) {
    static const char* names[] = {"compile", "fallback", "camelize", "as_bytes", nullptr};
    PyObject *compile, *fallback;
    int camelize = 0, as_bytes = 0;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "OO|pp", const_cast<char**>(names), &compile, &fallback,
                                     &camelize, &as_bytes))
        return -1;
    auto& self = *reinterpret_cast<encoder_object*>(object);
    if (self.plans) {
        PyErr_SetString(PyExc_RuntimeError, "an encoder is initialised once");
        return -1;
    }
    self.plans = new plan_cache(compile, camelize != 0);
    self.fallback = Py_NewRef(fallback);
    self.as_bytes = as_bytes != 0;
    return 0;
}

PyObject* create(PyTypeObject* type, PyObject*, PyObject*) {
    PyObject* object = type->tp_alloc(type, 0);
    if (object) reinterpret_cast<encoder_object*>(object)->vectorcall = call;
    return object;
}

int traverse(PyObject* object, visitproc visit, void* arg) {
    auto& self = *reinterpret_cast<encoder_object*>(object);
    Py_VISIT(self.fallback);
    return self.plans ? self.plans->traverse(visit, arg) : 0;
}

int clear(PyObject* object) {
    auto& self = *reinterpret_cast<encoder_object*>(object);
    Py_CLEAR(self.fallback);
    plan_cache* plans = self.plans;
    self.plans = nullptr;
    delete plans;
    return 0;
}

void dealloc(PyObject* object) {
    PyObject_GC_UnTrack(object);
    clear(object);
    Py_TYPE(object)->tp_free(object);
}

}  // namespace

PyTypeObject encoder_type = [] {
    PyTypeObject type{};
    Py_SET_REFCNT(reinterpret_cast<PyObject*>(&type), 1);
    type.tp_name = "chanx._core.Encoder";
    type.tp_basicsize = sizeof(encoder_object);
    type.tp_flags =
        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL;
    type.tp_doc =
        "Encoder(compile, fallback, camelize=False, as_bytes=False)\n--\n\n"
        "Called with a message, gives its JSON. `compile(cls)` gives the Plan of a class, or None.";
    type.tp_vectorcall_offset = offsetof(encoder_object, vectorcall);
    type.tp_call = PyVectorcall_Call;
    type.tp_new = create;
    type.tp_init = init;
    type.tp_traverse = traverse;
    type.tp_clear = clear;
    type.tp_dealloc = dealloc;
    return type;
}();

}  // namespace chanx::bindings
