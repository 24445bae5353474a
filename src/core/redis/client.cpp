#include "core/redis/client.hpp"

#include <pthread.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <unordered_set>

#include "core/redis/cluster.hpp"
#include "core/redis/connection.hpp"
#include "core/redis/io_thread.hpp"

namespace chanx::redis {

// All clients of the process, for fork and exit. Its lock is held across a fork, and nothing that waits
// happens under it, so that a child finds it free and the set whole.
struct client_registry {
    std::mutex mutex;
    std::unordered_set<client*> clients;

    static client_registry& instance() {
        // Never destroyed: clients may outlive the static objects of the process.
        static auto* const registry = [] {
            auto* made = new client_registry;
            ::pthread_atfork([] { instance().mutex.lock(); }, [] { instance().mutex.unlock(); },
                             [] { instance().after_fork(); });
            return made;
        }();
        return *registry;
    }

    void after_fork() {
        io_thread::abandon();
        for (client* item : clients) {
            item->link_->abandon();
            // Leaked: its lock may be held by a thread that does not exist here, and its callbacks belong to
            // the parent.
            new std::shared_ptr<link>(std::move(item->link_));
            item->link_ = make_link(item->how_, item->listener_);
        }
        mutex.unlock();
    }

    std::vector<std::shared_ptr<link>> links() {
        const std::lock_guard lock(mutex);
        std::vector<std::shared_ptr<link>> all;
        for (const client* item : clients) all.push_back(item->link_);
        return all;
    }
};

client::client(options how, std::shared_ptr<listener> tell)
    : how_(std::move(how)), listener_(std::move(tell)), link_(make_link(how_, listener_)) {}

std::shared_ptr<link> make_link(const options& how, const std::shared_ptr<listener>& tell) {
    if (how.cluster.empty()) return std::make_shared<connection>(how, tell);
    return std::make_shared<cluster>(how, tell);
}

std::shared_ptr<client> client::create(options how, std::shared_ptr<listener> tell) {
    std::shared_ptr<client> made(new client(std::move(how), std::move(tell)));
    auto& registry = client_registry::instance();
    const std::lock_guard lock(registry.mutex);
    registry.clients.insert(made.get());
    return made;
}

client::~client() {
    {
        auto& registry = client_registry::instance();
        const std::lock_guard lock(registry.mutex);
        registry.clients.erase(this);
    }
    link_->close();
}

void client::start() { link_->start(); }

void client::execute(request what, response_handler handler) {
    link_->submit(std::move(what), std::move(handler));
}

void client::evaluate(std::shared_ptr<const script> what, const std::vector<std::string>& keys,
                      const std::vector<std::string>& arguments, response_handler handler, bool repeatable) {
    auto first = what->by_digest(keys, arguments);
    first.repeatable(repeatable);
    auto again = [self = weak_from_this(), what, keys, arguments, repeatable,
                  handler = std::move(handler)](response&& answer) mutable {
        const bool unknown = !answer.error && answer.replies.front().is_error() &&
                             classify(answer.replies.front().text) == errc::no_script;
        const auto owner = unknown ? self.lock() : nullptr;
        if (!owner) {
            if (handler) handler(std::move(answer));
            return;
        }
        auto whole = what->whole(keys, arguments);
        whole.repeatable(repeatable);
        owner->execute(std::move(whole), std::move(handler));
    };
    link_->submit(std::move(first), std::move(again));
}

void client::subscribe(const std::vector<std::string>& channels, response_handler handler, scope where) {
    link_->subscribe(where, channels, std::move(handler));
}

void client::unsubscribe(const std::vector<std::string>& channels, response_handler handler, scope where) {
    link_->unsubscribe(where, channels, std::move(handler));
}

response wait_for_answer(const std::function<void(response_handler)>& begin, duration longest,
                         const options& how) {
    struct waiter {
        std::mutex mutex;
        std::condition_variable arrived;
        std::optional<response> answer;
    };
    const auto waiting = std::make_shared<waiter>();
    begin([waiting](response&& answer) {
        const std::lock_guard lock(waiting->mutex);
        waiting->answer = std::move(answer);
        waiting->arrived.notify_one();
    });
    std::unique_lock lock(waiting->mutex);
    // The connection, which knows the cause, gives up first.
    const auto limit = longest + std::chrono::milliseconds(500);
    if (!waiting->arrived.wait_for(lock, limit, [&] { return waiting->answer.has_value(); })) {
        return {{make_error_code(errc::timed_out), "Redis at " + how.text() + ": no answer in time"}, {}};
    }
    return std::move(*waiting->answer);
}

response client::call(request what, duration longest) {
    what.timeout(longest);
    return wait_for_answer([&](response_handler done) { link_->submit(std::move(what), std::move(done)); },
                           longest, how_);
}

std::vector<std::string> client::nodes() const { return link_->nodes(); }

bool client::flush(duration longest) {
    if (const auto settled = link_->settle(longest)) return *settled;
    // Replies come in order: once this one is there, or has failed, so have all before it.
    const auto answer = call(request("PING"), longest);
    return !answer.error.is(errc::timed_out);
}

void client::close() { link_->close(); }

connection_stats client::stats() const { return link_->stats(); }

failure client::describe(const reply& error) const { return link_->describe(error); }

failure client::check(const response& answer) const {
    if (answer.error) return answer.error;
    for (const auto& item : answer.replies) {
        if (!item.is_error()) continue;
        if (answer.server.empty()) return describe(item);
        return {make_error_code(classify(item.text)), "Redis at " + answer.server + ": " + item.text};
    }
    return {};
}

std::unique_lock<std::mutex> client::hold_forks() {
    return std::unique_lock(client_registry::instance().mutex);
}

void client::shutdown() {
    for (const auto& item : client_registry::instance().links()) item->close();
    io_thread::shutdown();
}

}  // namespace chanx::redis
