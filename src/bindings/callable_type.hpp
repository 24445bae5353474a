// A Python type whose instances are called with one argument: a plain C type with a vectorcall, because a
// call through pybind11 costs more than a ping.
#pragma once

#include <Python.h>

#include <cstddef>

namespace chanx::bindings {

// `Object` begins with PyObject_HEAD and `vectorcallfunc vectorcall`, and has static functions `call`,
// `init`, `traverse` and `clear`. A new instance is zero but for its header.
template <class Object>
PyTypeObject make_callable_type(const char* name, const char* doc) {
    PyTypeObject type{};
    Py_SET_REFCNT(reinterpret_cast<PyObject*>(&type), 1);
    type.tp_name = name;
    type.tp_doc = doc;
    type.tp_basicsize = sizeof(Object);
    type.tp_flags =
        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL;
    type.tp_vectorcall_offset = offsetof(Object, vectorcall);
    type.tp_call = PyVectorcall_Call;
    type.tp_new = [](PyTypeObject* cls, PyObject*, PyObject*) {
        PyObject* made = cls->tp_alloc(cls, 0);
        if (made) reinterpret_cast<Object*>(made)->vectorcall = Object::call;
        return made;
    };
    type.tp_init = Object::init;
    type.tp_traverse = Object::traverse;
    type.tp_clear = Object::clear;
    type.tp_dealloc = [](PyObject* object) {
        PyObject_GC_UnTrack(object);
        Object::clear(object);
        Py_TYPE(object)->tp_free(object);
    };
    return type;
}

// False with a TypeError set unless the call has exactly one argument, and that by position.
inline bool takes_one(size_t count, PyObject* keywords, const char* what) {
    if (PyVectorcall_NARGS(count) == 1 && !(keywords && PyTuple_GET_SIZE(keywords))) return true;
    PyErr_Format(PyExc_TypeError, "expected one argument, %s", what);
    return false;
}

}  // namespace chanx::bindings
