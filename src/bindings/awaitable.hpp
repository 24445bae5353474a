// What the awaitables of the channel layers share. To asyncio each is a coroutine (it can be made a Task),
// and, while it waits, the future-like object that the Task blocks on. A drain completes it by calling the
// Task's own wake-up at once, in the Task's context, instead of scheduling a callback for it.
#pragma once

#include "bindings/event_loop.hpp"

namespace chanx::bindings {

enum class stage : unsigned char { fresh, waiting, done, cancelled, finished };

struct awaitable;

// What one kind of awaitable does in its own way.
struct awaitable_traits {
    // The next step of the coroutine.
    PySendResult (*step)(awaitable* self, PyObject** result);
    // Stops waiting; false when it does not wait.
    bool (*withdraw)(awaitable* self);
    // What came and was not taken goes back to where it came from.
    void (*give_back)(awaitable* self);
};

// The first part of the Python object.
struct awaitable {
    PyObject_HEAD const awaitable_traits* traits;
    PyObject* callback;  // the Task's wake-up
    PyObject* context;
    PyObject* message;  // given to cancel()
    PyObject* weakrefs;
    ref<event_loop> queue;  // from the first step on
    stage at;
    bool blocking;
};

// A type of `size` bytes. Its own members are destroyed by `destroy`, visited by `traverse`, which may be
// null.
PyTypeObject* make_awaitable_type(const char* name, const char* doc, int size, sendfunc send,
                                  destructor dealloc, traverseproc traverse);

// For whoever makes one, and takes it apart.
void begin_awaitable(awaitable* self, const awaitable_traits& traits, stage at);
void end_awaitable(awaitable* self);
int traverse_awaitable(PyObject* self, visitproc visit, void* arg);
// Makes the Task that waits take its next step.
void wake_task(awaitable* self);
// The step of one that has to wait: what its Task blocks on.
PySendResult block_task(awaitable* self, PyObject** result);

}  // namespace chanx::bindings
