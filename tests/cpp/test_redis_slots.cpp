#include <doctest/doctest.h>

#include "core/redis/request.hpp"
#include "core/redis/shard.hpp"
#include "core/redis/slot_map.hpp"
#include "core/redis/slots.hpp"

using namespace chanx::redis;

namespace {

reply parsed(std::string_view bytes) {
    reply_reader reader;
    std::vector<reply> found;
    REQUIRE(reader.feed(bytes, found));
    REQUIRE(found.size() == 1);
    return found.front();
}

address at(const char* host, std::uint16_t port) {
    address made;
    made.host = host;
    made.port = port;
    return made;
}

}  // namespace

TEST_CASE("slots are those of Redis, and braces keep keys together") {
    CHECK(slot_of("123456789") == 0x31C3);  // the example of the cluster specification
    CHECK(slot_of("foo") == 12182);
    CHECK(slot_of("") == 0);
    CHECK(slot_of("{user1000}.following") == slot_of("{user1000}.followers"));
    CHECK(slot_of("{user1000}.following") == slot_of("user1000"));
    CHECK(slot_of("foo{}{bar}") == 8363);
    CHECK(slot_of("foo{{bar}}zap") == slot_of("{bar"));
    CHECK(slot_of("foo{bar}{zap}") == slot_of("bar"));
    CHECK(slot_of("foo{bar") != slot_of("bar"));
}

TEST_CASE("names fall on the hosts that channels_redis puts them on") {
    // As its _consistent_hash() answers.
    CHECK(shard_of("room", 1) == 0);
    CHECK(shard_of("room", 20) == 2);
    CHECK(shard_of("chat.42", 3) == 0);
    CHECK(shard_of("chat.42", 5) == 1);
    CHECK(shard_of("asgi__group__x", 20) == 3);
    CHECK(shard_of("specific.abc!", 2) == 1);
    CHECK(shard_of("specific.abc!", 3) == 2);
    CHECK(shard_of("specific.abc!", 20) == 17);
}

TEST_CASE("commands are taken apart, and their key found") {
    request what("PUBLISH", "room", "a\r\nb");
    what.add("PING").add("eval", "return 1", 1, "key", "argument").add("EVAL", "return 1", 0, "argument");
    what.add("ZADD", "k", 1, "m").add("EVALSHA", "digest");
    std::string_view rest = what.bytes();
    const auto first = next_command(rest);
    REQUIRE(first);
    CHECK(first->verb == "PUBLISH");
    CHECK(first->key == "room");
    CHECK(first->bytes == request("PUBLISH", "room", "a\r\nb").bytes());
    CHECK_FALSE(next_command(rest)->key);
    CHECK(next_command(rest)->key == "key");
    CHECK_FALSE(next_command(rest)->key);
    CHECK(next_command(rest)->key == "k");
    CHECK_FALSE(next_command(rest)->key);
    CHECK(rest.empty());
    CHECK_FALSE(next_command(rest));
}

TEST_CASE("what is no whole command is none") {
    const std::string whole = request("SET", "key", "value").bytes();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        std::string_view rest = std::string_view(whole).substr(0, size);
        CHECK_FALSE(next_command(rest));
    }
    for (std::string_view bad : {"*0\r\n", "+OK\r\n", "*1\r\n:1\r\n", "*1\r\n$99999999999999999999\r\na\r\n",
                                 "*1\r\n$18446744073709551615\r\na\r\n", "*-1\r\n", "*1\r\n$-1\r\n"}) {
        CHECK_FALSE(next_command(bad));
    }
}

TEST_CASE("the map follows CLUSTER SLOTS and redirections") {
    slot_map map;
    CHECK_FALSE(map.loaded());
    CHECK(map.owner(5) == slot_map::NONE);
    const auto asked = at("seed", 1);
    const auto answer = parsed(
        "*2\r\n"
        "*4\r\n:0\r\n:99\r\n*3\r\n$1\r\na\r\n:7000\r\n$2\r\nid\r\n*3\r\n$1\r\nr\r\n:7003\r\n$2\r\nir\r\n"
        "*3\r\n:100\r\n:200\r\n*2\r\n$-1\r\n:7001\r\n");
    CHECK(map.load(answer, asked).empty());
    CHECK(map.where(map.owner(99)) == at("a", 7000));
    CHECK(map.where(map.owner(100)) == at("seed", 7001));
    CHECK(map.owner(201) == slot_map::NONE);
    CHECK(map.masters().size() == 2);
    CHECK(map.members().size() == 3);
    // A node that does not name itself is where the redirection came from.
    const auto moved = map.index(":7009", map.owner(99));
    REQUIRE(moved);
    map.assign(99, *moved);
    CHECK(map.where(map.owner(99)) == at("a", 7009));
    CHECK(map.where(*map.index("::1:7000", 0)) == at("::1", 7000));
    for (const auto* bad : {"", "nonsense", "host:", "host:port", "host:0", "host:70000"}) {
        CHECK_FALSE(map.index(bad, 0));
    }
}

TEST_CASE("an answer that makes no sense leaves the map as it is") {
    slot_map map;
    const auto asked = at("seed", 1);
    CHECK_FALSE(map.load(parsed("*0\r\n"), asked).empty());
    CHECK_FALSE(map.load(parsed("+OK\r\n"), asked).empty());
    CHECK_FALSE(map.load(parsed("*1\r\n*3\r\n:0\r\n:16384\r\n*2\r\n$1\r\na\r\n:1\r\n"), asked).empty());
    CHECK_FALSE(map.load(parsed("*1\r\n*3\r\n:9\r\n:1\r\n*2\r\n$1\r\na\r\n:1\r\n"), asked).empty());
    CHECK_FALSE(map.load(parsed("*1\r\n*3\r\n:-9\r\n:1\r\n*2\r\n$1\r\na\r\n:1\r\n"), asked).empty());
    CHECK_FALSE(map.load(parsed("*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n$1\r\n?\r\n:1\r\n"), asked).empty());
    CHECK_FALSE(map.load(parsed("*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n$1\r\na\r\n:99999\r\n"), asked).empty());
    CHECK_FALSE(map.loaded());
}
