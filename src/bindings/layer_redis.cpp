// The core Redis layer, which stands in for channels_redis.core.
#include <pybind11/stl.h>

#include <atomic>

#include "bindings/init.hpp"
#include "bindings/layer_core.hpp"
#include "bindings/redis_answer.hpp"
#include "bindings/redis_hub.hpp"
#include "bindings/redis_support.hpp"
#include "bindings/wire_message.hpp"
#include "core/error.hpp"

namespace chanx::bindings {
namespace {

class redis_core final : public layer_core {
public:
    redis_core(const py::list& hosts, std::string prefix, bool json, std::vector<std::string> keys,
               std::size_t random_prefix_length, std::string process, double expiry, double group_expiry,
               std::size_t capacity, std::size_t queue_bytes, py::object capacity_of, py::object report,
               py::object undecodable)
        : layer_core({from_seconds(expiry), from_seconds(group_expiry), queue_bytes}, std::move(capacity_of),
                     std::move(report)),
          process_(std::move(process)),
          undecodable_(std::move(undecodable)) {
        for (const auto host : hosts) how_.hosts.push_back(redis_options(host.cast<py::dict>()));
        how_.prefix = std::move(prefix);
        how_.format = json ? codec::format::json : codec::format::msgpack;
        how_.seal.keys = std::move(keys);
        how_.seal.prefix_length = random_prefix_length;
        how_.seal.expiry = std::chrono::seconds(static_cast<long>(expiry));
        how_.expiry = expiry;
        how_.group_expiry = group_expiry;
        how_.capacity = capacity;
    }
    ~redis_core() override { close(); }

    ref<layer::channel> source(py::handle name) override {
        auto& to = hub();
        const std::string text(channel_text(name));
        const auto mark = text.find('!');
        if (mark != text.npos && !std::string_view(text).substr(0, mark).ends_with(process_)) {
            throw std::runtime_error(
                "receive() is only for channels that new_channel() of this process made; " +
                py::repr(name).cast<std::string>() + " is none");
        }
        auto found = table().open(text);
        to.follow(text);
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

    void new_channel(const std::string& name) {
        auto& to = hub();
        table().hold(*table().open(name));
        to.follow(name);
    }

    py::object group_add(py::handle group, py::handle channel) {
        auto& to = hub();
        const std::string joined(group_text(group)), member(channel_text(channel));
        return await([&](redis::response_handler done) { to.group_add(joined, member, std::move(done)); });
    }
    py::object group_discard(py::handle group, py::handle channel) {
        auto& to = hub();
        const std::string left(group_text(group)), member(channel_text(channel));
        return await([&](redis::response_handler done) { to.group_discard(left, member, std::move(done)); });
    }
    py::object send(py::handle channel, py::handle message, std::size_t capacity) {
        auto& to = hub();
        const std::string name(channel_text(channel));
        const auto body = encode(message);
        check_local_capacity(name);
        ++sent_;
        report_drops(steady::now());
        return await([&](redis::response_handler done) { to.send(name, body, capacity, std::move(done)); });
    }
    py::object group_send(py::handle group, py::handle message) {
        auto& to = hub();
        const std::string name(group_text(group));
        const auto body = encode(message);
        ++sent_;
        report_drops(steady::now());
        return await([&](redis::response_handler done) { to.group_send(name, body, std::move(done)); });
    }

    // Without a loop: waits for Redis unless `longest` is zero.
    void send_many(const std::vector<std::tuple<bool, py::object, py::object, std::size_t>>& messages,
                   double longest) {
        struct item {
            bool to_group;
            std::string name, body;
            std::size_t capacity;
        };
        auto& to = hub();
        std::vector<item> items;
        for (const auto& [to_group, name, message, capacity] : messages) {
            std::string target(to_group ? group_text(name) : channel_text(name));
            if (!to_group) check_local_capacity(target);
            items.push_back({to_group, std::move(target), encode(message), capacity});
        }
        sent_ += items.size();
        report_drops(steady::now());
        if (items.empty()) return;
        redis::response answer;
        {
            const py::gil_scoped_release unlocked;
            const auto begin = [&](const redis::response_handler& done) {
                for (const auto& each : items) {
                    if (each.to_group) {
                        to.group_send(each.name, each.body, done);
                    } else {
                        to.send(each.name, each.body, each.capacity, done);
                    }
                }
            };
            if (longest <= 0) {
                begin({});
                return;
            }
            // The first failure, or the last success.
            struct shared_state {
                std::mutex mutex;
                std::size_t open;
                redis::failure why;
            };
            auto shared = std::make_shared<shared_state>();
            shared->open = items.size();
            answer = redis::wait_for_answer(
                [&](const redis::response_handler& done) {
                    begin([shared, done](redis::response&& one) {
                        redis::failure why;
                        {
                            const std::lock_guard lock(shared->mutex);
                            if (one.error && !shared->why) shared->why = std::move(one.error);
                            if (--shared->open > 0) return;
                            why = shared->why;
                        }
                        done({std::move(why), {}});
                    });
                },
                from_seconds(longest), how_.hosts.front());
        }
        if (answer.error) throw_redis_error(answer.error);
    }

    bool flush_sync(double longest) {
        auto& to = hub();
        const py::gil_scoped_release unlocked;
        return to.flush(from_seconds(longest));
    }
    void erase(double longest) {
        auto& to = hub();
        const auto why = [&] {
            const py::gil_scoped_release unlocked;
            return to.erase(from_seconds(longest));
        }();
        if (why) throw_redis_error(why);
        table().flush();
    }

    void close() {
        if (!hub_ || hub_table_ != &table()) return;
        const auto gone = std::exchange(hub_, nullptr);
        {
            const py::gil_scoped_release unlocked;
            gone->close();
        }
        table().observe(nullptr);
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
        result["connected"] = now.connected;
        return result;
    }

private:
    redis_hub& hub() {
        auto& current = table();
        if (hub_ && hub_table_ == &current) [[likely]]
            return *hub_;
        if (hub_) new std::shared_ptr<redis_hub>(std::move(hub_));  // the parent's, after a fork: left alone
        hub_table_ = &current;
        hub_ = std::make_shared<redis_hub>(how_, ref(&current));
        hub_->connect();
        return *hub_;
    }

    // A channel of this process that is full refuses here; one of another process is that one's to bound.
    void check_local_capacity(const std::string& name) {
        if (name.find('!') == name.npos) return;
        const auto view = table().view(name);
        if (!view || view->unread < view->capacity) return;
        throw_redis_error({chanx::make_error_code(chanx::errc::channel_full), name});
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

    template <class Begin>
    py::object await(Begin begin) {
        auto answer = redis_answer::make();
        auto future = answer->future();
        begin([answer](redis::response&& got) { answer->resolve(std::move(got.error)); });
        return future;
    }

    redis_hub::settings how_;
    const std::string process_;
    py::object undecodable_;
    std::shared_ptr<redis_hub> hub_;
    layer::channel_table* hub_table_ = nullptr;
    std::atomic<std::uint64_t> sent_{0};
};

}  // namespace

void init_redis_layer(py::module_& module) {
    py::class_<redis_core, layer_core>(module, "RedisLayerCore",
                                       "Channels and groups over Redis sorted sets.")
        .def(py::init<const py::list&, std::string, bool, std::vector<std::string>, std::size_t, std::string,
                      double, double, std::size_t, std::size_t, py::object, py::object, py::object>(),
             py::kw_only(), py::arg("hosts"), py::arg("prefix"), py::arg("json"), py::arg("keys"),
             py::arg("random_prefix_length"), py::arg("process"), py::arg("expiry"), py::arg("group_expiry"),
             py::arg("capacity"), py::arg("queue_bytes"), py::arg("capacity_of"), py::arg("report"),
             py::arg("undecodable"))
        .def("new_channel", &redis_core::new_channel)
        .def("group_add", &redis_core::group_add)
        .def("group_discard", &redis_core::group_discard)
        .def("send", &redis_core::send)
        .def("group_send", &redis_core::group_send)
        .def("send_many", &redis_core::send_many)
        .def("flush_sync", &redis_core::flush_sync)
        .def("erase", &redis_core::erase)
        .def("close", &redis_core::close)
        .def("redis_stats", &redis_core::redis_stats);
}

}  // namespace chanx::bindings
