// The core Redis layer, which stands in for channels_redis.core.
#include <pybind11/stl.h>

#include "bindings/init.hpp"
#include "bindings/redis_hub.hpp"
#include "bindings/redis_layer.hpp"
#include "core/error.hpp"
#include "core/redis/tally.hpp"

namespace chanx::bindings {
namespace {

class redis_core final : public redis_layer<redis_hub> {
public:
    redis_core(const py::list& hosts, std::string prefix, const py::object& serializer,
               std::vector<std::string> keys, std::size_t random_prefix_length, std::string process,
               double expiry, double group_expiry, std::size_t queue_bytes, py::object capacity_of,
               py::object report, py::object undecodable, py::object notify)
        : redis_layer({from_seconds(expiry), from_seconds(group_expiry), queue_bytes}, std::move(capacity_of),
                      std::move(report), std::move(undecodable), std::move(notify)),
          process_(std::move(process)) {
        configure(hosts, std::move(prefix), serializer,
                  {random_prefix_length, std::move(keys), std::chrono::seconds(static_cast<long>(expiry))});
        how_.expiry = expiry;
        how_.group_expiry = group_expiry;
    }
    ~redis_core() override { close(); }

    ref<layer::channel> source(py::handle name) override {
        auto& to = hub();
        auto known = known_channel(name);
        const std::string_view text = known ? std::string_view(known->name) : channel_text(name);
        const auto mark = text.find('!');
        if (mark == text.npos) {
            auto found = known ? known : table().open(text);
            to.follow(std::string(text));
            return found;
        }
        if (!text.substr(0, mark).ends_with(process_)) {
            throw std::runtime_error(
                "receive() is only for channels that new_channel() of this process made; " +
                py::repr(name).cast<std::string>() + " is none");
        }
        // The key that the channels of this process share is popped without end once it is followed.
        if (followed_by_ != &to || text.substr(0, mark) != followed_) {
            to.follow(std::string(text));
            followed_ = text.substr(0, mark);
            followed_by_ = &to;
        }
        return known ? known : table().open(text);
    }

    // A forked child is a process of its own: with its parent's name it would take its parent's messages.
    void rename(std::string process) { process_ = std::move(process); }

    void new_channel(const std::string& name) {
        auto& to = hub();
        hear_events_in_running_loop();
        table().hold(*table().open(name));
        to.follow(name);
    }

    py::object group_add(py::handle group, py::handle channel) {
        auto& to = hub();
        const std::string joined(group_text(group)), member(channel_text(channel));
        return await([&](redis::response_handler done) {
            to.group_add(joined, member, std::move(done));
            return false;
        });
    }
    py::object group_discard(py::handle group, py::handle channel) {
        auto& to = hub();
        const std::string left(group_text(group)), member(channel_text(channel));
        return await([&](redis::response_handler done) {
            to.group_discard(left, member, std::move(done));
            return false;
        });
    }
    py::object send(py::handle channel, py::handle message, std::size_t capacity) {
        auto& to = hub();
        const std::string name(channel_text(channel));
        const auto body = encode(message);
        check_local_capacity(name);
        count_sent(1);
        return await([&](redis::response_handler done) {
            to.send(name, body, capacity, std::move(done));
            return false;
        });
    }
    void group_send(py::handle group, py::handle message, redis::response_handler done) {
        auto& to = hub();
        const std::string name(group_text(group));
        const auto body = encode(message);
        count_sent(1);
        to.group_send(name, body, std::move(done));
    }

    // Without a loop: waits for Redis unless `longest` is zero.
    void send_many(const std::vector<std::tuple<bool, py::object, py::object, std::size_t>>& messages,
                   double longest) {
        struct item {
            bool to_group;
            std::string name;
            outgoing what;
            std::size_t capacity;
        };
        auto& to = hub();
        std::vector<item> items;
        for (const auto& [to_group, name, message, capacity] : messages) {
            std::string target(to_group ? group_text(name) : channel_text(name));
            if (!to_group) check_local_capacity(target);
            items.push_back({to_group, std::move(target), encode(message), capacity});
        }
        count_sent(items.size());
        if (items.empty()) return;
        wait(longest, [&](const redis::response_handler& done) {
            const auto all = std::make_shared<redis::tally>(items.size(), done);
            for (const auto& each : items) {
                auto one = [all](redis::response&& answer) { all->count(std::move(answer.error)); };
                if (each.to_group) {
                    to.group_send(each.name, each.what, std::move(one));
                } else {
                    to.send(each.name, each.what, each.capacity, std::move(one));
                }
            }
        });
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

private:
    // A channel of this process that is full refuses here; one of another process is that one's to bound.
    void check_local_capacity(const std::string& name) {
        if (name.find('!') == name.npos) return;
        const auto view = table().view(name);
        if (!view || view->unread < view->capacity) return;
        throw_redis_error({chanx::make_error_code(chanx::errc::channel_full), name});
    }

    std::string process_;
    std::string followed_;  // what was followed last, up to its '!', and by which hub
    const redis_hub* followed_by_ = nullptr;
};

}  // namespace

void init_redis_layer(py::module_& module) {
    redis_core::define<redis_core>(module, "RedisLayerCore", "Channels and groups over Redis sorted sets.")
        .def(py::init<const py::list&, std::string, const py::object&, std::vector<std::string>, std::size_t,
                      std::string, double, double, std::size_t, py::object, py::object, py::object,
                      py::object>(),
             py::kw_only(), py::arg("hosts"), py::arg("prefix"), py::arg("serializer"), py::arg("keys"),
             py::arg("random_prefix_length"), py::arg("process"), py::arg("expiry"), py::arg("group_expiry"),
             py::arg("queue_bytes"), py::arg("capacity_of"), py::arg("report"), py::arg("undecodable"),
             py::arg("notify"))
        .def("rename", &redis_core::rename, py::arg("process"))
        .def("erase", &redis_core::erase);
}

}  // namespace chanx::bindings
