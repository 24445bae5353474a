#include "bindings/message_format.hpp"

#include "bindings/wire_message.hpp"

namespace py = pybind11;

namespace chanx::bindings {
namespace {

class native final : public message_format {
public:
    native(codec::format how, codec::seal_options seal) : how_(how), sealer_(std::move(seal)) {}

    outgoing encode(py::handle message) const override {
        outgoing made;
        if (!wire_encode(how_, message.ptr(), made.body)) throw py::error_already_set();
        return made;
    }
    std::string seal(const outgoing& message) const override { return sealer_.seal(message.body); }
    std::string seal(const outgoing& message, std::string_view channel) const override {
        return sealer_.seal(codec::with_address(how_, message.body, channel));
    }
    std::string seal(const outgoing& message, std::span<const std::string_view> channels) const override {
        return sealer_.seal(codec::with_address(how_, message.body, channels));
    }
    bool open(std::string_view sealed, bool addressed, time_point deadline, incoming& out) const override {
        std::string_view body;
        if (sealer_.open(sealed, out.plain, body)) return false;
        if (addressed && codec::scan(how_, body, out.header)) return false;
        out.item = ref<layer::message>(
            new wire_message(how_, codec::without_address(how_, body, out.header), deadline));
        return true;
    }
    ref<layer::message> loop_back(const outgoing& message, time_point deadline) const override {
        return ref<layer::message>(new wire_message(how_, message.body, deadline));
    }

private:
    codec::format how_;
    codec::sealer sealer_;
};

class registered final : public message_format {
public:
    registered(py::object serializer, py::object undecodable)
        : serialize_(serializer.attr("serialize")),
          deserialize_(serializer.attr("deserialize")),
          undecodable_(std::move(undecodable)) {}

    outgoing encode(py::handle message) const override {
        // A copy: the sender may change its own while the members of a group are asked for.
        auto copy = freeze(message.ptr(), false);
        if (!copy.value) throw py::error_already_set();
        auto held = py::reinterpret_steal<py::object>(copy.value);
        outgoing made;
        made.body = serialized(held);
        made.message = std::make_shared<const held_object>(std::move(held));
        return made;
    }
    std::string seal(const outgoing& message) const override { return message.body; }
    std::string seal(const outgoing& message, std::string_view channel) const override {
        const py::gil_scoped_acquire python;
        return addressed(message, py::str(channel.data(), channel.size()));
    }
    std::string seal(const outgoing& message, std::span<const std::string_view> channels) const override {
        const py::gil_scoped_acquire python;
        py::list names;
        for (const auto each : channels) names.append(py::str(each.data(), each.size()));
        return addressed(message, names);
    }
    bool open(std::string_view sealed, bool, time_point deadline, incoming& out) const override {
        const py::gil_scoped_acquire python;
        try {
            const auto found = deserialize_.get()(py::bytes(sealed.data(), sealed.size()));
            if (!PyDict_Check(found.ptr())) {
                throw py::type_error("deserialize() returned an object of type " + type_name(found) +
                                     ", not a dict");
            }
            // A dict of this layer's own, and no subclass of one: that is what receivers get copies of.
            auto message = py::reinterpret_steal<py::dict>(PyDict_Copy(found.ptr()));
            if (!message) throw py::error_already_set();
            const py::str key(codec::ADDRESS_KEY.data(), codec::ADDRESS_KEY.size());
            if (message.contains(key)) read_address(message.attr("pop")(key), out.header);
            frozen value;
            value.value = message.release().ptr();
            value.bytes = sealed.size() + 200;
            value.opaque = true;
            out.item = ref<layer::message>(new python_message(std::move(value), deadline));
            return true;
        } catch (py::error_already_set& error) {
            tell(error.value());
        } catch (py::builtin_exception& error) {
            error.set_error();
            const py::error_already_set raised;
            tell(raised.value());
        }
        return false;
    }
    ref<layer::message> loop_back(const outgoing& message, time_point deadline) const override {
        incoming came;
        open(message.body, false, deadline, came);
        return std::move(came.item);
    }

private:
    static std::string type_name(py::handle value) { return Py_TYPE(value.ptr())->tp_name; }

    std::string serialized(py::handle message) const {
        const auto made = serialize_.get()(message);
        if (!PyBytes_Check(made.ptr())) {
            throw py::type_error("serialize() of the registered serializer returned an object of type " +
                                 type_name(made) + ", not bytes");
        }
        return {PyBytes_AS_STRING(made.ptr()), static_cast<std::size_t>(PyBytes_GET_SIZE(made.ptr()))};
    }

    std::string addressed(const outgoing& message, py::object to) const {
        auto copy = py::reinterpret_steal<py::dict>(PyDict_Copy(message.message->get().ptr()));
        if (!copy) throw py::error_already_set();
        copy[py::str(codec::ADDRESS_KEY.data(), codec::ADDRESS_KEY.size())] = std::move(to);
        return serialized(copy);
    }

    static void read_address(py::handle value, codec::header& out) {
        out.addressed = true;
        out.to_many = !PyUnicode_Check(value.ptr());
        if (out.to_many) {
            for (const auto name : value) out.unescaped.push_back(name.cast<std::string>());
        } else {
            out.unescaped.push_back(value.cast<std::string>());
        }
        for (const auto& name : out.unescaped) out.channels.push_back(name);
    }

    void tell(py::handle error) const {
        try {
            undecodable_.get()(error);
        } catch (py::error_already_set& second) {
            second.discard_as_unraisable("chanx: logging an undecodable message");
        }
    }

    const held_object serialize_, deserialize_, undecodable_;
};

}  // namespace

std::shared_ptr<const message_format> native_format(codec::format how, codec::seal_options seal) {
    return std::make_shared<const native>(how, std::move(seal));
}

std::shared_ptr<const message_format> registered_format(py::object serializer, py::object undecodable) {
    return std::make_shared<const registered>(std::move(serializer), std::move(undecodable));
}

}  // namespace chanx::bindings
