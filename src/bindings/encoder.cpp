// Message to text along the plan of its class; what the plan does not know goes to the fallback.
#include <exception>

#include "bindings/callable_type.hpp"
#include "bindings/codec.hpp"
#include "bindings/python_text.hpp"
#include "bindings/python_writer.hpp"
#include "bindings/writer_lease.hpp"

namespace chanx::bindings {
namespace {

struct encoder_object {
    PyObject_HEAD vectorcallfunc vectorcall;
    PyObject* fallback;  // a callable, or None: the answer is then None
    plan_cache* plans;
    bool as_bytes;

    static PyObject* call(PyObject* callable, PyObject* const* args, size_t count, PyObject* keywords);
    static int init(PyObject* object, PyObject* args, PyObject* keywords);
    static int traverse(PyObject* object, visitproc visit, void* arg);
    static int clear(PyObject* object);
};

PyObject* result_of(const encode::json_writer& out, bool as_bytes) {
    const std::string_view text = out.text();
    if (as_bytes) return PyBytes_FromStringAndSize(text.data(), static_cast<Py_ssize_t>(text.size()));
    return make_str(text);
}

PyObject* encoder_object::call(PyObject* callable, PyObject* const* args, size_t count, PyObject* keywords) {
    const auto& self = *reinterpret_cast<encoder_object*>(callable);
    if (!takes_one(count, keywords, "a message")) return nullptr;
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

int encoder_object::init(PyObject* object, PyObject* args, PyObject* keywords) {
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

int encoder_object::traverse(PyObject* object, visitproc visit, void* arg) {
    auto& self = *reinterpret_cast<encoder_object*>(object);
    Py_VISIT(self.fallback);
    return self.plans ? self.plans->traverse(visit, arg) : 0;
}

int encoder_object::clear(PyObject* object) {
    auto& self = *reinterpret_cast<encoder_object*>(object);
    Py_CLEAR(self.fallback);
    plan_cache* plans = self.plans;
    self.plans = nullptr;
    delete plans;
    return 0;
}

}  // namespace

PyTypeObject encoder_type = make_callable_type<encoder_object>(
    "chanx._core.Encoder",
    "Encoder(compile, fallback, camelize=False, as_bytes=False)\n--\n\n"
    "Called with a message, gives its JSON. `compile(cls)` gives the Plan of a class, or None.");

}  // namespace chanx::bindings
