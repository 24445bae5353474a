#include "bindings/plan_cache.hpp"

#include <tuple>

namespace chanx::bindings {

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

}  // namespace chanx::bindings
