#include "core/redis/slots.hpp"

#include <algorithm>
#include <array>
#include <boost/crc.hpp>
#include <charconv>

namespace chanx::redis {
namespace {

constexpr std::array<std::string_view, 17> KEYLESS{
    "CLIENT", "CLUSTER", "COMMAND", "CONFIG", "DBSIZE", "ECHO",   "FLUSHALL", "FLUSHDB", "INFO",
    "KEYS",   "PING",    "PUBSUB",  "ROLE",   "SCAN",   "SCRIPT", "TIME",     "WAIT"};

bool same_word(std::string_view one, std::string_view upper) noexcept {
    return std::ranges::equal(one, upper,
                              [](char a, char b) { return (a >= 'a' && a <= 'z' ? a - 32 : a) == b; });
}

// "*12\r\n" or "$12\r\n" off the front.
std::optional<std::size_t> header(std::string_view& rest, char mark) noexcept {
    const auto end = rest.find("\r\n");
    if (end == rest.npos || rest.front() != mark) return {};
    std::size_t value = 0;
    const auto* const last = rest.data() + end;
    const auto parsed = std::from_chars(rest.data() + 1, last, value);
    if (parsed.ec != std::errc() || parsed.ptr != last) return {};
    rest.remove_prefix(end + 2);
    return value;
}

std::optional<std::string_view> word(std::string_view& rest) noexcept {
    const auto size = header(rest, '$');
    if (!size || *size > rest.size() || rest.size() - *size < 2) return {};
    const auto found = rest.substr(0, *size);
    rest.remove_prefix(*size + 2);
    return found;
}

// The number of the argument that is the key.
std::size_t key_position(std::string_view verb) noexcept {
    for (const auto keyless : KEYLESS) {
        if (same_word(verb, keyless)) return 0;
    }
    // EVAL script number-of-keys key ..., BZMPOP timeout number-of-keys key ...
    for (const auto counted : {"EVAL", "EVALSHA", "FCALL", "BZMPOP"}) {
        if (same_word(verb, counted)) return 3;
    }
    return 1;
}

}  // namespace

std::uint16_t slot_of(std::string_view key) noexcept {
    if (const auto open = key.find('{'); open != key.npos) {
        const auto close = key.find('}', open + 1);
        if (close != key.npos && close != open + 1) key = key.substr(open + 1, close - open - 1);
    }
    boost::crc_xmodem_t crc;
    crc.process_bytes(key.data(), key.size());
    return static_cast<std::uint16_t>(crc.checksum() % SLOTS);
}

std::optional<command> next_command(std::string_view& rest) noexcept {
    if (rest.empty()) return {};
    const auto whole = rest;
    const auto words = header(rest, '*');
    if (!words || *words == 0) return {};
    command found;
    std::size_t position = 0;
    bool keyed = true;
    for (std::size_t i = 0; i < *words; ++i) {
        const auto value = word(rest);
        if (!value) return {};
        if (i == 0) {
            found.verb = *value;
            position = key_position(*value);
        } else if (i == 2 && position == 3) {
            keyed = *value != "0";  // a script without keys may run anywhere
        } else if (i == position && keyed) {
            found.key = *value;
        }
    }
    found.bytes = whole.substr(0, whole.size() - rest.size());
    return found;
}

}  // namespace chanx::redis
