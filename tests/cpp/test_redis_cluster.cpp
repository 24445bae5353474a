#include <doctest/doctest.h>

#include <utility>

#include "core/redis/cluster_router.hpp"
#include "core/redis/sequence.hpp"
#include "core/redis/subscription_plan.hpp"

using namespace chanx;
using namespace chanx::redis;
using namespace std::chrono_literals;

namespace {

// Two nodes, one for each half of the slots, and what a test lets them answer.
struct story {
    options how;
    cluster_router router;
    time_point now{1h};
    cluster_router::actions out;
    std::vector<response> answers;

    story() : router(how) { how.where.host = "c"; }

    static reply answer(std::string_view bytes) {
        reply_reader reader;
        std::vector<reply> found;
        REQUIRE(reader.feed(bytes, found));
        return std::move(found.front());
    }
    void know(std::uint16_t first_port = 1, std::uint16_t second_port = 2) {
        address asked;
        asked.host = "n";
        const auto range = [](int first, int last, int port) {
            return "*3\r\n:" + std::to_string(first) + "\r\n:" + std::to_string(last) +
                   "\r\n*2\r\n$1\r\nn\r\n:" + std::to_string(port) + "\r\n";
        };
        REQUIRE(
            router.map()
                .load(answer("*2\r\n" + range(0, 8191, first_port) + range(8192, 16383, second_port)), asked)
                .empty());
    }
    failure submit(request what) {
        response_handler handler = [this](response&& got) { answers.push_back(std::move(got)); };
        return router.submit(std::move(what), handler, now, out);
    }
    std::vector<cluster_router::sending> sent() { return std::exchange(out.sends, {}); }
    std::uint16_t port(const cluster_router::sending& of) { return router.map().where(of.node).port; }
    void reply_to(const cluster_router::sending& to, std::initializer_list<std::string_view> replies) {
        response got;
        for (const auto each : replies) got.replies.push_back(answer(each));
        router.answered(to.what, to.node, std::move(got), now, out);
        settle();
    }
    void fail(const cluster_router::sending& to, errc code) {
        router.answered(to.what, to.node, {{make_error_code(code), "broken"}, {}}, now, out);
        settle();
    }
    void tick(duration later) {
        now += later;
        router.tick(now, out);
        settle();
    }
    void settle() {
        for (auto& each : std::exchange(out.done, {})) each.handler(std::move(each.answer));
    }
};

// "foo" is in slot 12182 (the second node's), "bar" in 5061 (the first one's).
const std::string MOVED = "-MOVED 12182 n:3\r\n";
const std::string ASK = "-ASK 12182 n:3\r\n";

}  // namespace

TEST_CASE("commands go to the node of their key, and their replies come back in order") {
    story s;
    s.know();
    CHECK_FALSE(s.submit(request("SET", "foo", 1).add("SET", "bar", 2).add("GET", "foo")));
    const auto sent = s.sent();
    REQUIRE(sent.size() == 2);
    CHECK(s.port(sent[0]) == 2);
    CHECK(sent[0].bytes.bytes() == request("SET", "foo", 1).add("GET", "foo").bytes());
    CHECK(s.port(sent[1]) == 1);
    CHECK(sent[1].bytes.bytes() == request("SET", "bar", 2).bytes());
    s.reply_to(sent[1], {"-ERR wrong\r\n"});
    CHECK(s.answers.empty());
    s.reply_to(sent[0], {"+OK\r\n", ":1\r\n"});
    REQUIRE(s.answers.size() == 1);
    const auto& got = s.answers[0];
    CHECK(got.replies[0].text == "OK");
    CHECK(got.replies[1].text == "ERR wrong");
    CHECK(got.replies[2].number == 1);
    CHECK(got.server == "n:1");
    CHECK(s.router.backlog() == 0);
}

TEST_CASE("what comes before the map is known waits for it") {
    story s;
    CHECK_FALSE(s.submit(request("GET", "foo")));
    CHECK_FALSE(s.submit(request("PING")));
    CHECK(s.sent().empty());
    CHECK(s.router.waiting());
    s.know();
    s.tick(0ms);
    CHECK(s.sent().size() == 2);
    CHECK_FALSE(s.router.waiting());
}

TEST_CASE("MOVED is followed, asks for the map, and is remembered") {
    story s;
    s.know();
    s.submit(request("GET", "foo"));
    const auto first = s.sent();
    s.reply_to(first[0], {MOVED});
    CHECK(s.out.refresh);
    const auto second = s.sent();
    REQUIRE(second.size() == 1);
    CHECK(s.port(second[0]) == 3);
    s.reply_to(second[0], {"$1\r\nx\r\n"});
    CHECK(s.answers[0].replies[0].text == "x");
    s.submit(request("GET", "foo"));
    CHECK(s.port(s.sent()[0]) == 3);
}

TEST_CASE("ASK is followed with ASKING, once") {
    story s;
    s.know();
    s.submit(request("SET", "foo", 1).add("GET", "foo"));
    s.reply_to(s.sent()[0], {ASK, ASK});
    const auto asked = s.sent();
    REQUIRE(asked.size() == 1);
    CHECK(s.port(asked[0]) == 3);
    CHECK(asked[0].bytes.bytes() ==
          request("ASKING").add("SET", "foo", 1).add("ASKING").add("GET", "foo").bytes());
    s.reply_to(asked[0], {"+OK\r\n", "+OK\r\n", "+OK\r\n", "$1\r\n1\r\n"});
    REQUIRE(s.answers.size() == 1);
    CHECK(s.answers[0].replies[1].text == "1");
    s.submit(request("GET", "foo"));
    CHECK(s.port(s.sent()[0]) == 2);
}

TEST_CASE("only the commands of a pipeline that were refused are sent again") {
    story s;
    s.know();
    s.submit(request("SET", "foo", 1).add("INCR", "foo").add("INCR", "foo"));
    s.reply_to(s.sent()[0], {"+OK\r\n", ASK, MOVED});
    const auto again = s.sent();
    REQUIRE(again.size() == 1);
    CHECK(again[0].bytes.commands() == 2);
    s.reply_to(again[0], {":2\r\n", ":3\r\n"});
    REQUIRE(s.answers.size() == 1);
    CHECK(s.answers[0].replies[2].number == 3);
}

TEST_CASE("a slot keeps its order while some of its commands are redirected") {
    story s;
    s.know();
    s.submit(request("PUBLISH", "foo", 1));
    s.submit(request("PUBLISH", "foo", 2));
    const auto first = s.sent();
    s.reply_to(first[0], {MOVED});
    s.submit(request("PUBLISH", "foo", 3));
    CHECK(s.sent().empty());  // the second has not been answered yet
    s.reply_to(first[1], {MOVED});
    const auto again = s.sent();
    REQUIRE(again.size() == 3);
    for (int i = 0; i < 3; ++i) {
        CHECK(again[static_cast<std::size_t>(i)].bytes.bytes() == request("PUBLISH", "foo", i + 1).bytes());
    }
}

TEST_CASE("TRYAGAIN and CLUSTERDOWN are tried again with back-off until the time-out") {
    story s;
    s.know();
    s.submit(std::move(request("GET", "foo").timeout(2s)));
    s.reply_to(s.sent()[0], {"-CLUSTERDOWN Hash slot not served\r\n"});
    CHECK(s.sent().empty());
    std::size_t tries = 1;
    for (int i = 0; i < 60 && s.answers.empty(); ++i) {
        s.tick(50ms);
        for (const auto& each : s.sent()) {
            ++tries;
            s.reply_to(each, {"-TRYAGAIN later\r\n"});
        }
    }
    REQUIRE(s.answers.size() == 1);
    CHECK(tries > 3);
    CHECK(tries < 20);
    CHECK(s.answers[0].error.is(errc::cluster_down));
    CHECK(s.answers[0].error.text.find("slot 12182") != std::string::npos);
    CHECK(s.answers[0].error.text.find("n:2: TRYAGAIN later") != std::string::npos);
    CHECK_FALSE(s.router.waiting());
}

TEST_CASE("what never ran is sent again, what may have run is not unless that does no harm") {
    story s;
    s.know();
    s.submit(request("GET", "foo"));
    s.fail(s.sent()[0], errc::connection_failed);
    CHECK(s.out.refresh);
    s.know(1, 4);  // a replica took over
    s.tick(1s);
    const auto again = s.sent();
    REQUIRE(again.size() == 1);
    CHECK(s.port(again[0]) == 4);
    s.fail(again[0], errc::connection_lost);
    REQUIRE(s.answers.size() == 1);
    CHECK(s.answers[0].error.is(errc::connection_lost));
    s.submit(std::move(request("GET", "foo").repeatable()));
    s.fail(s.sent()[0], errc::connection_lost);
    CHECK(s.answers.size() == 1);
    s.tick(1s);
    CHECK(s.sent().size() == 1);
}

TEST_CASE("a slot without a node waits, then says so") {
    story s;
    address asked;
    asked.host = "n";
    s.router.map().load(story::answer("*1\r\n*3\r\n:0\r\n:10\r\n*2\r\n$1\r\nn\r\n:1\r\n"), asked);
    s.submit(request("GET", "foo"));
    s.tick(1s);
    CHECK(s.out.refresh);
    s.tick(10s);
    REQUIRE(s.answers.size() == 1);
    CHECK(s.answers[0].error.is(errc::cluster_down));
    CHECK(s.answers[0].error.text.find("no node serves it") != std::string::npos);
}

TEST_CASE("what waits is bounded, and ends with the client") {
    story s;
    s.how.backlog_bytes = 4000;
    int taken = 0;
    while (!s.submit(request("SET", "foo", std::string(500, 'x')))) ++taken;
    CHECK(taken == 3);
    CHECK(s.submit(request("SET", "foo", std::string(500, 'x'))).is(errc::backlog_full));
    s.router.fail_all({make_error_code(errc::closed), "closed"}, s.out);
    s.settle();
    CHECK(s.answers.size() == 3);
    CHECK(s.router.backlog() == 0);
    CHECK_FALSE(s.router.waiting());
    CHECK(s.router.requests().ended(3));
}

TEST_CASE("with sharded pub/sub PUBLISH goes out as SPUBLISH") {
    story s;
    s.know();
    s.router.use_shards(true);
    s.submit(request("PUBLISH", "foo", "PUBLISH").add("SET", "foo", 1));
    CHECK(s.sent()[0].bytes.bytes() == request("SPUBLISH", "foo", "PUBLISH").add("SET", "foo", 1).bytes());
}

TEST_CASE("a request may name its node") {
    story s;
    s.know();
    s.submit(std::move(request("SCAN", 0).on("n:2")));
    CHECK(s.port(s.sent()[0]) == 2);
    CHECK(s.submit(std::move(request("SCAN", 0).on("nonsense"))).is(errc::connection_failed));
}

TEST_CASE("a sequence ends in order") {
    sequence all;
    const auto first = all.begin(), second = all.begin();
    CHECK(all.begun() == 2);
    all.end(second);
    CHECK_FALSE(all.ended(1));
    all.end(first);
    CHECK(all.ended(2));
}

namespace {

struct plot {
    subscription_plan plan;
    std::vector<outcome::finished> done;
    std::vector<failure> told;
    time_point now{1h};
    subscription_plan::owner_of halves = [](std::uint16_t slot) -> std::size_t {
        return slot < 8192 ? 0 : 1;
    };
    subscription_plan::owner_of second = [](std::uint16_t) -> std::size_t { return 1; };

    void want(const std::vector<std::string>& names) {
        response_handler handler = [this](response&& got) { told.push_back(std::move(got.error)); };
        plan.want(names, handler, now + 10s, done);
        settle();
    }
    void settle() {
        for (auto& each : std::exchange(done, {})) each.handler(std::move(each.answer));
    }
    void confirm(const std::vector<subscription_plan::batch>& all) {
        for (const auto& each : all) plan.confirm(each, done);
        settle();
    }
};

}  // namespace

TEST_CASE("shard channels are placed by slot, and who asked hears when all are confirmed") {
    plot p;
    p.plan.use_shards(true);
    p.want({"foo", "bar", "{foo}2"});
    const auto placed = p.plan.place(p.halves);
    REQUIRE(placed.size() == 2);
    CHECK(placed[0].node == 0);
    CHECK(placed[0].names == std::vector<std::string>{"bar"});
    CHECK(placed[1].names.size() == 2);
    p.confirm({placed[0]});
    CHECK(p.told.empty());
    CHECK_FALSE(p.plan.complete());
    p.confirm({placed[1]});
    REQUIRE(p.told.size() == 1);
    CHECK_FALSE(p.told[0]);
    CHECK(p.plan.complete());
    CHECK_FALSE(p.plan.waiting());
    p.want({"foo"});
    CHECK(p.told.size() == 2);
}

TEST_CASE("without sharding all channels go out in one batch") {
    plot p;
    p.want({"foo", "bar"});
    const auto placed = p.plan.place(p.second);
    REQUIRE(placed.size() == 1);
    CHECK(placed[0].names.size() == 2);
}

TEST_CASE("channels of a lost node, revoked ones and those of a moved slot find another place") {
    plot p;
    p.plan.use_shards(true);
    p.want({"foo", "bar"});
    const auto placed = p.plan.place(p.halves);
    p.confirm(placed);
    CHECK(p.plan.revoke("foo", 1));
    CHECK_FALSE(p.plan.revoke("foo", 1));
    CHECK_FALSE(p.plan.revoke("bar", 1));
    CHECK_FALSE(p.plan.revoke("unknown", 1));
    const auto displaced = p.plan.displace(p.second);
    REQUIRE(displaced.size() == 1);
    CHECK(displaced[0].node == 0);
    CHECK_FALSE(p.plan.complete());
    const auto again = p.plan.place(p.second);
    CHECK(again.size() == 2);
    p.confirm(placed);  // of the first time: too late to mean anything
    CHECK_FALSE(p.plan.complete());
    p.confirm(again);
    CHECK(p.plan.complete());
    CHECK(p.plan.lose(1));
    CHECK_FALSE(p.plan.lose(1));
    CHECK(p.plan.place([](std::uint16_t) { return slot_map::NONE; }).empty());
    CHECK(p.plan.place(p.halves).size() == 2);
}

TEST_CASE("a refused subscription is placed again, one that takes too long is given up") {
    plot p;
    p.plan.use_shards(true);
    p.want({"foo"});
    const auto placed = p.plan.place(p.halves);
    p.plan.refuse(placed[0], {make_error_code(errc::moved), "MOVED"});
    CHECK(p.plan.last_refusal().text == "MOVED");
    CHECK(p.plan.place(p.halves).size() == 1);
    p.plan.give_up(p.now + 11s, {make_error_code(errc::timed_out), "late"}, p.done);
    p.settle();
    REQUIRE(p.told.size() == 1);
    CHECK(p.told[0].is(errc::timed_out));
    CHECK(p.plan.size() == 1);  // still wanted
}

TEST_CASE("what is no longer wanted is unsubscribed from where it is, and forgotten") {
    plot p;
    p.plan.use_shards(true);
    p.want({"foo", "bar"});
    CHECK(p.plan.unwant({"foo", "never"}).empty());  // it had no place yet
    const auto placed = p.plan.place(p.halves);
    REQUIRE(placed.size() == 1);
    const auto gone = p.plan.unwant({"bar"});
    REQUIRE(gone.size() == 1);
    CHECK(gone[0].node == 0);
    CHECK(p.plan.size() == 0);
    CHECK(p.plan.complete());
    p.plan.give_up(p.now, {make_error_code(errc::timed_out), "late"}, p.done);
    p.settle();
    REQUIRE(p.told.size() == 1);
    CHECK_FALSE(p.told[0]);
}
