// Envelopes of the Redis layers, and what the reply reader makes of a server's bytes: no input may crash,
// hang or be believed about its length.
#include <cstdint>
#include <string_view>

#include "core/codec/envelope.hpp"
#include "core/redis/reply.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace chanx;
    if (size == 0) return 0;
    const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] % 4 == 3) {
        redis::reply_reader reader;
        std::vector<redis::reply> replies;
        const auto cut = input.size() / 2;
        if (reader.feed(input.substr(0, cut), replies)) reader.feed(input.substr(cut), replies);
        return 0;
    }
    static const codec::sealer encrypted({12, {"one", "two"}, std::nullopt});
    std::string plain;
    std::string_view body = input;
    if (data[0] % 4 == 2 && encrypted.open(input, plain, body)) return 0;
    const auto how = data[0] % 4 == 1 ? codec::format::json : codec::format::msgpack;
    codec::header found;
    if (codec::scan(how, body, found) || found.addressed) return 0;
    // What was read can be addressed, and then says to whom. JSON keeps white space that this form does not
    // take.
    if (how == codec::format::json && (!body.starts_with('{') || !body.ends_with('}'))) return 0;
    codec::header again;
    const auto addressed = codec::with_address(how, body, "a!b");
    const auto error = codec::scan(how, addressed, again);
    if (how == codec::format::msgpack && (error || again.channels.at(0) != "a!b")) __builtin_trap();
    return 0;
}
