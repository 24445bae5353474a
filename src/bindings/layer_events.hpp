// What a Redis layer's I/O thread tells Python: connections lost and found, drops that have to be logged.
#pragma once

#include <pybind11/pybind11.h>

#include <functional>
#include <mutex>
#include <string>

#include "bindings/event_loop.hpp"
#include "core/layer/table.hpp"

namespace chanx::bindings {

namespace py = pybind11;

// May be called by any thread; never touches Python.
using layer_observer = std::function<void(const char* what, std::string text)>;

// Tells the observer of drops, as "dropped" and "reason=count ...", when a report is due.
void report_drops(layer::channel_table& table, const layer_observer& tell, time_point now);

// Hands events over to a Python callable that takes two str; run by the loop that used the layer last.
class layer_events final : public ref_counted {
public:
    explicit layer_events(py::object callback) : callback_(callback.release().ptr()) {}

    void set_loop(event_loop* loop) {
        const std::lock_guard lock(mutex_);
        if (loop_.get() != loop) loop_ = ref(loop);
    }
    void tell(const char* what, std::string text);
    layer_observer observer() {
        return [self = ref(this)](const char* what, std::string text) { self->tell(what, std::move(text)); };
    }

private:
    class event;
    ~layer_events() override;

    std::mutex mutex_;
    ref<event_loop> loop_;
    PyObject* callback_;
};

}  // namespace chanx::bindings
