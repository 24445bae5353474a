#include "core/encode/json_writer.hpp"

#include <charconv>
#include <cmath>

namespace chanx::encode {
namespace {

constexpr std::uint64_t ones = 0x0101010101010101u;
constexpr std::uint64_t high = 0x8080808080808080u;

// Non-zero when one of eight bytes is below 0x20, a quote or a backslash (or beyond ASCII: never in these
// inputs).
std::uint64_t needs_escape(std::uint64_t eight) noexcept {
    const std::uint64_t quote = eight ^ (ones * '"');
    const std::uint64_t slash = eight ^ (ones * '\\');
    return ((eight - ones * 0x20) | (quote - ones) | (slash - ones)) & ~eight & high;
}

constexpr char digits[] = "0123456789abcdef";

// A UTF-16 unit as \uXXXX; returns the end.
char* write_unit(char* to, std::uint32_t unit) noexcept {
    *to++ = '\\';
    *to++ = 'u';
    for (int shift = 12; shift >= 0; shift -= 4) *to++ = digits[(unit >> shift) & 15];
    return to;
}

constexpr bool is_plain(unsigned c) noexcept { return c >= 0x20 && c != '"' && c != '\\'; }

}  // namespace

void json_writer::grow(std::size_t more) {
    std::size_t wanted = capacity_ ? capacity_ * 2 : 512;
    while (wanted < size_ + more) wanted *= 2;
    std::unique_ptr<char[]> larger(new char[wanted]);
    if (size_) std::memcpy(larger.get(), data_.get(), size_);
    data_ = std::move(larger);
    capacity_ = wanted;
}

void json_writer::integer(std::int64_t number) {
    reserve(24);
    size_ = static_cast<std::size_t>(std::to_chars(data_.get() + size_, data_.get() + capacity_, number).ptr -
                                     data_.get());
}

bool json_writer::floating(double number) {
    if (!std::isfinite(number)) return false;
    reserve(40);
    char* from = data_.get() + size_;
    char* to = std::to_chars(from, from + 36, number).ptr;
    bool integral = true;
    for (const char* c = from; c != to; ++c) {
        if (*c == '.' || *c == 'e') integral = false;
    }
    if (integral) {
        *to++ = '.';
        *to++ = '0';
    }
    size_ += static_cast<std::size_t>(to - from);
    return true;
}

void json_writer::escaped(unsigned char c) {
    char* to = data_.get() + size_;
    char letter = 0;
    switch (c) {
        case '"': letter = '"'; break;
        case '\\': letter = '\\'; break;
        case '\n': letter = 'n'; break;
        case '\r': letter = 'r'; break;
        case '\t': letter = 't'; break;
        case '\b': letter = 'b'; break;
        case '\f': letter = 'f'; break;
        default: to = write_unit(to, c);
    }
    if (letter) {
        *to++ = '\\';
        *to++ = letter;
    }
    size_ = static_cast<std::size_t>(to - data_.get());
}

void json_writer::ascii_string(const unsigned char* chars, std::size_t n) {
    reserve(n + 2);
    data_[size_++] = '"';
    std::size_t i = 0;
    while (i < n) {
        while (i + 8 <= n) {
            std::uint64_t eight;
            std::memcpy(&eight, chars + i, 8);
            if (needs_escape(eight)) break;
            std::memcpy(data_.get() + size_, &eight, 8);
            size_ += 8;
            i += 8;
        }
        const std::size_t stop = i + 8 < n ? i + 8 : n;
        for (; i < stop; ++i) {
            if (is_plain(chars[i])) {
                data_[size_++] = static_cast<char>(chars[i]);
            } else {
                reserve(n - i + 8);
                escaped(chars[i]);
            }
        }
    }
    character('"');
}

template <class Char>
bool json_writer::wide_string(const Char* chars, std::size_t n) {
    constexpr std::size_t block = 256;
    character('"');
    for (std::size_t i = 0; i < n;) {
        const std::size_t stop = i + block < n ? i + block : n;
        reserve(block * 6 + 2);
        char* to = data_.get() + size_;
        for (; i < stop; ++i) {
            const std::uint32_t c = chars[i];
            if (c < 0x80) {
                if (is_plain(c)) {
                    *to++ = static_cast<char>(c);
                } else {
                    size_ = static_cast<std::size_t>(to - data_.get());
                    escaped(static_cast<unsigned char>(c));
                    to = data_.get() + size_;
                }
            } else if (c < 0x800) {
                *to++ = static_cast<char>(0xC0 | (c >> 6));
                *to++ = static_cast<char>(0x80 | (c & 0x3F));
            } else if (c < 0x10000) {
                if (c >= 0xD800 && c < 0xE000) return false;
                *to++ = static_cast<char>(0xE0 | (c >> 12));
                *to++ = static_cast<char>(0x80 | ((c >> 6) & 0x3F));
                *to++ = static_cast<char>(0x80 | (c & 0x3F));
            } else {
                *to++ = static_cast<char>(0xF0 | (c >> 18));
                *to++ = static_cast<char>(0x80 | ((c >> 12) & 0x3F));
                *to++ = static_cast<char>(0x80 | ((c >> 6) & 0x3F));
                *to++ = static_cast<char>(0x80 | (c & 0x3F));
            }
        }
        size_ = static_cast<std::size_t>(to - data_.get());
    }
    character('"');
    return true;
}

void json_writer::latin1_string(const unsigned char* chars, std::size_t n) { wide_string(chars, n); }

bool json_writer::ucs2_string(const std::uint16_t* chars, std::size_t n) { return wide_string(chars, n); }

bool json_writer::ucs4_string(const std::uint32_t* chars, std::size_t n) { return wide_string(chars, n); }

template <class Char>
void json_writer::escaped_string(const Char* chars, std::size_t n) {
    constexpr std::size_t block = 256;
    constexpr std::size_t longest = 12;  // a surrogate pair
    character('"');
    for (std::size_t i = 0; i < n;) {
        const std::size_t stop = n - i > block ? i + block : n;
        reserve((stop - i) * longest + 2);
        char* to = data_.get() + size_;
        for (; i < stop; ++i) {
            const std::uint32_t c = chars[i];
            if (c < 0x7F && is_plain(c)) {
                *to++ = static_cast<char>(c);
            } else if (c < 0x7F) {
                size_ = static_cast<std::size_t>(to - data_.get());
                escaped(static_cast<unsigned char>(c));
                to = data_.get() + size_;
            } else if (c < 0x10000) {
                to = write_unit(to, c);
            } else {
                to = write_unit(to, 0xD800 | ((c - 0x10000) >> 10));
                to = write_unit(to, 0xDC00 | ((c - 0x10000) & 0x3FF));
            }
        }
        size_ = static_cast<std::size_t>(to - data_.get());
    }
    character('"');
}

template void json_writer::escaped_string(const std::uint8_t* chars, std::size_t n);
template void json_writer::escaped_string(const std::uint16_t* chars, std::size_t n);
template void json_writer::escaped_string(const std::uint32_t* chars, std::size_t n);

}  // namespace chanx::encode
