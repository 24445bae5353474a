// A layer message made of Python objects: the sender's containers are copied when it is sent, and again for
// each receiver, so that no two parties share a dict or a list. Leaves (str, int, ...) are shared.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

#include "core/layer/message.hpp"

namespace chanx::bindings {

// Gives a reference up, by any thread: without the GIL it is kept for the next caller of release_orphans(),
// which every drain of a loop is.
void release_later(PyObject* object);
void release_orphans();

// What freeze() found out about a message.
struct frozen {
    PyObject* value = nullptr;  // a new reference, or null with a Python error set that names the path
    std::size_t bytes = 0;      // about what it takes in memory
    bool opaque = false;        // it has objects that only copy.deepcopy can copy
    std::string odd_path;  // where the first object is that no serializer takes; empty when there is none
    std::string odd_type;
};

// Copies a message as it is sent. `strict` refuses what could not travel through Redis.
frozen freeze(PyObject* message, bool strict);

class python_message : public layer::message {
public:
    python_message(frozen&& from, time_point deadline) noexcept
        : message(from.bytes, deadline), value_(std::exchange(from.value, nullptr)), opaque_(from.opaque) {}

    // The receiver's own copy: a new reference, or null with a Python error set. The last holder of the
    // message gets the frozen value itself.
    PyObject* thaw();
    // The SharedMessage of it: a new reference, or null with a Python error set.
    PyObject* share();
    // Undoes thaw(): the receiver was cancelled before it saw its copy. Borrows the reference.
    void restore(PyObject* copy) noexcept {
        if (value_) return;
        Py_INCREF(copy);
        value_ = copy;
    }

protected:
    python_message(std::size_t bytes, time_point deadline) noexcept
        : message(bytes, deadline), value_(nullptr), opaque_(false) {}
    ~python_message() override;
    // The objects of a message that came as bytes: a new reference, or null with a Python error set.
    virtual PyObject* load() { return nullptr; }

private:
    bool loaded() { return value_ || (value_ = load()); }

    PyObject* value_;
    PyObject* shared_ = nullptr;
    bool opaque_;
};

}  // namespace chanx::bindings
