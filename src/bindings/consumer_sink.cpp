#include "bindings/consumer_sink.hpp"

#include "bindings/layer_core.hpp"
#include "bindings/shared_message.hpp"

namespace chanx::bindings {

consumer_sink::consumer_sink(layer_core& core, ref<event_loop> loop, ref<layer::channel> channel,
                             py::object target, py::object deliver)
    : core_(core),
      loop_(std::move(loop)),
      channel_(std::move(channel)),
      target_(std::move(target)),
      deliver_(std::move(deliver)) {}

layer::delivery consumer_sink::deliver(ref<layer::message> item) noexcept {
    if (paused_) return layer::delivery::busy;
    const ref<consumer_sink> alive(this);  // the batch may be handed over here, and its consumers may detach
    if (batch_ != loop_->hand_overs()) {
        batch_ = loop_->hand_overs();
        collected_ = 0;
    }
    collected_ += item->bytes();
    PyObject* const shared = core_.share(*item);
    if (!shared) {
        PyErr_Clear();  // share() has logged it
        return layer::delivery::set_aside;
    }
    PyObject* const entry = PyTuple_Pack(2, target_.ptr(), shared);
    Py_DECREF(shared);
    if (!entry) {
        PyErr_WriteUnraisable(target_.ptr());
        return layer::delivery::set_aside;
    }
    loop_->collect(deliver_.ptr(), entry);
    if (collected_ > MAX_COLLECTED) loop_->hand_over();  // it may have had enough
    return layer::delivery::taken;
}

void consumer_sink::detached() noexcept { core_.forget_sink(*this); }

PyObject* make_shared_message(PyObject* content, std::size_t bytes) {
    try {
        return py::cast(shared_message{py::reinterpret_borrow<py::object>(content), bytes}).release().ptr();
    } catch (py::error_already_set& error) {
        error.restore();
    } catch (const std::exception& error) {
        PyErr_SetString(PyExc_RuntimeError, error.what());
    }
    return nullptr;
}

void init_shared_message(py::module_& module) {
    py::class_<shared_message>(
        module, "SharedMessage",
        "A message that all attached consumers of a process share.\n\n"
        "``content`` must not be changed; ``cache`` is for what its first consumer makes of "
        "it and the others can use, such as the encoded frame; ``bytes`` is its size as the layer counts "
        "it.")
        .def_readonly("content", &shared_message::content)
        .def_readonly("bytes", &shared_message::bytes)
        .def_readwrite("cache", &shared_message::cache)
        .def(
            "copy", [](const shared_message& from) { return thaw_copy(from.content); },
            "The content, with containers of its own.");
}

}  // namespace chanx::bindings
