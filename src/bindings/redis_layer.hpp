// What the bindings of the two Redis layers share: the hub of this process (a fresh one after a fork), events
// and undecodable messages to Python, answers that tasks await.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bindings/layer_core.hpp"
#include "bindings/layer_events.hpp"
#include "bindings/message_format.hpp"
#include "bindings/redis_answer.hpp"
#include "bindings/redis_support.hpp"
#include "bindings/wire.hpp"

namespace chanx::bindings {

template <class Hub>
class redis_layer : public layer_core {
public:
    redis_layer(layer::table_options options, py::object capacity_of, py::object report,
                py::object undecodable, py::object notify)
        : layer_core(options, std::move(capacity_of), std::move(report)),
          undecodable_(std::move(undecodable)),
          events_(new layer_events(std::move(notify))) {}

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

    // A class of the module with the members that every layer has.
    template <class Layer>
    static py::class_<Layer, layer_core> define(py::module_& module, const char* name, const char* what) {
        return py::class_<Layer, layer_core>(module, name, what)
            .def("new_channel", &Layer::new_channel)
            .def("group_add", &Layer::group_add)
            .def("group_discard", &Layer::group_discard)
            .def("send", &Layer::send)
            .def("group_send",
                 [](py::object self, py::object group, py::object message) {
                     return redis_answer::later(begin_group_send<Layer>, std::move(self), std::move(group),
                                                std::move(message));
                 })
            .def("send_many", &Layer::send_many)
            .def("flush_sync", &Layer::flush_sync)
            .def("close", &Layer::close)
            .def("redis_stats", &Layer::redis_stats);
    }

protected:
    // `serializer` is "msgpack", "json", or a registered one's instance.
    void configure(const py::list& hosts, std::string prefix, const py::object& serializer,
                   codec::seal_options seal) {
        for (const auto host : hosts) how_.hosts.push_back(redis_options(host.cast<py::dict>()));
        how_.prefix = std::move(prefix);
        if (py::isinstance<py::str>(serializer)) {
            how_.format = native_format(format_of(serializer.cast<std::string>()), std::move(seal));
        } else {
            how_.format = registered_format(serializer, undecodable_);
        }
    }

    Hub& hub() {
        auto& current = table();
        if (hub_ && hub_table_ == &current) [[likely]]
            return *hub_;
        if (hub_) new std::shared_ptr<Hub>(std::move(hub_));  // the parent's, after a fork: left alone
        hub_table_ = &current;
        hub_ = std::make_shared<Hub>(how_, ref(&current), events_->observer());
        hub_->connect();
        return *hub_;
    }

    outgoing encode(py::handle message) { return how_.format->encode(message); }

    void count_sent(std::size_t messages) {
        sent_ += messages;
        report_drops(steady::now());
    }

    // Begins something that answers, in the running loop: what to await, or None when there is nothing to
    // wait for (`begin` returns true then).
    template <class Begin>
    py::object await(Begin begin) {
        event_loop* const loop = event_loop::running();
        if (!loop) throw py::error_already_set();
        events_->set_loop(loop);
        const auto answer = redis_answer::make(*loop);
        auto operation = answer->to_await();
        const redis::cork::scope corked(*loop);
        const bool settled =
            begin([answer](redis::response&& got) { answer->resolve(std::move(got.error)); });
        return settled ? py::none() : operation;
    }

    // Begins something that answers, without a loop: waits for it unless `longest` is zero.
    template <class Begin>
    void wait(double longest, Begin begin) {
        redis::response answer;
        {
            const py::gil_scoped_release unlocked;
            if (longest <= 0) {
                begin(redis::response_handler());
                return;
            }
            answer = redis::wait_for_answer(begin, from_seconds(longest), how_.hosts.front());
        }
        if (answer.error) throw_redis_error(answer.error);
    }

    template <class Layer>
    static void begin_group_send(py::handle self, py::handle group, py::handle message,
                                 const ref<redis_answer>& answer) {
        auto& layer = self.cast<Layer&>();
        static_cast<redis_layer&>(layer).events_->set_loop(answer->loop());
        const redis::cork::scope corked(*answer->loop());
        layer.group_send(group, message,
                         [answer](redis::response&& got) { answer->resolve(std::move(got.error)); });
    }

    typename Hub::settings how_;

    void hear_events_in_running_loop() {
        if (event_loop* const loop = event_loop::running()) {
            events_->set_loop(loop);
        } else {
            PyErr_Clear();
        }
    }

private:
    void tell_undecodable() {
        py::error_already_set error;
        try {
            undecodable_(error.value());
        } catch (py::error_already_set& second) {
            second.discard_as_unraisable("chanx: logging an undecodable message");
        }
        error.restore();
    }

    py::object undecodable_;
    ref<layer_events> events_;
    std::shared_ptr<Hub> hub_;
    layer::channel_table* hub_table_ = nullptr;
    std::atomic<std::uint64_t> sent_{0};
};

}  // namespace chanx::bindings
