#include "core/codec/base64url.hpp"

#include <array>
#include <cstdint>

namespace chanx::codec {
namespace {

constexpr std::string_view ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t NONE = 0xff;

constexpr std::array<std::uint8_t, 256> VALUES = [] {
    std::array<std::uint8_t, 256> table{};
    table.fill(NONE);
    for (std::size_t i = 0; i < ALPHABET.size(); ++i) {
        table[static_cast<unsigned char>(ALPHABET[i])] = static_cast<std::uint8_t>(i);
    }
    return table;
}();

}  // namespace

std::string base64url_encode(std::string_view bytes) {
    std::string text((bytes.size() + 2) / 3 * 4, '=');
    char* to = text.data();
    const auto at = [&](std::size_t i) {
        return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i]));
    };
    std::size_t i = 0;
    for (; i + 3 <= bytes.size(); i += 3) {
        const std::uint32_t word = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
        for (int shift = 18; shift >= 0; shift -= 6) *to++ = ALPHABET[(word >> shift) & 63];
    }
    const auto rest = bytes.size() - i;
    if (rest > 0) {
        const std::uint32_t word = at(i) << 16 | (rest == 2 ? at(i + 1) << 8 : 0);
        for (std::size_t k = 0; k <= rest; ++k) *to++ = ALPHABET[(word >> (18 - 6 * k)) & 63];
    }
    return text;
}

bool base64url_decode(std::string_view text, std::string& bytes) {
    bytes.clear();
    if (text.size() % 4 != 0) return false;
    if (text.empty()) return true;
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    text.remove_suffix(padding);
    bytes.reserve(text.size() / 4 * 3 + 3);
    std::uint32_t word = 0;
    unsigned held = 0;
    for (const char c : text) {
        const auto value = VALUES[static_cast<unsigned char>(c)];
        if (value == NONE) return false;
        word = word << 6 | value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            bytes += static_cast<char>((word >> held) & 0xff);
        }
    }
    return true;
}

}  // namespace chanx::codec
