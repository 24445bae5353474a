// _core.RedisClient: the client of the layers, for tests and for whoever needs Redis without an event loop.
#include <pybind11/stl.h>

#include <condition_variable>
#include <deque>
#include <mutex>

#include "bindings/init.hpp"
#include "bindings/redis_support.hpp"

namespace py = pybind11;

namespace chanx::bindings {
namespace {

// Keeps what the client tells until someone asks.
class inbox final : public redis::listener {
public:
    using message = std::pair<std::string, std::string>;

    void on_message(std::string&& channel, std::string&& payload) override {
        const std::lock_guard lock(mutex_);
        messages_.emplace_back(std::move(channel), std::move(payload));
    }
    void on_batch_end() override { arrived_.notify_all(); }
    void on_connected(bool again, duration gap) override {
        const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(gap).count();
        note(again ? "reconnected after " + std::to_string(milliseconds) + " ms" : "connected");
    }
    void on_disconnected(const redis::failure& why) override { note("disconnected: " + why.text); }
    void on_subscription_lost(const redis::failure& why) override { note("subscription lost: " + why.text); }

    std::optional<message> next(duration longest) {
        std::unique_lock lock(mutex_);
        if (!arrived_.wait_for(lock, longest, [this] { return !messages_.empty(); })) return {};
        auto first = std::move(messages_.front());
        messages_.pop_front();
        return first;
    }
    std::vector<std::string> events() {
        const std::lock_guard lock(mutex_);
        return std::move(events_);
    }

private:
    void note(std::string text) {
        const std::lock_guard lock(mutex_);
        events_.push_back(std::move(text));
    }

    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<message> messages_;
    std::vector<std::string> events_;
};

void add_command(redis::request& to, const py::args& words) {
    to.begin(words.size());
    for (const auto word : words) {
        if (py::isinstance<py::bytes>(word)) {
            to.argument(word.cast<std::string_view>());
        } else {
            to.argument(py::str(word).cast<std::string>());
        }
    }
}

class redis_client {
public:
    explicit redis_client(const py::dict& how)
        : inbox_(std::make_shared<inbox>()), client_(redis::client::create(redis_options(how), inbox_)) {}
    ~redis_client() { close(); }

    py::object execute(const py::args& words, double timeout) {
        redis::request what;
        add_command(what, words);
        const auto answer = wait_for(std::move(what), timeout);
        auto value = redis_value(*client_, answer.replies.front());
        if (answer.replies.front().is_error()) throw_redis_error(client_->describe(answer.replies.front()));
        return value;
    }

    py::list pipeline(const py::list& commands, double timeout) {
        redis::request what;
        for (const auto command : commands) add_command(what, py::args(command.cast<py::tuple>()));
        py::list values;
        for (const auto& item : wait_for(std::move(what), timeout).replies)
            values.append(redis_value(*client_, item));
        return values;
    }

    // Without waiting, and without learning of failures but by stats().
    void send(const py::args& words, bool repeatable) {
        redis::request what;
        add_command(what, words);
        what.repeatable(repeatable);
        const py::gil_scoped_release unlocked;
        client_->execute(std::move(what));
    }

    py::object evaluate(const std::string& text, const std::vector<std::string>& keys,
                        const std::vector<std::string>& arguments, double timeout) {
        const auto what = std::make_shared<const redis::script>(text);
        const auto answer = wait(timeout, [&](redis::response_handler done) {
            client_->evaluate(what, keys, arguments, std::move(done));
        });
        if (const auto why = client_->check(answer)) throw_redis_error(why);
        return redis_value(*client_, answer.replies.front());
    }

    void subscribe(const std::vector<std::string>& channels, double timeout, bool shard) {
        const auto where = shard ? redis::scope::shard : redis::scope::channel;
        wait(timeout,
             [&](redis::response_handler done) { client_->subscribe(channels, std::move(done), where); });
    }

    void unsubscribe(const std::vector<std::string>& channels, double timeout, bool shard) {
        const auto where = shard ? redis::scope::shard : redis::scope::channel;
        wait(timeout,
             [&](redis::response_handler done) { client_->unsubscribe(channels, std::move(done), where); });
    }

    py::object next_message(double timeout) {
        std::optional<inbox::message> found;
        {
            const py::gil_scoped_release unlocked;
            found = inbox_->next(from_seconds(timeout));
        }
        if (!found) return py::none();
        return py::make_tuple(py::str(found->first), py::bytes(found->second));
    }

    std::vector<std::string> events() { return inbox_->events(); }

    py::dict stats() const {
        const auto now = client_->stats();
        py::dict made;
        made["requests"] = now.requests;
        made["replies"] = now.replies;
        made["pushes"] = now.pushes;
        made["bytes_written"] = now.bytes_written;
        made["bytes_read"] = now.bytes_read;
        made["refused"] = now.refused;
        made["failed"] = now.failed;
        made["connects"] = now.connects;
        made["reconnects"] = now.reconnects;
        made["failed_attempts"] = now.failed_attempts;
        made["gaps"] = now.gaps;
        made["direct_writes"] = now.direct_writes;
        made["backlog_bytes"] = now.backlog_bytes;
        made["subscriptions"] = now.subscriptions;
        made["connected"] = now.connected;
        return made;
    }

    bool flush(double timeout) {
        const py::gil_scoped_release unlocked;
        return client_->flush(from_seconds(timeout));
    }

    void close() {
        const py::gil_scoped_release unlocked;
        client_->close();
    }

private:
    redis::response wait_for(redis::request what, double timeout) {
        redis::response answer;
        {
            const py::gil_scoped_release unlocked;
            answer = client_->call(std::move(what), from_seconds(timeout));
        }
        if (answer.error) throw_redis_error(answer.error);
        return answer;
    }

    template <class Begin>
    redis::response wait(double timeout, Begin begin) {
        auto answer = [&] {
            const py::gil_scoped_release unlocked;
            return redis::wait_for_answer(begin, from_seconds(timeout), client_->how());
        }();
        if (answer.error) throw_redis_error(answer.error);
        return answer;
    }

    const std::shared_ptr<inbox> inbox_;
    const std::shared_ptr<redis::client> client_;
};

}  // namespace

void init_redis(py::module_& module) {
    py::class_<redis_client>(module, "RedisClient",
                             "One connection to Redis that keeps itself up, without an event loop.")
        .def(py::init<const py::dict&>(), py::arg("options"))
        .def("execute", &redis_client::execute, py::kw_only(), py::arg("timeout") = 10.0,
             "Runs one command and returns its reply.")
        .def("pipeline", &redis_client::pipeline, py::arg("commands"), py::arg("timeout") = 10.0,
             "Runs commands in one go; error replies are exceptions in the list.")
        .def("send", &redis_client::send, py::kw_only(), py::arg("repeatable") = false,
             "Sends a command without waiting for its reply.")
        .def("evaluate", &redis_client::evaluate, py::arg("script"), py::arg("keys"), py::arg("arguments"),
             py::arg("timeout") = 10.0)
        .def("subscribe", &redis_client::subscribe, py::arg("channels"), py::arg("timeout") = 10.0,
             py::arg("shard") = false)
        .def("unsubscribe", &redis_client::unsubscribe, py::arg("channels"), py::arg("timeout") = 10.0,
             py::arg("shard") = false)
        .def("next_message", &redis_client::next_message, py::arg("timeout"),
             "A tuple of channel and payload, or None when none came in time.")
        .def("events", &redis_client::events, "Connections and disconnections since the last call.")
        .def("stats", &redis_client::stats)
        .def("flush", &redis_client::flush, py::arg("timeout"),
             "Waits until all that was sent is answered; False when that took longer.")
        .def("close", &redis_client::close);
    // The I/O thread has to be gone before the interpreter takes the process apart.
    py::module_::import("atexit").attr("register")(py::cpp_function([] {
        const py::gil_scoped_release unlocked;
        redis::client::shutdown();
    }));
}

}  // namespace chanx::bindings
