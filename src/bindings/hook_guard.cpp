// Tells whether anything that a fast path skips has been overridden, on a class or on an instance of it.
//
// Applications and their tests replace methods at any time, so the answer cannot be remembered: every call
// looks the attributes up again. Python's method cache makes that a few nanoseconds each.
#include <cstddef>
#include <new>
#include <vector>

#include "bindings/init.hpp"

namespace chanx::bindings {
namespace {

struct watched_attribute {
    PyObject* name;
    PyObject* value;  // as found on the type, without binding; null when there was none
};

struct guard_state {
    PyTypeObject* cls = nullptr;
    PyObject* names = nullptr;  // a frozenset
    std::vector<watched_attribute> attributes;
    unsigned int version = 0;  // the version tag of the class when its attributes were last compared
    bool valid = true;
};

struct guard_object {
    PyObject_HEAD vectorcallfunc vectorcall;
    guard_state* state;
};

enum verdict { changed = 0, clear = 1, on_instance = 2 };

// CPython gives a class a new version tag whenever it or a base is modified, and none, 0, until the next
// lookup.
bool same_attributes(guard_state& state) {
    if (state.version != 0 && state.version == state.cls->tp_version_tag) return true;
    for (const auto& item : state.attributes)
        if (_PyType_Lookup(state.cls, item.name) != item.value) return false;
    state.version = state.cls->tp_version_tag;
    return true;
}

// 1 if the instance has one of the names itself, 0 if not, -1 on an error.
int overridden_on(PyObject* instance, const guard_state& state) {
    PyObject* attributes = PyObject_GenericGetDict(instance, nullptr);
    if (!attributes) {
        PyErr_Clear();
        return 0;  // an object without a dictionary
    }
    int found = 0;
    Py_ssize_t position = 0;
    PyObject *key, *value;
    if (state.attributes.size() < static_cast<size_t>(PyDict_GET_SIZE(attributes))) {
        for (auto item = state.attributes.begin(); found == 0 && item != state.attributes.end(); ++item)
            found = PyDict_Contains(attributes, item->name);
    } else {
        while (found == 0 && PyDict_Next(attributes, &position, &key, &value))
            found = PySet_Contains(state.names, key);
    }
    Py_DECREF(attributes);
    return found;
}

PyObject* call(PyObject* callable, PyObject* const* args, size_t count, PyObject*) {
    guard_state* state = reinterpret_cast<guard_object*>(callable)->state;
    if (PyVectorcall_NARGS(count) != 1) {
        PyErr_SetString(PyExc_TypeError, "expected one argument, an instance");
        return nullptr;
    }
    if (!state || !state->valid || Py_TYPE(args[0]) != state->cls || !same_attributes(*state))
        return PyLong_FromLong(changed);
    const int found = overridden_on(args[0], *state);
    if (found < 0) return nullptr;
    return PyLong_FromLong(found ? on_instance : clear);
}

int init(PyObject* object, PyObject* args, PyObject* keywords) {
    static const char* parameters[] = {"cls", "names", nullptr};
    PyTypeObject* cls;
    PyObject* names;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "O!O!", const_cast<char**>(parameters), &PyType_Type,
                                     &cls, &PyTuple_Type, &names))
        return -1;
    auto& self = *reinterpret_cast<guard_object*>(object);
    if (self.state) {
        PyErr_SetString(PyExc_RuntimeError, "a guard is initialised once");
        return -1;
    }
    self.state = new (std::nothrow) guard_state;
    if (!self.state) {
        PyErr_NoMemory();
        return -1;
    }
    self.state->cls = reinterpret_cast<PyTypeObject*>(Py_NewRef(reinterpret_cast<PyObject*>(cls)));
    self.state->names = PyFrozenSet_New(names);
    if (!self.state->names) return -1;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(names); ++i) {
        PyObject* name = PyTuple_GET_ITEM(names, i);
        if (!PyUnicode_Check(name)) {
            PyErr_SetString(PyExc_TypeError, "names must be strings");
            return -1;
        }
        self.state->attributes.push_back({Py_NewRef(name), Py_XNewRef(_PyType_Lookup(cls, name))});
    }
    return 0;
}

PyObject* invalidate(PyObject* object, PyObject*) {
    auto& self = *reinterpret_cast<guard_object*>(object);
    if (self.state) self.state->valid = false;
    Py_RETURN_NONE;
}

PyObject* create(PyTypeObject* type, PyObject*, PyObject*) {
    PyObject* object = type->tp_alloc(type, 0);
    if (object) reinterpret_cast<guard_object*>(object)->vectorcall = call;
    return object;
}

int traverse(PyObject* object, visitproc visit, void* arg) {
    const guard_state* state = reinterpret_cast<guard_object*>(object)->state;
    if (!state) return 0;
    Py_VISIT(state->cls);
    Py_VISIT(state->names);
    for (const auto& item : state->attributes) {
        Py_VISIT(item.value);
    }
    return 0;
}

int clear_references(PyObject* object) {
    auto& self = *reinterpret_cast<guard_object*>(object);
    guard_state* state = self.state;
    self.state = nullptr;
    if (!state) return 0;
    for (const auto& item : state->attributes) {
        Py_DECREF(item.name);
        Py_XDECREF(item.value);
    }
    Py_XDECREF(state->cls);
    Py_XDECREF(state->names);
    delete state;
    return 0;
}

void dealloc(PyObject* object) {
    PyObject_GC_UnTrack(object);
    clear_references(object);
    Py_TYPE(object)->tp_free(object);
}

PyMethodDef methods[] = {
    {"invalidate", invalidate, METH_NOARGS, "invalidate($self, /)\n--\n\nAnswer CHANGED from now on."},
    {nullptr, nullptr, 0, nullptr},
};

PyTypeObject hook_guard_type = [] {
    PyTypeObject type{};
    Py_SET_REFCNT(reinterpret_cast<PyObject*>(&type), 1);
    type.tp_name = "chanx._core.HookGuard";
    type.tp_basicsize = sizeof(guard_object);
    type.tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL;
    type.tp_doc =
        "HookGuard(cls, names)\n--\n\n"
        "Called with an instance of `cls`: 1 while every named attribute is as it was, 0 once one has "
        "changed on the\n"
        "class, 2 when the instance has one of its own.";
    type.tp_vectorcall_offset = offsetof(guard_object, vectorcall);
    type.tp_call = PyVectorcall_Call;
    type.tp_methods = methods;
    type.tp_new = create;
    type.tp_init = init;
    type.tp_traverse = traverse;
    type.tp_clear = clear_references;
    type.tp_dealloc = dealloc;
    return type;
}();

}  // namespace

void init_hook_guard(pybind11::module_& m) {
    if (PyType_Ready(&hook_guard_type) < 0) throw pybind11::error_already_set();
    m.add_object("HookGuard", pybind11::handle(reinterpret_cast<PyObject*>(&hook_guard_type)));
}

}  // namespace chanx::bindings
