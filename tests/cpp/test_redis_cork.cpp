// What a thread gives in one turn of its loop goes out in few writes, in order, and is never left behind.
#include <doctest/doctest.h>

#include <atomic>

#include "core/redis/cork.hpp"
#include "redis_process.hpp"

using namespace chanx;
using namespace chanx::redis;
using namespace std::chrono_literals;

namespace {

// A loop whose turn ends when the test says so.
class test_cork final : public cork {
public:
    explicit test_cork(bool takes = true) : takes_(takes) {}
    std::uint64_t turn() const noexcept override { return turns; }
    bool hold(std::shared_ptr<corked> what) noexcept override {
        if (takes_) held.push_back(std::move(what));
        return takes_;
    }
    void end_turn() {
        ++turns;
        for (const auto& each : std::exchange(held, {})) each->uncork();
    }

    std::vector<std::shared_ptr<corked>> held;
    std::uint64_t turns = 0;

private:
    const bool takes_;
};

bool eventually(const std::function<bool()>& true_, std::chrono::milliseconds longest = 10s) {
    for (const auto until = steady::now() + longest; steady::now() < until;) {
        if (true_()) return true;
        std::this_thread::sleep_for(1ms);
    }
    return true_();
}

struct fixture {
    testing::redis_process server;
    std::shared_ptr<client> commands;
    std::atomic<int> answered{0}, in_order{0};

    fixture() {
        options how;
        how.where = server.where();
        commands = client::create(how);
        REQUIRE_FALSE(commands->call(request("PING"), 5s).error);
    }
    ~fixture() { commands->close(); }

    // Each pushes its number; the answer is the length of the list.
    void give(int first, int count, std::size_t bytes = 1) {
        for (int number = first; number < first + count; ++number) {
            commands->execute(request("RPUSH", "list", std::string(bytes, 'x')),
                              [this, number](response&& got) {
                                  if (!got.error && got.replies[0].number == number + 1) ++in_order;
                                  ++answered;
                              });
        }
    }
};

}  // namespace

TEST_CASE_FIXTURE(fixture, "the first command of a turn goes out at once, the others when it ends") {
    test_cork loop;
    const cork::scope here(loop);
    bool held_back = false;
    int given = 0;
    // The tick of the connection, four a second, writes what it finds.
    for (int round = 0; round < 5 && !held_back; ++round) {
        const auto before = commands->stats().bytes_written;
        give(given, 50);
        const auto one = std::string_view("*3\r\n$5\r\nRPUSH\r\n$4\r\nlist\r\n$1\r\nx\r\n").size();
        held_back = commands->stats().bytes_written - before == one && loop.held.size() == 1;
        loop.end_turn();
        given += 50;
        CHECK(eventually([&] { return answered == given; }));
    }
    CHECK(held_back);
    CHECK(in_order == given);
}

TEST_CASE_FIXTURE(fixture, "a turn that gives a good deal is written as it goes") {
    test_cork loop;
    const cork::scope here(loop);
    give(0, 100, 500);
    CHECK(eventually([&] { return answered > 80; }, 200ms));
    loop.end_turn();
    CHECK(eventually([&] { return answered == 100; }));
    CHECK(in_order == 100);
}

TEST_CASE_FIXTURE(fixture, "what a loop never comes back to is written all the same") {
    SUBCASE("it cannot be told") {
        test_cork loop(false);
        const cork::scope here(loop);
        give(0, 50);
        CHECK(eventually([&] { return answered == 50; }));
    }
    SUBCASE("it has ended") {
        test_cork loop, next;
        {
            const cork::scope here(loop);
            give(0, 50);
        }
        CHECK(eventually([&] { return answered == 50; }, 1s));
        // The loop after it is asked, as the first one was.
        const cork::scope here(next);
        give(50, 50);
        CHECK(next.held.size() == 1);
        next.end_turn();
        CHECK(eventually([&] { return answered == 100; }));
    }
    CHECK(in_order == answered);
}

TEST_CASE_FIXTURE(fixture, "another thread does not wait for the end of the turn") {
    test_cork loop;
    const auto begun = steady::now();
    for (int round = 0; round < 8; ++round) {
        {
            const cork::scope here(loop);
            give(round * 21, 20);
        }
        give(round * 21 + 20, 1);
        CHECK(eventually([&] { return answered == (round + 1) * 21; }));
    }
    CHECK(steady::now() - begun < 500ms);  // waiting for the tick would be a second
    CHECK(in_order == answered);
    loop.end_turn();
}

TEST_CASE_FIXTURE(fixture, "who waits for each answer has each command written at once") {
    test_cork loop;
    const cork::scope here(loop);
    const auto before = commands->stats().direct_writes;
    for (int number = 0; number < 20; ++number) {
        give(number, 1);
        CHECK(eventually([&] { return answered == number + 1; }));
        loop.end_turn();
    }
    CHECK(commands->stats().direct_writes - before == 20);
    CHECK(loop.held.empty());
    CHECK(in_order == 20);
}
