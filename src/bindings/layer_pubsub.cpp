#include "bindings/layer_pubsub.hpp"

#include <pybind11/stl.h>

#include "bindings/init.hpp"
#include "bindings/redis_layer.hpp"

namespace chanx::bindings {
namespace {

class pubsub_core final : public redis_layer<pubsub_hub> {
public:
    pubsub_core(const py::list& hosts, std::string prefix, const py::object& serializer,
                std::vector<std::string> keys, double expiry, double group_expiry, std::size_t queue_bytes,
                py::object capacity_of, py::object report, py::object undecodable, py::object notify)
        : redis_layer({from_seconds(expiry), from_seconds(group_expiry), queue_bytes}, std::move(capacity_of),
                      std::move(report), std::move(undecodable), std::move(notify)) {
        configure(hosts, std::move(prefix), serializer, {0, std::move(keys), std::nullopt});
    }
    ~pubsub_core() override { close(); }

    // Any str but an empty one names a channel or group here, as in the layer that this one stands in for.
    std::string_view channel_text(py::handle name) override { return any_text(name, "channel"); }
    std::string_view group_text(py::handle name) override { return any_text(name, "group"); }

    ref<layer::channel> source(py::handle name) override {
        hub();
        const auto text = channel_text(name);
        auto found = table().find(text);
        if (!found || !table().holds(text)) {
            throw std::runtime_error(
                "receive() is only for channels that new_channel() of this process made; " +
                py::repr(name).cast<std::string>() + " is none");
        }
        return found;
    }

    // These return a future of the running loop, or None when there is nothing to wait for.
    py::object new_channel(const std::string& name) {
        auto& to = hub();
        const auto channel = table().open(name);
        table().hold(*channel);
        return await([&](redis::response_handler done) { return to.follow_channel(name, std::move(done)); });
    }

    py::object group_add(py::handle group, py::handle channel) {
        auto& to = hub();
        const std::string joined(group_text(group));
        const auto member = table().find(channel_text(channel));
        if (!member || !table().holds(member->name)) {
            throw std::runtime_error(
                "group_add() is only for channels that new_channel() of this process made; " +
                py::repr(channel).cast<std::string>() + " is none");
        }
        table().group_add(joined, *member, steady::now());
        if (to.follows_group(joined)) return py::none();  // without making a future for it
        return await([&](redis::response_handler done) { return to.follow_group(joined, std::move(done)); });
    }

    py::object send(py::handle channel, py::handle message) {
        auto& to = hub();
        const auto target = channel_text(channel);
        const auto body = encode(message);
        count_sent(1);
        return await([&](redis::response_handler done) {
            to.publish(target, body, std::move(done));
            return false;
        });
    }
    void group_send(py::handle group, py::handle message, redis::response_handler done) {
        auto& to = hub();
        const auto target = to.group_channel(group_text(group));
        const auto body = encode(message);
        count_sent(1);
        to.publish(target, body, std::move(done));
    }

    // Without a loop: waits for Redis unless `longest` is zero.
    void send_many(const std::vector<std::tuple<bool, py::object, py::object>>& messages, double longest) {
        auto& to = hub();
        std::vector<std::pair<std::string, outgoing>> bodies;
        for (const auto& [to_group, name, message] : messages) {
            auto target = to_group ? to.group_channel(group_text(name)) : std::string(channel_text(name));
            bodies.emplace_back(std::move(target), encode(message));
        }
        count_sent(bodies.size());
        wait(longest, [&](redis::response_handler done) { to.publish(bodies, std::move(done)); });
    }

    void close() {
        redis_layer::close();
        table().flush();
        table().let_go();  // nothing is subscribed to any more
    }

private:
    static std::string_view any_text(py::handle name, const char* kind) {
        Py_ssize_t size = 0;
        const char* text = PyUnicode_Check(name.ptr()) ? PyUnicode_AsUTF8AndSize(name.ptr(), &size) : nullptr;
        if (!text || size == 0) {
            PyErr_Clear();
            throw py::type_error(std::string(kind) + " name must be a str that is not empty, not " +
                                 py::repr(name).cast<std::string>());
        }
        return {text, static_cast<std::size_t>(size)};
    }
};

}  // namespace

void init_pubsub_layer(py::module_& module) {
    pubsub_core::define<pubsub_core>(module, "PubSubLayerCore", "Channels and groups over Redis pub/sub.")
        .def(py::init<const py::list&, std::string, const py::object&, std::vector<std::string>, double,
                      double, std::size_t, py::object, py::object, py::object, py::object>(),
             py::kw_only(), py::arg("hosts"), py::arg("prefix"), py::arg("serializer"), py::arg("keys"),
             py::arg("expiry"), py::arg("group_expiry"), py::arg("queue_bytes"), py::arg("capacity_of"),
             py::arg("report"), py::arg("undecodable"), py::arg("notify"));
}

}  // namespace chanx::bindings
