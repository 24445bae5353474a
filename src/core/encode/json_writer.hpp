// Appends JSON to a growing buffer. Text beyond ASCII is written as UTF-8, or escaped where that is asked
// for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace chanx::encode {

class json_writer {
public:
    void clear() noexcept { size_ = 0; }
    std::string_view text() const noexcept { return {data_.get(), size_}; }
    std::size_t capacity() const noexcept { return capacity_; }
    std::size_t size() const noexcept { return size_; }
    // Takes back everything after the first `size` bytes.
    void truncate(std::size_t size) noexcept { size_ = size; }

    void character(char c) {
        if (size_ == capacity_) grow(1);
        data_[size_++] = c;
    }
    // Text that is JSON already and ASCII: keys with their quotes and colon, `null`, `true`.
    void raw(std::string_view json) {
        reserve(json.size());
        std::memcpy(data_.get() + size_, json.data(), json.size());
        size_ += json.size();
    }
    void integer(std::int64_t number);
    // The shortest digits that read back as the same double, always with a point or an exponent. False for
    // NaN and the infinities, which JSON does not have.
    bool floating(double number);

    // A string with its quotes. The widths are those that CPython stores: ASCII, Latin-1, UCS-2, UCS-4.
    void ascii_string(const unsigned char* chars, std::size_t n);
    void latin1_string(const unsigned char* chars, std::size_t n);
    // False for a lone surrogate, which UTF-8 cannot carry; the buffer's end is then undefined.
    bool ucs2_string(const std::uint16_t* chars, std::size_t n);
    bool ucs4_string(const std::uint32_t* chars, std::size_t n);

    // A string with its quotes, of any of these widths, as json.dumps writes it by default: in printable
    // ASCII, everything else escaped. A lone surrogate is written like any other character.
    template <class Char>
    void escaped_string(const Char* chars, std::size_t n);

private:
    void reserve(std::size_t more) {
        if (capacity_ - size_ < more) grow(more);
    }
    void grow(std::size_t more);
    void escaped(unsigned char c);
    template <class Char>
    bool wide_string(const Char* chars, std::size_t n);

    std::unique_ptr<char[]> data_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

}  // namespace chanx::encode
