#include "core/validate/utf8.hpp"

#include <algorithm>
#include <cstring>

namespace chanx::validate {
namespace {

template <class Char>
void widen(std::string_view text, Char* out) noexcept {
    const unsigned char* from = reinterpret_cast<const unsigned char*>(text.data());
    const unsigned char* const end = from + text.size();
    while (from < end) {
        if (end - from >= 8) {
            std::uint64_t eight;
            std::memcpy(&eight, from, 8);
            if ((eight & 0x8080808080808080u) == 0) {
                for (int i = 0; i < 8; ++i) out[i] = from[i];
                from += 8;
                out += 8;
                continue;
            }
        }
        const std::uint32_t c = *from;
        if (c < 0x80) {
            *out++ = static_cast<Char>(c);
            from += 1;
        } else if (c < 0xE0) {
            *out++ = static_cast<Char>((c & 0x1F) << 6 | (from[1] & 0x3F));
            from += 2;
        } else if (c < 0xF0) {
            *out++ = static_cast<Char>((c & 0x0F) << 12 | (from[1] & 0x3Fu) << 6 | (from[2] & 0x3F));
            from += 3;
        } else {
            *out++ = static_cast<Char>((c & 0x07) << 18 | (from[1] & 0x3Fu) << 12 | (from[2] & 0x3Fu) << 6 |
                                       (from[3] & 0x3F));
            from += 4;
        }
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
