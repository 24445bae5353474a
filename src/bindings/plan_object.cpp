#include "bindings/python_plan.hpp"

namespace chanx::bindings {
namespace {

int traverse(PyObject* self, visitproc visit, void* arg) {
    int stop = 0;
    if (python_plan* plan = reinterpret_cast<plan_object*>(self)->plan) {
        plan->each_reference([&](PyObject*& o) {
            if (o && !stop) stop = visit(o, arg);
        });
    }
    return stop;
}

// Decoders hold the plan, and may still be called while a cycle is being collected; so the references go only
// when the object does. The classes in a plan never refer back to it, so no cycle needs this object to break
// it.
void dealloc(PyObject* self) {
    PyObject_GC_UnTrack(self);
    if (python_plan* plan = reinterpret_cast<plan_object*>(self)->plan) {
        plan->each_reference([](PyObject*& o) { Py_CLEAR(o); });
        delete plan;
    }
    PyObject_GC_Del(self);
}

}  // namespace

PyTypeObject plan_type = [] {
    PyTypeObject type{};
    Py_SET_REFCNT(reinterpret_cast<PyObject*>(&type), 1);
    type.tp_name = "chanx._core.Plan";
    type.tp_basicsize = sizeof(plan_object);
    type.tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION;
    type.tp_doc = "The compiled plan of a message type, with its Python objects. Opaque.";
    type.tp_traverse = traverse;
    type.tp_dealloc = dealloc;
    return type;
}();

PyObject* make_plan_object(python_plan* plan) {
    plan_object* self = PyObject_GC_New(plan_object, &plan_type);
    if (!self) {
        plan->each_reference([](PyObject*& o) { Py_CLEAR(o); });
        delete plan;
        return nullptr;
    }
    self->plan = plan;
    PyObject_GC_Track(self);
    return reinterpret_cast<PyObject*>(self);
}

}  // namespace chanx::bindings
