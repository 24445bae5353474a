// The plans of the classes that an encoder has met.
#pragma once

#include <Python.h>

#include <unordered_map>

#include "bindings/python_plan.hpp"

namespace chanx::bindings {

// The plans of the classes met so far. A class without a plan is remembered too. Used under the GIL.
class plan_cache {
public:
    plan_cache(PyObject* compile, bool camelize) : compile_(Py_NewRef(compile)), camelize_(camelize) {}
    ~plan_cache();
    plan_cache(const plan_cache&) = delete;
    plan_cache& operator=(const plan_cache&) = delete;

    // Null when the class has no plan; user code may run the first time.
    python_plan* find(PyTypeObject* cls);
    bool camelize() const noexcept { return camelize_; }
    int traverse(visitproc visit, void* arg);

private:
    PyObject* compile_;
    bool camelize_;
    std::unordered_map<PyTypeObject*, PyObject*> plans_;
};

}  // namespace chanx::bindings
