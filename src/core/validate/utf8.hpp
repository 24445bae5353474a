// Valid UTF-8 to fixed-width characters. The standard decoders check validity and grow their result as they
// go; here the parser has checked, and the width is measured first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace chanx::validate {

struct utf8_measure {
    std::size_t length = 0;     // in code points
    unsigned char largest = 0;  // byte: below 0x80 all is ASCII, below 0xC4 Latin-1, below 0xF0 UCS-2

    bool is_ascii() const noexcept { return largest < 0x80; }
    bool is_latin1() const noexcept { return largest < 0xC4; }
    bool is_ucs2() const noexcept { return largest < 0xF0; }
};

utf8_measure measure_utf8(std::string_view text) noexcept;

// Writes as many characters as measure_utf8 counted, of a type wide enough for them.
void widen_utf8(std::string_view text, std::uint8_t* out) noexcept;
void widen_utf8(std::string_view text, std::uint16_t* out) noexcept;
void widen_utf8(std::string_view text, std::uint32_t* out) noexcept;

}  // namespace chanx::validate
