#include <doctest/doctest.h>

#include "core/redis/backoff.hpp"
#include "core/redis/script.hpp"
#include "core/redis/session.hpp"

using namespace chanx;
using namespace chanx::redis;
using namespace std::chrono_literals;

namespace {

// A server made of text: what the session wrote, and the replies that a test gives it.
struct story {
    options how;
    session on;
    time_point now{};
    outcome out;
    std::vector<response> answers;
    reply_reader reader;

    explicit story(options given = {}) : how(std::move(given)), on(how) { how.where.host = "server"; }

    response_handler collect() {
        return [this](response&& answer) { answers.push_back(std::move(answer)); };
    }
    failure submit(request what) {
        auto handler = collect();
        return on.submit(std::move(what), handler, now);
    }
    std::string written() {
        std::string bytes(on.output());
        on.written(bytes.size());
        return bytes;
    }
    failure hear(std::string_view bytes) {
        std::vector<reply> replies;
        REQUIRE(reader.feed(bytes, replies));
        auto error = on.received(replies, now, out);
        settle();
        return error;
    }
    void settle() {
        for (auto& item : out.done) {
            if (item.handler) item.handler(std::move(item.answer));
        }
        out.done.clear();
    }
    void connect() {
        on.connected(now);
        written();
        REQUIRE_FALSE(hear("+PONG\r\n"));
        REQUIRE(on.state() == session::phase::ready);
    }
    void lose(bool all = false) {
        on.lost(on.fail(errc::connection_lost, "cut"), all, out);
        settle();
    }
};

}  // namespace

TEST_CASE("the handshake logs in, selects and names before any command is written") {
    options how;
    how.login = {"me", "secret"};
    how.database = 3;
    how.client_name = "chanx";
    story s(how);
    CHECK_FALSE(s.submit(request("GET", "k")));
    s.on.connected(s.now);
    CHECK(s.written() ==
          "*3\r\n$4\r\nAUTH\r\n$2\r\nme\r\n$6\r\nsecret\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n"
          "*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$5\r\nchanx\r\n*1\r\n$4\r\nPING\r\n");
    CHECK_FALSE(s.hear("+OK\r\n+OK\r\n-ERR unknown subcommand\r\n"));
    CHECK(s.written().empty());
    CHECK_FALSE(s.hear("+PONG\r\n"));
    CHECK(s.out.ready);
    CHECK(s.written() == "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n");
}

TEST_CASE("a refused login, database or ping says which") {
    const auto refuse = [](options how, std::string_view answer) {
        story s(std::move(how));
        s.on.connected(s.now);
        return s.hear(answer);
    };
    options login, database;
    login.login.password = "x";
    database.database = 99;
    CHECK(refuse(login, "-WRONGPASS invalid\r\n").is(redis::errc::wrong_password));
    CHECK(refuse(database, "-ERR DB index is out of range\r\n").is(redis::errc::wrong_database));
    CHECK(refuse({}, "-NOAUTH Authentication required.\r\n").is(redis::errc::wrong_password));
    CHECK(refuse({}, "-LOADING data\r\n").is(redis::errc::loading));
    CHECK(refuse(database, "-ERR DB index is out of range\r\n").text.find("DB index") != std::string::npos);
}

TEST_CASE("replies go to their requests in order, whatever the cut") {
    const std::string bytes = "*2\r\n$1\r\na\r\n:5\r\n-ERR no\r\n$-1\r\n";
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        story s;
        s.connect();
        s.submit(request("ONE"));
        s.submit(std::move(request("TWO").add("THREE")));
        CHECK_FALSE(s.hear(bytes.substr(0, cut)));
        CHECK_FALSE(s.hear(bytes.substr(cut)));
        REQUIRE(s.answers.size() == 2);
        CHECK(s.answers[0].replies[0].items[1].number == 5);
        CHECK(s.answers[1].replies[0].is_error());
        CHECK(s.answers[1].replies[1].type == reply::kind::nil);
        CHECK(s.on.backlog() == 0);
    }
}

TEST_CASE("a lost connection fails what was sent and keeps what was not") {
    story s;
    s.connect();
    s.submit(request("SENT"));
    s.submit(request("AGAIN").repeatable());
    s.on.written(s.on.output().size());
    s.submit(request("HALF"));
    s.on.written(3);
    s.submit(request("UNSENT"));
    s.lose();
    REQUIRE(s.answers.size() == 2);
    CHECK(s.answers[0].error.is(redis::errc::connection_lost));
    CHECK(s.answers[1].error.is(redis::errc::connection_lost));
    s.connect();
    CHECK(s.written() == "*1\r\n$5\r\nAGAIN\r\n*1\r\n$6\r\nUNSENT\r\n");
    CHECK_FALSE(s.hear("+a\r\n+u\r\n"));
    CHECK(s.answers.size() == 4);
    CHECK(s.answers[3].replies[0].text == "u");
}

TEST_CASE("a repeatable pipeline that was half answered runs again as a whole") {
    story s;
    s.connect();
    s.submit(std::move(request("A").add("B").repeatable()));
    s.written();
    CHECK_FALSE(s.hear("+a\r\n"));
    s.lose();
    s.connect();
    s.written();
    CHECK_FALSE(s.hear("+a\r\n+b\r\n"));
    REQUIRE(s.answers.size() == 1);
    CHECK(s.answers[0].replies.size() == 2);
}

TEST_CASE("what waits for a connection too long fails and is never sent") {
    story s;
    s.submit(request("EARLY").timeout(1s));
    s.submit(request("LATE").timeout(9s));
    s.now += 2s;
    CHECK_FALSE(s.on.tick(s.now, s.out));
    s.settle();
    REQUIRE(s.answers.size() == 1);
    CHECK(s.answers[0].error.is(redis::errc::timed_out));
    s.connect();
    CHECK(s.written() == "*1\r\n$4\r\nLATE\r\n");
}

TEST_CASE("a late answer is thrown away and its neighbours keep theirs") {
    story s;
    s.connect();
    s.submit(request("SLOW").timeout(1s));
    s.submit(request("NEXT"));
    s.written();
    s.now += 2s;
    CHECK_FALSE(s.on.tick(s.now, s.out));
    s.settle();
    CHECK_FALSE(s.hear("+slow\r\n+next\r\n"));
    REQUIRE(s.answers.size() == 2);
    CHECK(s.answers[0].error.is(redis::errc::timed_out));
    CHECK(s.answers[1].replies[0].text == "next");
}

TEST_CASE("the backlog is bounded, but takes one request of any size") {
    options how;
    how.backlog_bytes = 1000;
    story s(how);
    CHECK_FALSE(s.submit(request("SET", "k", std::string(5000, 'x'))));
    const auto refused = s.submit(request("PING"));
    CHECK(refused.is(redis::errc::backlog_full));
    CHECK(refused.text.find("there is no connection") != std::string::npos);
}

TEST_CASE("subscriptions are restored in batches, ahead of what waits") {
    story s;
    s.connect();
    std::vector<std::string> names;
    for (int i = 0; i < 1000; ++i) names.push_back("c" + std::to_string(i));
    auto handler = s.collect();
    CHECK_FALSE(s.on.subscribe(scope::channel, names, handler, s.now, s.out));
    CHECK(s.answers.empty());
    s.lose();
    CHECK(s.answers.empty());
    s.out = {};
    s.connect();
    CHECK_FALSE(s.out.restored);
    const auto bytes = s.written();
    CHECK(bytes.substr(0, 4) == "*513");
    std::string confirmed;
    for (const auto& name : names) {
        confirmed +=
            "*3\r\n$9\r\nsubscribe\r\n$" + std::to_string(name.size()) + "\r\n" + name + "\r\n:1\r\n";
    }
    CHECK_FALSE(s.hear("*3\r\n$7\r\nmessage\r\n$2\r\nc1\r\n$2\r\nhi\r\n"));
    CHECK(s.out.pushes.size() == 1);
    CHECK_FALSE(s.hear(confirmed));
    CHECK(s.out.restored);
    REQUIRE(s.answers.size() == 1);
    CHECK_FALSE(s.answers[0].error);
}

TEST_CASE("a reply that looks like a message is one only after a subscription") {
    story s;
    s.connect();
    s.submit(request("LRANGE", "k", 0, -1));
    CHECK_FALSE(s.hear("*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nb\r\n"));
    CHECK(s.out.pushes.empty());
    CHECK(s.answers.size() == 1);
}

TEST_CASE("a silent server is pinged, and given up when it stays silent") {
    story s;
    s.connect();
    s.now += 16s;
    CHECK_FALSE(s.on.tick(s.now, s.out));
    CHECK(s.written() == "*1\r\n$4\r\nPING\r\n");
    s.now += 6s;
    CHECK(s.on.tick(s.now, s.out).is(redis::errc::timed_out));
}

TEST_CASE("no PING is sent behind a command that may block for ever") {
    story s;
    s.connect();
    s.submit(request("BZPOPMIN", "k", 0).timeout(0s));
    s.written();
    s.now += 100s;
    CHECK_FALSE(s.on.tick(s.now, s.out));
    CHECK(s.written().empty());
}

TEST_CASE("an answer that nobody asked for drops the connection") {
    story s;
    s.connect();
    CHECK(s.hear("+surprise\r\n").is(redis::errc::protocol_error));
}

TEST_CASE("bytes of another protocol are refused, and arrays are not believed") {
    reply_reader reader;
    std::vector<reply> replies;
    CHECK_FALSE(reader.feed("HTTP/1.1 400 Bad Request\r\n", replies));
    reply_reader huge;
    CHECK(huge.feed("*2000000000\r\n:1\r\n", replies));
    CHECK(replies.empty());
}

TEST_CASE("back-off doubles, is jittered, and stops growing") {
    for (unsigned failures = 0; failures < 40; ++failures) {
        const auto full = std::min<duration>(3s, 50ms * (1LL << std::min(failures, 20U)));
        const auto wait = backoff(50ms, 3s, failures);
        CHECK(wait >= full / 2);
        CHECK(wait <= full);
    }
}

TEST_CASE("a script is known by its SHA-1") {
    CHECK(script("return 1").digest() == "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
}
