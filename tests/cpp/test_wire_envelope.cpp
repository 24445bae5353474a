#include <doctest/doctest.h>

#include <limits>

#include "core/codec/envelope.hpp"
#include "core/codec/msgpack.hpp"

using namespace chanx::codec;
using namespace std::chrono_literals;

namespace {

std::string message_body() {
    std::string body;
    msgpack_writer writer(body);
    writer.map(2);
    writer.text("type");
    writer.text("chat.message");
    writer.text("deep");
    writer.array(1);
    writer.map(1);
    writer.text("__asgi_channel__");
    writer.text("not this one");
    return body;
}

// Made by another implementation: secret "secret", 2023-11-14 22:13:20 UTC.
constexpr std::string_view TOKEN =
    "gAAAAABlU_"
    "EAAAECAwQFBgcICQoLDA0ODx1PLjJJreoWuraCJYGMKImOLEDwoelnQ8MhDIwMZn35na4RUD3xwpSuskPLnkSkJ3qBeVVJpJWRFGvoei"
    "GToog=";
const fernet::clock::time_point MADE{1700000000s};

}  // namespace

TEST_CASE("an address is found at the top level only") {
    header found;
    CHECK_FALSE(scan(format::msgpack, message_body(), found));
    CHECK(found.type == "chat.message");
    CHECK_FALSE(found.addressed);

    const auto addressed = with_address(format::msgpack, message_body(), "specific.a!b");
    CHECK_FALSE(scan(format::msgpack, addressed, found));
    CHECK(found.channels == std::vector<std::string_view>{"specific.a!b"});
    CHECK_FALSE(found.to_many);
}

TEST_CASE("a group message carries the names of all members") {
    const std::vector<std::string_view> members(20, "specific.a!member");
    for (const auto how : {format::msgpack, format::json}) {
        const std::string body =
            how == format::msgpack ? message_body() : R"({"type": "chat.message", "x": [{"}": "]"}]})";
        header found;
        const auto addressed = with_address(how, body, members);
        CHECK_FALSE(scan(how, addressed, found));
        CHECK(found.to_many);
        CHECK(found.channels.size() == 20);
        CHECK(found.channels.back() == "specific.a!member");
        CHECK(found.type == "chat.message");
    }
}

TEST_CASE("a map of fifteen pairs grows its head when the address is added") {
    std::string body;
    msgpack_writer writer(body);
    writer.map(15);
    for (int i = 0; i < 15; ++i) {
        writer.text(std::to_string(i));
        writer.nil();
    }
    header found;
    CHECK_FALSE(scan(format::msgpack, with_address(format::msgpack, body, "c"), found));
    CHECK(found.addressed);
}

TEST_CASE("a message is kept without its address") {
    const std::vector<std::string_view> members(300, "specific.a!member");
    header found;
    // The head of a map takes one byte up to 15 pairs, then three.
    for (const int pairs : {0, 14, 15, 16}) {
        std::string body;
        msgpack_writer writer(body);
        writer.map(static_cast<std::size_t>(pairs));
        for (int i = 0; i < pairs; ++i) {
            writer.text(std::to_string(i));
            writer.integer(i);
        }
        const auto to_one = with_address(format::msgpack, body, "specific.a!b");
        CHECK_FALSE(scan(format::msgpack, to_one, found));
        CHECK(without_address(format::msgpack, to_one, found) == body);
        const auto to_many = with_address(format::msgpack, body, members);
        CHECK_FALSE(scan(format::msgpack, to_many, found));
        CHECK(without_address(format::msgpack, to_many, found) == body);
    }

    std::string middle;
    msgpack_writer writer(middle);
    writer.map(3);
    for (const auto word : {"a", "x", "__asgi_channel__", "c", "type", "t"}) writer.text(word);
    CHECK_FALSE(scan(format::msgpack, middle, found));
    const auto kept = without_address(format::msgpack, middle, found);
    CHECK_FALSE(scan(format::msgpack, kept, found));
    CHECK(found.type == "t");
    CHECK_FALSE(found.addressed);

    CHECK_FALSE(scan(format::msgpack, message_body(), found));
    CHECK(without_address(format::msgpack, message_body(), found) == message_body());
    std::string twice;  // which of them holds is for whoever decodes it to say
    msgpack_writer again(twice);
    again.map(2);
    for (const auto word : {"__asgi_channel__", "c", "__asgi_channel__", "d"}) again.text(word);
    CHECK_FALSE(scan(format::msgpack, twice, found));
    CHECK(without_address(format::msgpack, twice, found) == twice);
    const std::string text = R"({"type": "t", "__asgi_channel__": "x"})";
    CHECK_FALSE(scan(format::json, text, found));
    CHECK(without_address(format::json, text, found) == text);
}

TEST_CASE("JSON escapes in names and types are resolved") {
    header found;
    CHECK_FALSE(
        scan(format::json, R"( { "t\u0079pe" : "a\n\u00e9\ud83d\ude00" , "__asgi_channel__":"x" } )", found));
    CHECK(found.type == "a\n\xc3\xa9\xf0\x9f\x98\x80");
    CHECK(found.channels == std::vector<std::string_view>{"x"});
    CHECK_FALSE(scan(format::json, R"({"type": NaN, "a": -Infinity})", found));
    CHECK(found.type.empty());
}

TEST_CASE("every cut of a message is an error, and none is read past its end") {
    const auto body = with_address(format::msgpack, message_body(), "specific.a!b");
    const std::string text = R"({"type": "t", "a": [1, {"b": "c"}], "__asgi_channel__": ["x", "y"]})";
    header found;
    for (std::size_t size = 0; size < body.size(); ++size)
        CHECK(scan(format::msgpack, body.substr(0, size), found));
    for (std::size_t size = 0; size < text.size(); ++size)
        CHECK(scan(format::json, text.substr(0, size), found));
    CHECK(scan(format::msgpack, body + "x", found) == errc::malformed);
    CHECK(scan(format::json, text + "x", found) == errc::malformed);
}

TEST_CASE("announced lengths are not believed") {
    header found;
    const std::string huge_map("\xdf\xff\xff\xff\xff", 5), huge_array("\x81\xa1x\xdd\xff\xff\xff\xff", 8);
    CHECK(scan(format::msgpack, huge_map, found) == errc::malformed);
    CHECK(scan(format::msgpack, huge_array, found) == errc::malformed);
    CHECK(scan(format::msgpack, std::string("\x93\x01\x02\x03", 4), found) == errc::not_a_message);
}

TEST_CASE("integers take their shortest form and come back") {
    for (const std::int64_t value :
         {std::int64_t{0}, std::int64_t{127}, std::int64_t{128}, std::int64_t{65536}, std::int64_t{-1},
          std::int64_t{-32}, std::int64_t{-33}, std::int64_t{-129}, std::int64_t{-40000},
          std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
        std::string bytes;
        msgpack_writer(bytes).integer(value);
        const auto token = msgpack_reader(bytes).next();
        CHECK((value < 0 ? token.integer : static_cast<std::int64_t>(token.natural)) == value);
    }
}

TEST_CASE("tokens of another Fernet implementation are read") {
    const fernet keys({"newer", "secret"});
    std::string plain;
    CHECK_FALSE(keys.decrypt(TOKEN, 60s, plain, MADE + 60s));
    CHECK(plain == "hello channel layer");
    CHECK(keys.decrypt(TOKEN, 60s, plain, MADE + 61s) == errc::expired);
    CHECK(keys.decrypt(TOKEN, 60s, plain, MADE - 61s) == errc::expired);
    CHECK_FALSE(keys.decrypt(TOKEN, std::nullopt, plain, MADE + 1000000s));
}

TEST_CASE("a token with any character changed is refused") {
    const fernet keys({"secret"});
    std::string plain;
    for (std::size_t i = 0; i < TOKEN.size(); ++i) {
        std::string changed(TOKEN);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        CHECK(keys.decrypt(changed, std::nullopt, plain) == errc::undecryptable);
    }
    CHECK(fernet({"other"}).decrypt(TOKEN, std::nullopt, plain) == errc::undecryptable);
}

TEST_CASE("what is sealed opens again, and twice sealed differs") {
    const sealer with({12, {"one"}, 60s});
    for (std::size_t size = 0; size < 70; ++size) {
        const std::string body(size, 'x');
        const auto first = with.seal(body), second = with.seal(body);
        CHECK(first != second);
        std::string plain;
        std::string_view opened;
        CHECK_FALSE(with.open(first, plain, opened));
        CHECK(opened == body);
    }
    std::string plain;
    std::string_view opened;
    CHECK(with.open("short", plain, opened) == errc::too_short);
}
