// MessagePack, as channel layers use it: nil, booleans, integers, floats, UTF-8 strings, binary, arrays and
// maps. Writing chooses the shortest form. Reading checks every length against what is there before it is
// believed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace chanx::codec {

class msgpack_writer {
public:
    explicit msgpack_writer(std::string& out) noexcept : out_(out) {}

    void nil();
    void boolean(bool value);
    void integer(std::int64_t value);
    void natural(std::uint64_t value);
    void real(double value);
    // The length is bounded by 32 bits: false, and nothing written, beyond.
    bool text(std::string_view utf8);
    bool binary(std::string_view bytes);
    bool array(std::size_t items);
    bool map(std::size_t pairs);

private:
    template <class T>
    void put(unsigned char mark, T value);

    std::string& out_;
};

enum class msgpack_kind : unsigned char {
    nil,
    boolean,
    integer,
    natural,
    real,
    text,
    binary,
    array,
    map,
    extension,
    end,
    broken
};

struct msgpack_token {
    msgpack_kind kind = msgpack_kind::broken;
    bool boolean = false;
    std::int64_t integer = 0;   // when negative
    std::uint64_t natural = 0;  // integers from zero on, and the length of an array or a map
    double real = 0;
    std::string_view bytes;  // of a text (not checked to be UTF-8), a binary or an extension
};

class msgpack_reader {
public:
    explicit msgpack_reader(std::string_view bytes) noexcept : all_(bytes) {}

    // The next value, or the head of the next container: its items follow. `end` after the last byte,
    // `broken` when the bytes are cut short or no MessagePack.
    msgpack_token next() noexcept;
    // Passes over one whole value. False when it is broken.
    bool skip() noexcept;
    std::size_t position() const noexcept { return at_; }

private:
    template <class T>
    bool take(T& value) noexcept;
    bool take(std::size_t length, std::string_view& bytes) noexcept;
    template <class Length>
    bool sized(msgpack_token& token, msgpack_kind kind) noexcept;
    template <class Length>
    bool counted(msgpack_token& token, msgpack_kind kind) noexcept;
    template <class T>
    bool number(msgpack_token& token) noexcept;

    std::string_view all_;
    std::size_t at_ = 0;
};

}  // namespace chanx::codec
