// The envelope of a channel-layer message: random prefix, encryption, serialisation, and the address inside
// the message. Compatible on the wire with the Redis layers of Channels.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "core/codec/codec_error.hpp"
#include "core/codec/fernet.hpp"

namespace chanx::codec {

enum class format : unsigned char { msgpack, json };

inline constexpr std::string_view ADDRESS_KEY = "__asgi_channel__";

// What routing needs of a message, read without making anything of the rest. Lives no longer than the body.
struct header {
    std::string type;  // empty when there is none
    // Of __asgi_channel__: one name, or those of a group's members, which may be a thousand.
    std::vector<std::string_view> channels;
    std::deque<std::string> unescaped;  // holds names that are not in the body as they are
    bool to_many = false;               // it was a list
    bool addressed = false;
    // Where the pair of the address is in the body; the pairs of the map. Of msgpack only, and of one
    // address.
    std::size_t address_at = 0;
    std::size_t address_size = 0;
    std::size_t pairs = 0;
};

std::error_code scan(format how, std::string_view body, header& out);

// A copy of a serialised message (a map without the address) with the address added at its end.
std::string with_address(format how, std::string_view body, std::string_view channel);
std::string with_address(format how, std::string_view body, std::span<const std::string_view> channels);

// A scanned message as it is kept: without the address, which may be far longer than the rest, where that can
// be cut out.
std::string without_address(format how, std::string_view body, const header& found);

struct seal_options {
    std::size_t prefix_length = 0;  // 12 in the core layer, none in the pub/sub layer
    std::vector<std::string> keys;
    std::optional<std::chrono::seconds> expiry;  // of tokens; ten seconds of grace are added
};

// Random prefix and encryption around a serialised message. Immutable, for any thread.
class sealer {
public:
    explicit sealer(seal_options how);

    std::string seal(std::string_view body) const;
    // `body` points into `sealed`, or into `plain` when it was encrypted.
    std::error_code open(std::string_view sealed, std::string& plain, std::string_view& body) const;

private:
    std::size_t prefix_length_;
    std::optional<std::chrono::seconds> live_;
    std::unique_ptr<const fernet> fernet_;
};

}  // namespace chanx::codec
