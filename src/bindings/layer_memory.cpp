// The in-process layer: messages are Python objects, and the table is all there is to it.
#include "bindings/init.hpp"
#include "bindings/layer_core.hpp"
#include "bindings/python_message.hpp"

namespace chanx::bindings {
namespace {

class memory_core final : public layer_core {
public:
    memory_core(double expiry, double group_expiry, std::size_t queue_bytes, bool strict,
                py::object capacity_of, py::object report, py::object odd)
        : layer_core({from_seconds(expiry), from_seconds(group_expiry), queue_bytes}, std::move(capacity_of),
                     std::move(report)),
          strict_(strict),
          odd_(std::move(odd)) {}

    PyObject* decode(layer::message& item) override {
        PyObject* const value = static_cast<python_message&>(item).thaw();
        if (!value) {
            // An object whose copying failed now, though it worked when it was sent.
            py::error_already_set error;
            error.discard_as_unraisable("chanx: copying a message for its receiver");
            PyErr_SetString(PyExc_RuntimeError, "the message could not be copied");
        }
        return value;
    }
    void restore(layer::message& item, PyObject* value) noexcept override {
        static_cast<python_message&>(item).restore(value);
    }
    PyObject* share(layer::message& item) override { return static_cast<python_message&>(item).share(); }

    // False when the channel is full.
    bool send(py::handle channel, py::handle message) {
        const auto name = channel_name(channel);
        const auto now = steady::now();
        auto item = pack(message, now);
        const bool sent = !table().send(*table().open(name), std::move(item), now);
        report_drops(now);
        return sent;
    }

    std::size_t group_send(py::handle group, py::handle message) {
        const auto name = group_name(group);
        const auto now = steady::now();
        const auto reached = table().group_send(name, pack(message, now), now);
        report_drops(now);
        return reached;
    }

private:
    ref<layer::message> pack(py::handle message, time_point now) {
        frozen copy = freeze(message.ptr(), strict_);
        if (!copy.value) throw py::error_already_set();
        const auto path = std::move(copy.odd_path);
        const auto type = std::move(copy.odd_type);
        ref<layer::message> item(new python_message(std::move(copy), table().deadline(now)));
        if (!path.empty()) odd_(path, type);
        return item;
    }

    bool strict_;
    py::object odd_;
};

}  // namespace

void init_memory_layer(py::module_& module) {
    py::class_<memory_core, layer_core>(module, "MemoryLayerCore", "Channels and groups of one process.")
        .def(py::init<double, double, std::size_t, bool, py::object, py::object, py::object>(), py::kw_only(),
             py::arg("expiry"), py::arg("group_expiry"), py::arg("queue_bytes"), py::arg("strict"),
             py::arg("capacity_of"), py::arg("report"), py::arg("odd"))
        .def("send", &memory_core::send)
        .def("group_send", &memory_core::group_send)
        .def("group_add", &memory_core::group_add)
        .def("group_discard", &memory_core::group_discard);
}

}  // namespace chanx::bindings
