#include "bindings/layer_pubsub.hpp"

#include <pybind11/stl.h>

#include "bindings/init.hpp"
#include "bindings/redis_support.hpp"
#include "bindings/wire_message.hpp"

namespace chanx::bindings {
namespace {

// What the connections tell, on its way to Python: run by the loop that used the layer last.
class notifier final : public ref_counted {
public:
    explicit notifier(py::object callback) : callback_(callback.release().ptr()) {}

    void set_loop(event_loop* loop) {
        const std::lock_guard lock(mutex_);
        if (loop_.get() != loop) loop_ = ref(loop);
    }
    void tell(const char* what, std::string text);

private:
    class event final : public completion {
    public:
        event(PyObject* callback, const char* what, std::string text)
            : callback_(callback), what_(what), text_(std::move(text)) {}
        bool run(completion_queue&, drain_budget&) override {
            PyObject* const done = PyObject_CallFunction(callback_, "ss", what_, text_.c_str());
            if (!done) PyErr_WriteUnraisable(callback_);
            Py_XDECREF(done);
            return true;
        }

    private:
        PyObject* callback_;  // lives as long as the process: a layer is made once
        const char* what_;
        std::string text_;
    };
    ~notifier() override = default;

    std::mutex mutex_;
    ref<event_loop> loop_;
    PyObject* callback_;
};

void notifier::tell(const char* what, std::string text) {
    ref<event_loop> loop;
    {
        const std::lock_guard lock(mutex_);
        loop = loop_;
    }
    if (!loop || loop->closed()) return;
    if (loop->post(ref<completion>(new event(callback_, what, std::move(text))))) loop->wake();
}

class pubsub_core final : public layer_core {
public:
    pubsub_core(const py::list& hosts, std::string prefix, bool json, std::vector<std::string> keys,
                double expiry, double group_expiry, std::size_t queue_bytes, py::object capacity_of,
                py::object report, py::object undecodable, py::object notify)
        : layer_core({from_seconds(expiry), from_seconds(group_expiry), queue_bytes}, std::move(capacity_of),
                     std::move(report)),
          undecodable_(std::move(undecodable)),
          notifier_(new notifier(std::move(notify))) {
        for (const auto host : hosts) how_.hosts.push_back(redis_options(host.cast<py::dict>()));
        how_.prefix = std::move(prefix);
        how_.format = json ? codec::format::json : codec::format::msgpack;
        how_.seal.keys = std::move(keys);
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

    PyObject* decode(layer::message& item) override {
        PyObject* const value = static_cast<python_message&>(item).thaw();
        if (!value) tell_undecodable();
        return value;
    }
    PyObject* share(layer::message& item) override {
        PyObject* const value = static_cast<python_message&>(item).share();
        if (!value) tell_undecodable();
        return value;
    }
    void restore(layer::message& item, PyObject* value) noexcept override {
        static_cast<python_message&>(item).restore(value);
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
        return await([&](redis::response_handler done) { return to.follow_group(joined, std::move(done)); });
    }

    py::object send(py::handle channel, py::handle message) {
        const auto name = channel_text(channel);
        return publish(name, message);
    }
    py::object group_send(py::handle group, py::handle message) {
        return publish(hub().group_channel(group_text(group)), message);
    }

    // Without a loop: waits for Redis unless `longest` is zero.
    void send_many(const std::vector<std::tuple<bool, py::object, py::object>>& messages, double longest) {
        auto& to = hub();
        std::vector<std::pair<std::string, std::string>> bodies;
        for (const auto& [to_group, name, message] : messages) {
            auto target = to_group ? to.group_channel(group_text(name)) : std::string(channel_text(name));
            bodies.emplace_back(std::move(target), encode(message));
        }
        sent_ += bodies.size();
        report_drops(steady::now());
        if (longest <= 0) {
            to.publish(bodies, {});
            return;
        }
        redis::response answer;
        {
            const py::gil_scoped_release unlocked;
            answer = redis::wait_for_answer(
                [&](redis::response_handler done) { to.publish(bodies, std::move(done)); },
                from_seconds(longest), how_.hosts.front());
        }
        if (answer.error) throw_redis_error(answer.error);
    }

    bool flush_sync(double longest) {
        auto& to = hub();
        const py::gil_scoped_release unlocked;
        return to.flush(from_seconds(longest));
    }

    void close() {
        if (!hub_ || hub_table_ != &table()) return;
        const auto gone = std::exchange(hub_, nullptr);
        {
            const py::gil_scoped_release unlocked;
            gone->close();
        }
        table().observe(nullptr);
        table().flush();
        table().let_go();  // nothing is subscribed to any more
    }

    py::dict redis_stats() {
        py::dict result;
        const auto now = hub_ ? hub_->stats() : redis::connection_stats{};
        result["sent"] = sent_.load();
        result["reconnects"] = now.reconnects;
        result["gaps"] = now.gaps;
        result["refused"] = now.refused;
        result["failed"] = now.failed;
        result["backlog_bytes"] = now.backlog_bytes;
        result["bytes_read"] = now.bytes_read;
        result["bytes_written"] = now.bytes_written;
        result["subscriptions"] = now.subscriptions;
        result["connected"] = now.connected;
        return result;
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

    pubsub_hub& hub() {
        auto& current = table();
        if (hub_ && hub_table_ == &current) [[likely]]
            return *hub_;
        if (hub_) new std::shared_ptr<pubsub_hub>(std::move(hub_));  // the parent's, after a fork: left alone
        hub_table_ = &current;
        hub_ = std::make_shared<pubsub_hub>(
            how_, ref(&current),
            [tell = notifier_](const char* what, std::string text) { tell->tell(what, std::move(text)); });
        hub_->connect();
        return *hub_;
    }

    std::string encode(py::handle message) {
        std::string body;
        if (!wire_encode(how_.format, message.ptr(), body)) throw py::error_already_set();
        return body;
    }

    void tell_undecodable() {
        py::error_already_set error;
        try {
            undecodable_(error.value());
        } catch (py::error_already_set& second) {
            second.discard_as_unraisable("chanx: logging an undecodable message");
        }
        error.restore();
    }

    // Begins something that answers, in the running loop.
    template <class Begin>
    py::object await(Begin begin) {
        auto answer = redis_answer::make();
        notifier_->set_loop(event_loop::running());
        const auto future = answer->future();
        const bool settled =
            begin([answer](redis::response&& got) { answer->resolve(std::move(got.error)); });
        return settled ? py::none() : future;
    }

    py::object publish(std::string_view redis_channel, py::handle message) {
        auto& to = hub();
        const auto body = encode(message);
        ++sent_;
        report_drops(steady::now());
        return await([&](redis::response_handler done) {
            to.publish(redis_channel, body, std::move(done));
            return false;
        });
    }

    pubsub_hub::settings how_;
    py::object undecodable_;
    ref<notifier> notifier_;
    std::shared_ptr<pubsub_hub> hub_;
    layer::channel_table* hub_table_ = nullptr;
    std::atomic<std::uint64_t> sent_{0};
};

}  // namespace

void init_pubsub_layer(py::module_& module) {
    py::class_<pubsub_core, layer_core>(module, "PubSubLayerCore", "Channels and groups over Redis pub/sub.")
        .def(py::init<const py::list&, std::string, bool, std::vector<std::string>, double, double,
                      std::size_t, py::object, py::object, py::object, py::object>(),
             py::kw_only(), py::arg("hosts"), py::arg("prefix"), py::arg("json"), py::arg("keys"),
             py::arg("expiry"), py::arg("group_expiry"), py::arg("queue_bytes"), py::arg("capacity_of"),
             py::arg("report"), py::arg("undecodable"), py::arg("notify"))
        .def("new_channel", &pubsub_core::new_channel)
        .def("group_add", &pubsub_core::group_add)
        .def("group_discard", &pubsub_core::group_discard)
        .def("send", &pubsub_core::send)
        .def("group_send", &pubsub_core::group_send)
        .def("send_many", &pubsub_core::send_many)
        .def("flush_sync", &pubsub_core::flush_sync)
        .def("close", &pubsub_core::close)
        .def("redis_stats", &pubsub_core::redis_stats);
}

}  // namespace chanx::bindings
