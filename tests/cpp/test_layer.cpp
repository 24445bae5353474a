#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "core/error.hpp"
#include "core/layer/names.hpp"
#include "core/layer/ring.hpp"
#include "core/layer/table.hpp"

using namespace chanx;
using namespace chanx::layer;

namespace {

// A loop whose drains the test runs by hand.
class manual_loop final : public completion_queue {
public:
    void wake() noexcept override { ++wakes; }
    void drain_all() {
        while (drain()) {
        }
    }
    std::atomic<int> wakes{0};
};

class test_message final : public message {
public:
    test_message(int number, time_point until, std::size_t bytes = 100)
        : message(bytes, until), value(number) {
        ++alive;
    }
    const int value;
    static inline std::atomic<int> alive{0};

private:
    ~test_message() override { --alive; }
};

class test_sink final : public sink {
public:
    test_sink(ref<manual_loop> loop, bool stays) : loop_(std::move(loop)), stays_(stays) {}
    completion_queue& loop() noexcept override { return *loop_; }
    bool persistent() const noexcept override { return stays_; }
    delivery deliver(ref<message> item) noexcept override {
        if (answer == delivery::taken) got.push_back(static_cast<test_message&>(*item).value);
        return answer;
    }
    void detached() noexcept override { gone = true; }

    delivery answer = delivery::taken;
    std::vector<int> got;
    bool gone = false;

private:
    ref<manual_loop> loop_;
    bool stays_;
};

struct fixture {
    explicit fixture(table_options options = {}, std::size_t capacity = 3)
        : table(new channel_table(options, [capacity](std::string_view) { return capacity; })) {}
    ~fixture() { table->shutdown(); }

    ref<message> make(int number, std::size_t bytes = 100) {
        return ref<message>(new test_message(number, table->deadline(now), bytes));
    }
    int take(channel& from) {
        const auto item = table->receive(from, nullptr, nullptr, now);
        return item ? static_cast<test_message&>(*item).value : -1;
    }

    time_point now = steady::now();
    ref<manual_loop> loop{new manual_loop};
    ref<channel_table> table;
};

std::string numbered(const char* prefix, int number) {
    std::string name(prefix);
    name.append(std::to_string(number));
    return name;
}

}  // namespace

TEST_CASE("names follow the Channels specification") {
    for (const char* name : {"a", "A-z_0.9", "a!", "specific.abc!d-e_f.1"}) CHECK(valid_channel_name(name));
    for (const char* name : {"", "!", "!a", "a b", "a!b!c", "a\n", "a!\n", "\xc3\xa9", "a!\xc3\xa9"}) {
        CHECK_FALSE(valid_channel_name(name));
    }
    CHECK(valid_group_name("room-1.x_y"));
    for (const char* name : {"", "a!b", "a\n", "a b"}) CHECK_FALSE(valid_group_name(name));
    CHECK(valid_channel_name(std::string(99, 'a')));
    CHECK_FALSE(valid_channel_name(std::string(100, 'a')));
    CHECK(non_local_name("abc!def") == "abc!");
    CHECK(non_local_name("abc") == "abc");
}

TEST_CASE("a ring keeps its order from both ends") {
    ring<int> queue;
    for (int i = 0; i < 10; ++i) queue.push_back(i);
    queue.push_front(-1);
    CHECK(queue.remove(5));
    CHECK_FALSE(queue.remove(5));
    std::vector<int> got;
    while (!queue.empty()) got.push_back(queue.pop_front());
    CHECK(got == std::vector<int>{-1, 0, 1, 2, 3, 4, 6, 7, 8, 9});
    for (int i = 0; i < 100; ++i) queue.push_back(i);
    for (int i = 0; i < 100; ++i) CHECK(queue.pop_front() == i);
    queue.push_back(7);
    CHECK(queue.front() == 7);
}

TEST_CASE("a direct send is refused at capacity, a group send counts the drop") {
    fixture f;
    const auto channel = f.table->open("c");
    for (int i = 0; i < 3; ++i) CHECK_FALSE(f.table->send(*channel, f.make(i), f.now));
    CHECK(f.table->send(*channel, f.make(3), f.now) == errc::channel_full);
    f.table->group_add("g", *channel, f.now);
    CHECK(f.table->group_send("g", f.make(4), f.now) == 0);
    CHECK(f.table->stats().totals.dropped[static_cast<std::size_t>(drop_reason::capacity)] == 1);
    for (int i = 0; i < 3; ++i) CHECK(f.take(*channel) == i);
    CHECK(f.take(*channel) == -1);
}

TEST_CASE("a channel whose reader waits takes a burst, within the bound of bytes") {
    fixture f({.queue_bytes = 10'000});
    const auto channel = f.table->open("c");
    test_sink reader(f.loop, true);
    f.table->attach(*channel, reader, f.loop.get(), f.now);
    int accepted = 0;
    for (int i = 0; i < 1000; ++i) accepted += !f.table->send(*channel, f.make(i), f.now);
    CHECK(accepted > 80);
    CHECK(accepted < 100);
    CHECK(f.table->stats().overflow_bytes <= 10'000);
    CHECK(f.loop->wakes == 1);
    f.loop->drain_all();
    CHECK(reader.got.size() == static_cast<std::size_t>(accepted));
    CHECK(f.table->stats().overflow_bytes == 0);
    f.table->shutdown();  // before the readers go
}

TEST_CASE("a message to a group is held once, and its overflowing bytes count once") {
    fixture f({}, 1);
    std::vector<ref<channel>> channels;
    std::vector<std::unique_ptr<test_sink>> readers;
    for (int i = 0; i < 100; ++i) {
        channels.push_back(f.table->open(numbered("c", i)));
        readers.push_back(std::make_unique<test_sink>(f.loop, true));
        f.table->attach(*channels.back(), *readers.back(), f.loop.get(), f.now);
        f.table->group_add("g", *channels.back(), f.now);
    }
    CHECK(f.table->group_send("g", f.make(1, 1000), f.now) == 100);
    CHECK(f.table->group_send("g", f.make(2, 1000), f.now) == 100);
    CHECK(f.table->stats().overflow_bytes == 1000 + 100 * overflow_account::PER_REFERENCE);
    CHECK(test_message::alive == 2);
    f.loop->drain_all();
    for (const auto& each : readers) CHECK(each->got == std::vector<int>{1, 2});
    CHECK(test_message::alive == 0);
    f.table->shutdown();  // before the readers go
}

TEST_CASE("a loop that had no turn yet does not make a group send lose messages") {
    fixture f;
    const auto channel = f.table->open("c");
    f.table->group_add("g", *channel, f.now);
    test_sink reader(f.loop, false);
    CHECK_FALSE(f.table->receive(*channel, &reader, f.loop.get(), f.now));
    CHECK(f.table->group_send("g", f.make(0), f.now) == 1);
    f.loop->drain_all();  // the reader is busy with it from now on
    for (int i = 1; i <= 10; ++i) CHECK(f.table->group_send("g", f.make(i), f.now) == 1);
    for (int i = 0; i < 64; ++i) f.loop->drain();
    CHECK(f.table->group_send("g", f.make(11), f.now) == 0);
    for (int i = 1; i <= 10; ++i) CHECK(f.take(*channel) == i);
}

TEST_CASE("a cancelled reader loses nothing") {
    fixture f;
    const auto channel = f.table->open("c");
    test_sink first(f.loop, false);
    test_sink second(f.loop, false);
    CHECK_FALSE(f.table->receive(*channel, &first, f.loop.get(), f.now));
    CHECK_FALSE(f.table->receive(*channel, &second, f.loop.get(), f.now));
    CHECK_FALSE(f.table->send(*channel, f.make(1), f.now));
    CHECK(f.table->cancel(*channel, first, f.now));
    CHECK_FALSE(f.table->cancel(*channel, first, f.now));
    f.loop->drain_all();
    CHECK(first.got.empty());
    CHECK(second.got == std::vector<int>{1});
    f.table->put_back(*channel, f.make(1));
    f.table->send(*channel, f.make(2), f.now);
    CHECK(f.take(*channel) == 1);
    CHECK(f.take(*channel) == 2);
}

TEST_CASE("a busy sink gets the same message again when it resumes") {
    fixture f;
    const auto channel = f.table->open("c");
    test_sink reader(f.loop, true);
    f.table->attach(*channel, reader, f.loop.get(), f.now);
    reader.answer = delivery::busy;
    for (int i = 0; i < 3; ++i) f.table->send(*channel, f.make(i), f.now);
    f.loop->drain_all();
    CHECK(reader.got.empty());
    reader.answer = delivery::taken;
    f.table->resume(*channel);
    f.loop->drain_all();
    CHECK(reader.got == std::vector<int>{0, 1, 2});
    f.table->shutdown();  // before the readers go
}

TEST_CASE("what waits for a busy sink stays within the capacity of its channel") {
    fixture f;
    const auto channel = f.table->open("c");
    test_sink reader(f.loop, true);
    f.table->attach(*channel, reader, f.loop.get(), f.now);
    f.table->group_add("g", *channel, f.now);
    reader.answer = delivery::busy;
    f.table->group_send("g", f.make(0), f.now);
    f.loop->drain_all();
    for (int i = 1; i < 6; ++i) f.table->group_send("g", f.make(i), f.now);
    CHECK(f.table->stats().unread == 3);
    CHECK(f.table->stats().totals.dropped[static_cast<std::size_t>(drop_reason::capacity)] == 3);
    reader.answer = delivery::taken;
    f.table->resume(*channel);
    for (int i = 6; i < 12; ++i)
        f.table->group_send("g", f.make(i), f.now);  // a reader that waits takes a burst
    f.loop->drain_all();
    CHECK(reader.got == std::vector<int>{0, 1, 2, 6, 7, 8, 9, 10, 11});
    f.table->shutdown();  // before the readers go
}

TEST_CASE("a message that cannot be delivered is set aside, and the reader waits on") {
    fixture f;
    const auto channel = f.table->open("c");
    test_sink reader(f.loop, false);
    CHECK_FALSE(f.table->receive(*channel, &reader, f.loop.get(), f.now));
    reader.answer = delivery::set_aside;
    f.table->send(*channel, f.make(1), f.now);
    f.loop->drain_all();
    reader.answer = delivery::taken;
    f.table->send(*channel, f.make(2), f.now);
    f.loop->drain_all();
    CHECK(reader.got == std::vector<int>{2});
    CHECK(f.table->stats().totals.dropped[static_cast<std::size_t>(drop_reason::undecodable)] == 1);
}

TEST_CASE("expired messages and abandoned channels go") {
    fixture f;
    const auto channel = f.table->open("c");
    f.table->group_add("g", *channel, f.now);
    test_sink reader(f.loop, false);
    CHECK_FALSE(f.table->receive(*channel, &reader, f.loop.get(), f.now));
    CHECK(f.table->cancel(*channel, reader, f.now));
    f.table->send(*channel, f.make(1), f.now);
    const auto later = f.now + std::chrono::seconds(61);
    f.table->group_send("elsewhere", f.make(2), later);
    const auto stats = f.table->stats();
    CHECK(stats.channels == 0);
    CHECK(stats.groups == 0);
    CHECK(stats.totals.dropped[static_cast<std::size_t>(drop_reason::expired)] == 1);
}

TEST_CASE("a lease lasts while its channel is read, and ends when it is not") {
    fixture f({.group_expiry = std::chrono::seconds(100)});
    const auto live = f.table->open("live");
    const auto dead = f.table->open("dead");
    test_sink reader(f.loop, true);
    f.table->attach(*live, reader, f.loop.get(), f.now);
    f.table->group_add("g", *live, f.now);
    f.table->group_add("g", *dead, f.now);
    f.now += std::chrono::seconds(101);
    CHECK(f.table->group_send("g", f.make(1), f.now) == 1);
    f.loop->drain_all();
    f.now += std::chrono::hours(1000);
    CHECK(f.table->group_send("g", f.make(2), f.now) == 1);
    f.loop->drain_all();
    CHECK(reader.got == std::vector<int>{1, 2});
    f.table->shutdown();  // before the readers go
}

TEST_CASE("members come and go in any order") {
    fixture f({}, 10'000);
    std::vector<ref<channel>> channels;
    for (int i = 0; i < 50; ++i) {
        channels.push_back(f.table->open(numbered("c", i)));
        for (int g = 0; g < 5; ++g) f.table->group_add(numbered("g", g), *channels.back(), f.now);
    }
    for (int i = 0; i < 50; i += 3) f.table->group_discard("g2", numbered("c", i));
    for (int i = 0; i < 50; i += 7) f.table->drop(numbered("c", i));
    std::size_t expected = 0;
    for (int i = 0; i < 50; ++i) expected += i % 3 != 0 && i % 7 != 0;
    CHECK(f.table->group_send("g2", f.make(1), f.now) == expected);
    f.table->flush();
    CHECK(f.table->stats().members == 0);
    CHECK(f.table->stats().unread == 0);
}

TEST_CASE("threads send to readers of two loops, and nothing is lost or doubled") {
    constexpr int SENDERS = 4;
    constexpr int EACH = 2000;
    fixture f({}, 100'000);
    ref<manual_loop> other(new manual_loop);
    const auto one = f.table->open("one");
    const auto two = f.table->open("two");
    test_sink first(f.loop, true);
    test_sink second(other, true);
    f.table->attach(*one, first, f.loop.get(), f.now);
    f.table->attach(*two, second, other.get(), f.now);
    f.table->group_add("g", *one, f.now);
    f.table->group_add("g", *two, f.now);
    std::atomic<int> running{SENDERS};
    std::vector<std::thread> threads;
    for (int s = 0; s < SENDERS; ++s) {
        threads.emplace_back([&] {
            for (int i = 0; i < EACH; ++i) f.table->group_send("g", f.make(i), f.now);
            --running;
        });
    }
    for (manual_loop* loop : {f.loop.get(), other.get()}) {
        threads.emplace_back([&, loop] {
            do {
                loop->drain();
            } while (running > 0);
            loop->drain_all();
        });
    }
    for (auto& each : threads) each.join();
    f.loop->drain_all();
    other->drain_all();
    CHECK(first.got.size() == SENDERS * EACH);
    CHECK(second.got.size() == SENDERS * EACH);
    CHECK(test_message::alive == 0);
    f.table->shutdown();  // before the readers go
}

TEST_CASE("shutdown tells the readers") {
    test_sink reader{ref<manual_loop>(new manual_loop), true};
    {
        fixture f;
        f.table->attach(*f.table->open("c"), reader, &static_cast<manual_loop&>(reader.loop()), f.now);
        f.table->send(*f.table->open("c"), f.make(1), f.now);
    }
    CHECK(reader.gone);
    CHECK(test_message::alive == 0);
}
