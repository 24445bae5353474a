#include "core/validate/checks.hpp"

#include <cmath>
#include <limits>

namespace chanx::validate {
namespace {

bool is_ascii_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_beyond_ascii(char c) noexcept { return static_cast<unsigned char>(c) >= 0x80; }

bool strip(std::string_view& text) noexcept {
    while (!text.empty() && is_ascii_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_ascii_space(text.back())) text.remove_suffix(1);
    return text.empty() || !(is_beyond_ascii(text.front()) || is_beyond_ascii(text.back()));
}

std::uint64_t count_code_points(std::string_view text) noexcept {
    std::uint64_t count = 0;
    for (char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    return count;
}

template <class Number>
bool in_range(const schema::range<Number>& r, Number number) noexcept {
    if (r.gt && !(number > *r.gt)) return false;
    if (r.ge && !(number >= *r.ge)) return false;
    if (r.lt && !(number < *r.lt)) return false;
    return !r.le || number <= *r.le;
}

}  // namespace

bool check_string(const schema::node& n, std::string_view& text) noexcept {
    if (n.strip && !strip(text)) return false;
    if (n.min_length == 0 && text.size() <= n.max_length) return true;
    const std::uint64_t length = count_code_points(text);
    return length >= n.min_length && length <= n.max_length;
}

bool check_integer(const schema::node& n, std::int64_t number) noexcept {
    return in_range(n.integers, number) && (n.multiple_of == 0 || number % n.multiple_of == 0);
}

// Pydantic allows for a little error in the remainder; what has none is certain.
bool check_float(const schema::node& n, double number) noexcept {
    return in_range(n.floats, number) &&
           (n.float_multiple_of == 0 || std::fmod(number, n.float_multiple_of) == 0);
}

bool change_letters(schema::letter_change how, std::string_view& text, std::string& room) {
    room.assign(text);
    const bool lower = how == schema::letter_change::lower;
    for (char& c : room) {
        if (is_beyond_ascii(c)) return false;
        if (lower ? c >= 'A' && c <= 'Z' : c >= 'a' && c <= 'z') c = static_cast<char>(c ^ 0x20);
    }
    text = room;
    return true;
}

std::uint32_t find_literal(const schema::literal_table& table, simdjson::dom::element from) noexcept {
    using simdjson::dom::element_type;
    constexpr std::uint32_t none = dispatch::string_table::npos;
    switch (from.type()) {
        case element_type::STRING: {
            const std::uint32_t index = table.strings.find(from.get_string().value_unsafe());
            return index == none ? none : table.string_places[index];
        }
        case element_type::INT64: {
            const std::int64_t number = from.get_int64().value_unsafe();
            for (const auto& [known, place] : table.integers) {
                if (known == number) return place;
            }
            return none;
        }
        case element_type::BOOL: return from.get_bool().value_unsafe() ? table.yes : table.no;
        case element_type::NULL_VALUE: return table.null;
        default: return none;
    }
}

}  // namespace chanx::validate
