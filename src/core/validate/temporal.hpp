// Dates, times, durations and UUIDs in their plain spellings. What pydantic also takes (other separators,
// more digits, numbers of seconds) is refused here and so left to it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace chanx::validate {

struct date_parts {
    int year = 0, month = 0, day = 0;
};

struct time_parts {
    int hour = 0, minute = 0, second = 0, microsecond = 0;
    bool has_offset = false;
    int offset = 0;  // east of UTC, in seconds
};

struct datetime_parts {
    date_parts date;
    time_parts time;
};

struct duration_parts {
    std::int64_t days = 0, seconds = 0;
    int microseconds = 0;
};

// YYYY-MM-DD, from year 1.
bool parse_date(std::string_view text, date_parts& out) noexcept;

// HH:MM:SS, with up to six digits of a second after a point, and then Z or an offset +HH:MM.
bool parse_time(std::string_view text, time_parts& out) noexcept;

// A date, T or a space, a time.
bool parse_datetime(std::string_view text, datetime_parts& out) noexcept;

// P1DT2H3M4.5S with at most six digits for each number, and at least one of them.
bool parse_duration(std::string_view text, duration_parts& out) noexcept;

using uuid_bytes = std::array<unsigned char, 16>;

// 8-4-4-4-12 hexadecimal digits.
bool parse_uuid(std::string_view text, uuid_bytes& out) noexcept;

// Digits with an optional sign, point and digits after it; no exponent, at most 40 characters.
bool is_plain_decimal(std::string_view text) noexcept;

// The canonical spelling of an integer of at most 18 digits.
bool parse_integer(std::string_view text, std::int64_t& out) noexcept;

}  // namespace chanx::validate
