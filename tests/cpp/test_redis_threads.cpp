// The client under many threads against a real server: what a thread sanitizer has to see. Alone and as a
// cluster.
#include <doctest/doctest.h>

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "redis_process.hpp"

using namespace chanx;
using namespace chanx::redis;
using namespace std::chrono_literals;

namespace {

constexpr int THREADS = 6;
constexpr int REQUESTS = 300;

options how_for(const testing::redis_process& server, bool cluster) {
    options how;
    if (cluster) {
        how.cluster = {server.where()};
    } else {
        how.where = server.where();
    }
    how.backoff_first = 5ms;
    how.backoff_most = 50ms;
    return how;
}

class counting_listener final : public listener {
public:
    void on_message(std::string&& channel, std::string&& payload) override {
        const std::lock_guard lock(mutex);
        ++messages;
        seen.insert(channel + payload);
    }
    void on_connected(bool again, duration) override { (again ? reconnected : connected)++; }
    void on_disconnected(const failure&) override { ++disconnected; }

    std::mutex mutex;
    std::multiset<std::string> seen;
    std::atomic<int> messages{0}, connected{0}, reconnected{0}, disconnected{0};
};

bool eventually(const std::function<bool()>& true_) {
    for (int i = 0; i < 1000; ++i) {
        if (true_()) return true;
        std::this_thread::sleep_for(10ms);
    }
    return false;
}

void in_threads(const std::function<void(int)>& work) {
    std::vector<std::thread> all;
    for (int i = 0; i < THREADS; ++i) all.emplace_back(work, i);
    for (auto& each : all) each.join();
}

}  // namespace

TEST_CASE("many threads share a client, and every request is answered once") {
    for (const bool cluster : {false, true}) {
        CAPTURE(cluster);
        const testing::redis_process server(cluster);
        const auto client = client::create(how_for(server, cluster));
        std::atomic<int> answered{0}, failed{0};
        in_threads([&](int thread) {
            for (int i = 0; i < REQUESTS; ++i) {
                request what("INCR", "counter");
                what.add("SET", "key" + std::to_string(thread) + "." + std::to_string(i), i);
                client->execute(std::move(what), [&](response&& got) {
                    const bool fine = !got.error && got.replies.size() == 2 && got.replies[1].text == "OK";
                    ++(fine ? answered : failed);
                });
                if (i % 50 == 0) {
                    (void)client->stats();
                    CHECK_FALSE(client->call(request("PING"), 5s).error);
                }
            }
        });
        CHECK(client->flush(10s));
        CHECK(answered == THREADS * REQUESTS);
        CHECK(failed == 0);
        CHECK(client->call(request("GET", "counter"), 5s).replies.front().text ==
              std::to_string(THREADS * REQUESTS));
        client->close();
    }
}

TEST_CASE("threads subscribe, publish and unsubscribe at the same time") {
    for (const bool cluster : {false, true}) {
        CAPTURE(cluster);
        const testing::redis_process server(cluster);
        const auto heard = std::make_shared<counting_listener>();
        const auto commands = client::create(how_for(server, cluster));
        const auto subscriptions = client::create(how_for(server, cluster), heard);
        std::atomic<int> confirmed{0};
        in_threads([&](int thread) {
            for (int i = 0; i < 20; ++i) {
                const auto name = std::to_string(thread) + "." + std::to_string(i);
                const auto asked = wait_for_answer(
                    [&](response_handler done) { subscriptions->subscribe({name}, std::move(done)); }, 5s,
                    subscriptions->how());
                confirmed += !asked.error;
                CHECK_FALSE(commands->call(request("PUBLISH", name, "x"), 5s).error);
                if (i % 2) subscriptions->unsubscribe({name});
            }
        });
        CHECK(confirmed == THREADS * 20);
        CHECK(eventually([&] { return heard->messages == THREADS * 20; }));
        CHECK(subscriptions->stats().subscriptions == THREADS * 10);
        subscriptions->close();
        commands->close();
    }
}

TEST_CASE("a server that dies and comes back under load: every request is answered or fails, once") {
    for (const bool cluster : {false, true}) {
        CAPTURE(cluster);
        testing::redis_process server(cluster);
        const auto heard = std::make_shared<counting_listener>();
        const auto commands = client::create(how_for(server, cluster));
        const auto subscriptions = client::create(how_for(server, cluster), heard);
        std::vector<std::string> names;
        for (int i = 0; i < 50; ++i) names.push_back("channel" + std::to_string(i));
        CHECK_FALSE(
            wait_for_answer([&](response_handler done) { subscriptions->subscribe(names, std::move(done)); },
                            5s, subscriptions->how())
                .error);
        std::atomic<int> given{0}, done{0};
        std::atomic<bool> stop{false};
        std::thread killer([&] {
            std::this_thread::sleep_for(100ms);
            server.stop();
            std::this_thread::sleep_for(100ms);
            server.start();
            CHECK(eventually([&] { return heard->reconnected >= 1; }));
            stop = true;
        });
        in_threads([&](int thread) {
            while (!stop) {
                ++given;
                commands->execute(request("PUBLISH", names[static_cast<std::size_t>(thread)], "x"),
                                  [&](response&&) { ++done; });
                std::this_thread::sleep_for(1ms);
            }
        });
        killer.join();
        CHECK(heard->disconnected >= 1);
        commands->flush(10s);
        const auto before = heard->messages.load();
        CHECK(eventually([&] {
            for (const auto& name : names) commands->call(request("PUBLISH", name, "y"), 5s);
            return heard->messages >= before + 50;
        }));
        CHECK(eventually([&] { return done == given; }));
        subscriptions->close();
        commands->close();
    }
}

TEST_CASE("closing while others send fails what waits, and calls every handler") {
    for (const bool cluster : {false, true}) {
        CAPTURE(cluster);
        const testing::redis_process server(cluster);
        const auto client = client::create(how_for(server, cluster));
        std::atomic<int> given{0}, done{0};
        std::thread closer([&] {
            std::this_thread::sleep_for(50ms);
            client->close();
        });
        in_threads([&](int) {
            for (int i = 0; i < 2000; ++i) {
                ++given;
                client->execute(request("INCR", "counter"), [&](response&&) { ++done; });
            }
        });
        closer.join();
        CHECK(eventually([&] { return done == given; }));
    }
}
