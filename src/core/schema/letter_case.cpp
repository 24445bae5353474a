#include "core/schema/letter_case.hpp"

namespace chanx::schema {
namespace {

bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_joiner(char c) noexcept { return c == '_' || c == '-'; }
char lower(char c) noexcept { return is_upper(c) ? static_cast<char>(c + 32) : c; }
char upper(char c) noexcept { return is_lower(c) ? static_cast<char>(c - 32) : c; }

struct shape {
    bool known = true;  // ASCII letters, digits, _ and - only
    bool has_upper = false;
    bool has_lower = false;
};

shape shape_of(std::string_view key) noexcept {
    shape s;
    for (char c : key) {
        if (is_upper(c))
            s.has_upper = true;
        else if (is_lower(c))
            s.has_lower = true;
        else if (!is_digit(c) && !is_joiner(c))
            s.known = false;
    }
    return s;
}

// Acronyms get one capital: of a run of capitals and digits, all but the last character (all of it at the end
// of the key) are put in title case, where a letter after a digit starts a word.
void fix_acronyms(std::string& text) {
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = at;
        while (end < text.size() && (is_upper(text[end]) || is_digit(text[end]))) ++end;
        if (end == at) {
            ++at;
            continue;
        }
        const std::size_t stop = end == text.size() ? end : end - 1;
        bool in_word = false;
        for (std::size_t i = at; i < stop; ++i) {
            if (in_word) text[i] = lower(text[i]);
            in_word = is_upper(text[i]) || is_lower(text[i]);
        }
        at = end;
    }
}

}  // namespace

bool is_plain_snake(std::string_view key) noexcept {
    for (char c : key) {
        if (!is_lower(c) && !is_digit(c) && c != '_') return false;
    }
    return true;
}

bool decamelize(std::string_view key, std::string& out) {
    const shape s = shape_of(key);
    if (!s.known) return false;
    out.assign(key);
    if (!s.has_upper || !s.has_lower)
        return true;  // nothing to split, or an all-capitals name, kept as it is
    fix_acronyms(out);
    std::string words;
    words.reserve(out.size() + 8);
    std::size_t first = 0;
    while (!is_upper(out[first])) ++first;
    std::size_t start = first;  // joiners before the first capital belong to its word
    while (start > 0 && is_joiner(out[start - 1])) --start;
    words.append(out, 0, start);
    for (std::size_t i = start; i < out.size(); ++i) {
        const bool starts_word = i == start || (is_upper(out[i]) && i != first);
        if (starts_word && !words.empty()) words.push_back('_');
        words.push_back(lower(out[i]));
    }
    out.swap(words);
    return true;
}

bool camelize(std::string_view key, std::string& out) {
    const shape s = shape_of(key);
    if (!s.known) return false;
    out.assign(key);
    if (key.empty() || (s.has_upper && !s.has_lower)) return true;
    if (!s.has_upper && !s.has_lower && key.find_first_not_of("0123456789") == std::string_view::npos)
        return true;
    const shape head = shape_of(key.substr(0, 2));
    if (!(head.has_upper && !head.has_lower)) out[0] = lower(out[0]);
    std::string joined;
    joined.reserve(out.size());
    for (std::size_t i = 0; i < out.size();) {
        std::size_t next = i;
        while (next < out.size() && is_joiner(out[next])) ++next;
        if (next == i) {
            joined.push_back(out[i++]);
        } else if (i > 0 && next < out.size()) {  // joiners inside the key go, those at its ends stay
            joined.push_back(upper(out[next]));
            i = next + 1;
        } else {
            joined.append(out, i, next - i);
            i = next;
        }
    }
    out.swap(joined);
    return true;
}

}  // namespace chanx::schema
