// Where a command belongs in a Redis Cluster: the slot of its key.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace chanx::redis {

constexpr std::uint16_t SLOTS = 16384;

// CRC16 (XMODEM) of the key, or of what stands between its first braces, so that keys can be kept together.
std::uint16_t slot_of(std::string_view key) noexcept;

// One serialised command.
struct command {
    std::string_view bytes;
    std::string_view verb;
    std::optional<std::string_view> key;  // none: any node may run it
};

// Takes the first command off `rest`; nothing when there is none, or it is not whole. Knows the commands that
// have no key and those of scripts; of all others the first argument is the key.
std::optional<command> next_command(std::string_view& rest) noexcept;

}  // namespace chanx::redis
