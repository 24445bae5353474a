#include "core/validate/temporal.hpp"

namespace chanx::validate {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// Exactly `count` digits from `at`.
bool digits(std::string_view text, std::size_t at, std::size_t count, int& out) noexcept {
    out = 0;
    if (text.size() < at + count) return false;
    for (std::size_t i = at; i < at + count; ++i) {
        if (!is_digit(text[i])) return false;
        out = out * 10 + (text[i] - '0');
    }
    return true;
}

int days_of(int year, int month) noexcept {
    constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

// `.` and one to six digits at the start of the text, which is moved past them.
bool fraction(std::string_view& text, int& microsecond) noexcept {
    std::size_t count = 0;
    int value = 0;
    while (count < 6 && count + 1 < text.size() && is_digit(text[count + 1]))
        value = value * 10 + (text[++count] - '0');
    if (count == 0) return false;
    text.remove_prefix(count + 1);
    for (; count < 6; ++count) value *= 10;
    microsecond = value;
    return true;
}

bool parse_offset(std::string_view text, time_parts& out) noexcept {
    out.has_offset = true;
    out.offset = 0;
    if (text == "Z" || text == "z") return true;
    int hours, minutes;
    if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return false;
    if (!digits(text, 1, 2, hours) || !digits(text, 4, 2, minutes) || hours > 23 || minutes > 59)
        return false;
    out.offset = (hours * 60 + minutes) * (text[0] == '-' ? -60 : 60);
    return true;
}

}  // namespace

bool parse_date(std::string_view text, date_parts& out) noexcept {
    return text.size() == 10 && text[4] == '-' && text[7] == '-' && digits(text, 0, 4, out.year) &&
           digits(text, 5, 2, out.month) && digits(text, 8, 2, out.day) && out.year >= 1 && out.month >= 1 &&
           out.month <= 12 && out.day >= 1 && out.day <= days_of(out.year, out.month);
}

bool parse_time(std::string_view text, time_parts& out) noexcept {
    out = {};
    if (text.size() < 8 || text[2] != ':' || text[5] != ':' || !digits(text, 0, 2, out.hour) ||
        !digits(text, 3, 2, out.minute) || !digits(text, 6, 2, out.second) || out.hour > 23 ||
        out.minute > 59 || out.second > 59)
        return false;
    text.remove_prefix(8);
    if (!text.empty() && text[0] == '.' && !fraction(text, out.microsecond)) return false;
    return text.empty() || parse_offset(text, out);
}

bool parse_datetime(std::string_view text, datetime_parts& out) noexcept {
    return text.size() > 11 && (text[10] == 'T' || text[10] == ' ') &&
           parse_date(text.substr(0, 10), out.date) && parse_time(text.substr(11), out.time);
}

bool parse_duration(std::string_view text, duration_parts& out) noexcept {
    out = {};
    if (text.size() < 3 || text[0] != 'P') return false;
    text.remove_prefix(1);
    constexpr std::string_view units = "DTHMS";
    std::size_t next = 0;  // units come in this order, each once
    while (!text.empty()) {
        if (text[0] == 'T') {
            if (next > 1 || text.size() == 1) return false;
            next = 2;
            text.remove_prefix(1);
        }
        std::int64_t number = 0;
        std::size_t count = 0;
        while (count < text.size() && count < 7 && is_digit(text[count]))
            number = number * 10 + (text[count++] - '0');
        if (count == 0 || count > 6) return false;
        text.remove_prefix(count);
        const bool fractional = !text.empty() && text[0] == '.';
        if (fractional && !fraction(text, out.microseconds)) return false;
        if (text.empty()) return false;
        const std::size_t unit = units.find(text[0], next);
        if (unit == std::string_view::npos || unit == 1 || (next == 0 && unit > 1)) return false;
        if (fractional && unit != 4) return false;
        text.remove_prefix(1);
        next = unit + 1;
        switch (unit) {
            case 0: out.days = number; break;
            case 2: out.seconds += number * 3600; break;
            case 3: out.seconds += number * 60; break;
            default: out.seconds += number; break;
        }
    }
    out.days += out.seconds / 86400;
    out.seconds %= 86400;
    return true;
}

bool parse_uuid(std::string_view text, uuid_bytes& out) noexcept {
    if (text.size() != 36) return false;
    const auto nibble = [](char c) noexcept -> int {
        if (is_digit(c)) return c - '0';
        if (c >= 'a' && c <= 'f') return c - 'a' + 10;
        return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    };
    std::size_t at = 0;
    for (unsigned char& byte : out) {
        if (at == 8 || at == 13 || at == 18 || at == 23) {
            if (text[at++] != '-') return false;
        }
        const int high = nibble(text[at]), low = nibble(text[at + 1]);
        if (high < 0 || low < 0) return false;
        byte = static_cast<unsigned char>(high << 4 | low);
        at += 2;
    }
    return true;
}

bool is_plain_decimal(std::string_view text) noexcept {
    if (text.size() > 40) return false;
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
    const std::size_t point = text.find('.');
    const std::string_view whole = text.substr(0, point);
    const std::string_view rest = point == std::string_view::npos ? "0" : text.substr(point + 1);
    const auto all_digits = [](std::string_view part) noexcept {
        for (char c : part) {
            if (!is_digit(c)) return false;
        }
        return !part.empty();
    };
    return all_digits(whole) && all_digits(rest);
}

bool parse_integer(std::string_view text, std::int64_t& out) noexcept {
    const bool negative = !text.empty() && text[0] == '-';
    const std::string_view number = text.substr(negative ? 1 : 0);
    if (number.empty() || number.size() > 18 || (number[0] == '0' && text.size() > 1)) return false;
    out = 0;
    for (char c : number) {
        if (!is_digit(c)) return false;
        out = out * 10 + (c - '0');
    }
    if (negative) out = -out;
    return true;
}

}  // namespace chanx::validate
