#include "core/validate/utf8.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace chanx::validate {
namespace {

std::uint32_t take_character(const unsigned char*& from) noexcept {
    const std::uint32_t c = *from;
    if (c < 0x80) {
        from += 1;
        return c;
    }
    if (c < 0xE0) {
        const std::uint32_t made = (c & 0x1F) << 6 | (from[1] & 0x3Fu);
        from += 2;
        return made;
    }
    if (c < 0xF0) {
        const std::uint32_t made = (c & 0x0F) << 12 | (from[1] & 0x3Fu) << 6 | (from[2] & 0x3Fu);
        from += 3;
        return made;
    }
    const std::uint32_t made =
        (c & 0x07) << 18 | (from[1] & 0x3Fu) << 12 | (from[2] & 0x3Fu) << 6 | (from[3] & 0x3Fu);
    from += 4;
    return made;
}

template <class Char>
void widen(std::string_view text, Char* out) noexcept {
    const unsigned char* from = reinterpret_cast<const unsigned char*>(text.data());
    const unsigned char* const end = from + text.size();
    while (from < end) {
        while (end - from >= 8) {
            std::uint64_t eight;
            std::memcpy(&eight, from, 8);
            const std::uint64_t beyond = eight & 0x8080808080808080u;
            if (beyond == 0) {
                for (int i = 0; i < 8; ++i) out[i] = from[i];
                from += 8;
                out += 8;
                continue;
            }
            if constexpr (std::endian::native == std::endian::little) {
                const int plain = std::countr_zero(beyond) / 8;
                for (int i = 0; i < plain; ++i) *out++ = *from++;
            }
            break;
        }
        if (from == end) return;
        do {  // characters beyond ASCII mostly come together
            *out++ = static_cast<Char>(take_character(from));
        } while (from < end && *from >= 0x80);
    }
}

}  // namespace

utf8_measure measure_utf8(std::string_view text) noexcept {
    utf8_measure found;
    // Blocks that a byte counter can hold, so that the compiler works on whole vectors.
    for (std::size_t at = 0; at < text.size(); at += 255) {
        const std::size_t stop = std::min(text.size(), at + 255);
        std::uint8_t starts = 0, largest = 0;
        for (std::size_t i = at; i < stop; ++i) {
            const auto c = static_cast<std::uint8_t>(text[i]);
            starts = static_cast<std::uint8_t>(starts + ((c & 0xC0) != 0x80));
            largest = std::max(largest, c);
        }
        found.length += starts;
        found.largest = std::max(found.largest, largest);
    }
    return found;
}

void widen_utf8(std::string_view text, std::uint8_t* out) noexcept { widen(text, out); }
void widen_utf8(std::string_view text, std::uint16_t* out) noexcept { widen(text, out); }
void widen_utf8(std::string_view text, std::uint32_t* out) noexcept { widen(text, out); }

}  // namespace chanx::validate
