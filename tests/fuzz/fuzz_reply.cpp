// What a Redis server, or what stands in for one, may send: the reply parser's wrapper, cut anywhere, and
// what is made of the replies: a connection's protocol, the map of a cluster. No input may crash, hang or be
// believed about its length; how the bytes were cut makes no difference.
#include <cstdint>
#include <string_view>

#include "core/redis/reply.hpp"
#include "core/redis/session.hpp"
#include "core/redis/slot_map.hpp"
#include "core/redis/slots.hpp"

namespace {

using namespace chanx;
using namespace chanx::redis;

bool same(const reply& one, const reply& other) {
    if (one.type != other.type || one.number != other.number || one.text != other.text ||
        one.items.size() != other.items.size())
        return false;
    for (std::size_t i = 0; i < one.items.size(); ++i) {
        if (!same(one.items[i], other.items[i])) return false;
    }
    return true;
}

// A connection that subscribed, sent a pipeline, and hears this.
void converse(std::vector<reply> replies) {
    const options how;
    session on(how);
    outcome out;
    const time_point now{};
    response_handler none;
    on.submit(std::move(request("GET", "a").add("GET", "b").repeatable()), none, now);
    on.connected(now);
    std::vector<reply> pong(1);
    pong[0].type = reply::kind::status;
    on.received(pong, now, out);
    on.subscribe(scope::channel, {"one", "two"}, none, now, out);
    on.subscribe(scope::shard, {"three", "{three}four", "five"}, none, now, out);
    on.unsubscribe(scope::shard, {"three"}, none, now, out);
    on.written(on.output().size());
    on.received(replies, now, out);
    on.lost({make_error_code(errc::connection_lost), "cut"}, false, out);
    on.connected(now);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);

    reply_reader whole;
    std::vector<reply> replies;
    const bool fine = whole.feed(input, replies);

    reply_reader cut;
    std::vector<reply> pieces;
    const auto at = input.size() * data[0] / 256;
    const bool fine_in_pieces = cut.feed(input.substr(0, at), pieces) && cut.feed(input.substr(at), pieces);
    if (fine != fine_in_pieces || replies.size() != pieces.size()) __builtin_trap();
    for (std::size_t i = 0; i < replies.size(); ++i) {
        if (!same(replies[i], pieces[i])) __builtin_trap();
    }

    slot_map map;
    address asked;
    asked.host = "asked";
    const auto from = map.index(asked);
    for (const auto& each : replies) {
        if (map.load(each, asked).empty() && map.owner(0) != slot_map::NONE) (void)map.where(map.owner(0));
        if (const auto node = map.index(each.text, from)) (void)map.where(*node);
        (void)classify(each.text);
    }
    std::string_view rest = input;
    while (const auto next = next_command(rest)) (void)slot_of(next->key.value_or(next->verb));
    converse(std::move(pieces));
    return 0;
}
