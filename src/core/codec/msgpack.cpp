#include "core/codec/msgpack.hpp"

#include <bit>
#include <cstring>
#include <limits>
#include <type_traits>

namespace chanx::codec {
namespace {

constexpr std::size_t MAX_LENGTH = std::numeric_limits<std::uint32_t>::max();

template <class T>
T big_endian(T value) noexcept {
    if constexpr (sizeof(T) == 1 || std::endian::native == std::endian::big) {
        return value;
    } else {
        T swapped = 0;
        for (std::size_t i = 0; i < sizeof(T); ++i) {
            swapped = static_cast<T>((std::uint64_t{swapped} << 8) | ((value >> (8 * i)) & 0xff));
        }
        return swapped;
    }
}

}  // namespace

template <class T>
void msgpack_writer::put(unsigned char mark, T value) {
    char bytes[1 + sizeof(T)];
    bytes[0] = static_cast<char>(mark);
    const T swapped = big_endian(value);
    std::memcpy(bytes + 1, &swapped, sizeof(T));
    out_.append(bytes, sizeof bytes);
}

void msgpack_writer::nil() { out_ += static_cast<char>(0xc0); }

void msgpack_writer::boolean(bool value) { out_ += static_cast<char>(value ? 0xc3 : 0xc2); }

void msgpack_writer::natural(std::uint64_t value) {
    if (value < 0x80) {
        out_ += static_cast<char>(value);
    } else if (value <= 0xff) {
        put(0xcc, static_cast<std::uint8_t>(value));
    } else if (value <= 0xffff) {
        put(0xcd, static_cast<std::uint16_t>(value));
    } else if (value <= 0xffffffff) {
        put(0xce, static_cast<std::uint32_t>(value));
    } else {
        put(0xcf, value);
    }
}

void msgpack_writer::integer(std::int64_t value) {
    if (value >= 0) return natural(static_cast<std::uint64_t>(value));
    if (value >= -32) {
        out_ += static_cast<char>(value);
    } else if (value >= std::numeric_limits<std::int8_t>::min()) {
        put(0xd0, static_cast<std::uint8_t>(value));
    } else if (value >= std::numeric_limits<std::int16_t>::min()) {
        put(0xd1, static_cast<std::uint16_t>(value));
    } else if (value >= std::numeric_limits<std::int32_t>::min()) {
        put(0xd2, static_cast<std::uint32_t>(value));
    } else {
        put(0xd3, static_cast<std::uint64_t>(value));
    }
}

void msgpack_writer::real(double value) { put(0xcb, std::bit_cast<std::uint64_t>(value)); }

bool msgpack_writer::text(std::string_view utf8) {
    if (utf8.size() > MAX_LENGTH) return false;
    if (utf8.size() < 32) {
        out_ += static_cast<char>(0xa0 | utf8.size());
    } else if (utf8.size() <= 0xff) {
        put(0xd9, static_cast<std::uint8_t>(utf8.size()));
    } else if (utf8.size() <= 0xffff) {
        put(0xda, static_cast<std::uint16_t>(utf8.size()));
    } else {
        put(0xdb, static_cast<std::uint32_t>(utf8.size()));
    }
    out_ += utf8;
    return true;
}

bool msgpack_writer::binary(std::string_view bytes) {
    if (bytes.size() > MAX_LENGTH) return false;
    if (bytes.size() <= 0xff) {
        put(0xc4, static_cast<std::uint8_t>(bytes.size()));
    } else if (bytes.size() <= 0xffff) {
        put(0xc5, static_cast<std::uint16_t>(bytes.size()));
    } else {
        put(0xc6, static_cast<std::uint32_t>(bytes.size()));
    }
    out_ += bytes;
    return true;
}

bool msgpack_writer::array(std::size_t items) {
    if (items > MAX_LENGTH) return false;
    if (items < 16) {
        out_ += static_cast<char>(0x90 | items);
    } else if (items <= 0xffff) {
        put(0xdc, static_cast<std::uint16_t>(items));
    } else {
        put(0xdd, static_cast<std::uint32_t>(items));
    }
    return true;
}

bool msgpack_writer::map(std::size_t pairs) {
    if (pairs > MAX_LENGTH) return false;
    if (pairs < 16) {
        out_ += static_cast<char>(0x80 | pairs);
    } else if (pairs <= 0xffff) {
        put(0xde, static_cast<std::uint16_t>(pairs));
    } else {
        put(0xdf, static_cast<std::uint32_t>(pairs));
    }
    return true;
}

template <class T>
bool msgpack_reader::take(T& value) noexcept {
    if (all_.size() - at_ < sizeof(T)) return false;
    std::memcpy(&value, all_.data() + at_, sizeof(T));
    value = big_endian(value);
    at_ += sizeof(T);
    return true;
}

bool msgpack_reader::take(std::size_t length, std::string_view& bytes) noexcept {
    if (all_.size() - at_ < length) return false;
    bytes = all_.substr(at_, length);
    at_ += length;
    return true;
}

template <class Length>
bool msgpack_reader::sized(msgpack_token& token, msgpack_kind kind) noexcept {
    Length length = 0;
    if (!take(length)) return false;
    // An extension has a byte for its type before its data.
    const std::size_t more = kind == msgpack_kind::extension ? 1 : 0;
    if (!take(std::size_t{length} + more, token.bytes)) return false;
    token.kind = kind;
    return true;
}

template <class Length>
bool msgpack_reader::counted(msgpack_token& token, msgpack_kind kind) noexcept {
    Length length = 0;
    if (!take(length)) return false;
    // Every item takes a byte at least: an announced length beyond that is a lie.
    const std::size_t least = std::size_t{length} * (kind == msgpack_kind::map ? 2 : 1);
    if (least > all_.size() - at_) return false;
    token.kind = kind;
    token.natural = length;
    return true;
}

template <class T>
bool msgpack_reader::number(msgpack_token& token) noexcept {
    std::make_unsigned_t<T> raw = 0;
    if (!take(raw)) return false;
    if constexpr (std::is_signed_v<T>) {
        const auto value = static_cast<T>(raw);
        if (value < 0) {
            token.kind = msgpack_kind::integer;
            token.integer = value;
            return true;
        }
    }
    token.kind = msgpack_kind::natural;
    token.natural = raw;
    return true;
}

msgpack_token msgpack_reader::next() noexcept {
    msgpack_token token;
    if (at_ == all_.size()) {
        token.kind = msgpack_kind::end;
        return token;
    }
    const auto mark = static_cast<unsigned char>(all_[at_++]);
    const auto container = [&](msgpack_kind kind, std::size_t length) {
        if (length * (kind == msgpack_kind::map ? 2 : 1) > all_.size() - at_) return false;
        token.kind = kind;
        token.natural = length;
        return true;
    };
    const auto fixed = [&](msgpack_kind kind, std::size_t length) {
        if (!take(length, token.bytes)) return false;
        token.kind = kind;
        return true;
    };
    bool fine = true;
    if (mark < 0x80) {
        token.kind = msgpack_kind::natural;
        token.natural = mark;
    } else if (mark >= 0xe0) {
        token.kind = msgpack_kind::integer;
        token.integer = static_cast<std::int8_t>(mark);
    } else if (mark < 0x90) {
        fine = container(msgpack_kind::map, mark & 0x0f);
    } else if (mark < 0xa0) {
        fine = container(msgpack_kind::array, mark & 0x0f);
    } else if (mark < 0xc0) {
        fine = fixed(msgpack_kind::text, mark & 0x1f);
    } else {
        switch (mark) {
            case 0xc0: token.kind = msgpack_kind::nil; break;
            case 0xc2:
            case 0xc3:
                token.kind = msgpack_kind::boolean;
                token.boolean = mark == 0xc3;
                break;
            case 0xc4: fine = sized<std::uint8_t>(token, msgpack_kind::binary); break;
            case 0xc5: fine = sized<std::uint16_t>(token, msgpack_kind::binary); break;
            case 0xc6: fine = sized<std::uint32_t>(token, msgpack_kind::binary); break;
            case 0xc7: fine = sized<std::uint8_t>(token, msgpack_kind::extension); break;
            case 0xc8: fine = sized<std::uint16_t>(token, msgpack_kind::extension); break;
            case 0xc9: fine = sized<std::uint32_t>(token, msgpack_kind::extension); break;
            case 0xca: {
                std::uint32_t raw = 0;
                fine = take(raw);
                token.kind = msgpack_kind::real;
                token.real = std::bit_cast<float>(raw);
                break;
            }
            case 0xcb: {
                std::uint64_t raw = 0;
                fine = take(raw);
                token.kind = msgpack_kind::real;
                token.real = std::bit_cast<double>(raw);
                break;
            }
            case 0xcc: fine = number<std::uint8_t>(token); break;
            case 0xcd: fine = number<std::uint16_t>(token); break;
            case 0xce: fine = number<std::uint32_t>(token); break;
            case 0xcf: fine = number<std::uint64_t>(token); break;
            case 0xd0: fine = number<std::int8_t>(token); break;
            case 0xd1: fine = number<std::int16_t>(token); break;
            case 0xd2: fine = number<std::int32_t>(token); break;
            case 0xd3: fine = number<std::int64_t>(token); break;
            case 0xd4:
            case 0xd5:
            case 0xd6:
            case 0xd7:
            case 0xd8: fine = fixed(msgpack_kind::extension, 1 + (std::size_t{1} << (mark - 0xd4))); break;
            case 0xd9: fine = sized<std::uint8_t>(token, msgpack_kind::text); break;
            case 0xda: fine = sized<std::uint16_t>(token, msgpack_kind::text); break;
            case 0xdb: fine = sized<std::uint32_t>(token, msgpack_kind::text); break;
            case 0xdc: fine = counted<std::uint16_t>(token, msgpack_kind::array); break;
            case 0xdd: fine = counted<std::uint32_t>(token, msgpack_kind::array); break;
            case 0xde: fine = counted<std::uint16_t>(token, msgpack_kind::map); break;
            case 0xdf: fine = counted<std::uint32_t>(token, msgpack_kind::map); break;
            default: fine = false;  // 0xc1, which is never used
        }
    }
    if (!fine) token.kind = msgpack_kind::broken;
    return token;
}

bool msgpack_reader::skip() noexcept {
    // Counts what is left instead of recursing: depth costs nothing. No sum overflows, since every length was
    // checked against the bytes that are there.
    for (std::uint64_t left = 1; left > 0; --left) {
        const auto token = next();
        switch (token.kind) {
            case msgpack_kind::end:
            case msgpack_kind::broken: return false;
            case msgpack_kind::array: left += token.natural; break;
            case msgpack_kind::map: left += 2 * token.natural; break;
            default: break;
        }
    }
    return true;
}

}  // namespace chanx::codec
