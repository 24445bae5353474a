#include "bindings/layer_events.hpp"

#include "bindings/python_message.hpp"

namespace chanx::bindings {

void report_drops(layer::channel_table& table, const layer_observer& tell, time_point now) {
    std::array<std::uint64_t, layer::DROP_REASONS> fresh{};
    if (!table.take_drop_report(now, fresh)) return;
    std::string text;
    for (std::size_t reason = 0; reason < fresh.size(); ++reason) {
        if (fresh[reason] == 0) continue;
        text.append(layer::drop_reason_name(reason))
            .append("=")
            .append(std::to_string(fresh[reason]))
            .append(" ");
    }
    tell("dropped", std::move(text));
}

class layer_events::event final : public completion {
public:
    event(ref<layer_events> of, const char* what, std::string text)
        : of_(std::move(of)), what_(what), text_(std::move(text)) {}
    bool run(completion_queue&, drain_budget&) override {
        PyObject* const done = PyObject_CallFunction(of_->callback_, "ss", what_, text_.c_str());
        if (!done) PyErr_WriteUnraisable(of_->callback_);
        Py_XDECREF(done);
        return true;
    }

private:
    ref<layer_events> of_;
    const char* what_;
    std::string text_;
};

// The last one to let go may be the I/O thread.
layer_events::~layer_events() { release_later(callback_); }

void layer_events::tell(const char* what, std::string text) {
    ref<event_loop> loop;
    {
        const std::lock_guard lock(mutex_);
        loop = loop_;
    }
    if (!loop || loop->closed()) return;
    if (loop->post(ref<completion>(new event(ref(this), what, std::move(text))))) loop->wake();
}

}  // namespace chanx::bindings
