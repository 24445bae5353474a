#include "core/validate/limits.hpp"

#include <cstring>

namespace chanx::validate {
namespace {

// The end of a string whose first character is at `at`: its closing quote, or the end of the text.
std::size_t end_of_string(std::string_view text, std::size_t at) noexcept {
    for (;;) {
        const void* quote = std::memchr(text.data() + at, '"', text.size() - at);
        if (!quote) return text.size();
        const auto end = static_cast<std::size_t>(static_cast<const char*>(quote) - text.data());
        std::size_t slashes = 0;
        while (end - slashes > at && text[end - slashes - 1] == '\\') ++slashes;
        if (slashes % 2 == 0) return end;
        at = end + 1;
    }
}

}  // namespace

excess find_excess(std::string_view text, const document_limits& limits) noexcept {
    if (text.size() > limits.bytes) return excess::bytes;
    // Each level and each element takes a character at least.
    if (text.size() <= limits.depth && text.size() <= limits.elements && text.size() <= limits.string)
        return excess::none;
    std::size_t depth = 0, elements = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        switch (text[at]) {
            case '"': {
                const std::size_t end = end_of_string(text, at + 1);
                if (end - at - 1 > limits.string) return excess::string;
                at = end;
                break;
            }
            case '[':
            case '{': {
                if (++elements > limits.elements) return excess::elements;
                const std::size_t next = text.find_first_not_of(" \t\r\n", at + 1);
                if (next != std::string_view::npos && (text[next] == ']' || text[next] == '}'))
                    at = next;  // empty: no level, for the parser neither
                else if (++depth > limits.depth)
                    return excess::depth;
                break;
            }
            case ']':
            case '}': depth -= depth > 0; break;
            case ',':
                if (++elements > limits.elements) return excess::elements;
                break;
            default: break;
        }
    }
    return excess::none;
}

excess find_flat_excess(std::string_view text, const document_limits& limits) noexcept {
    if (text.size() > limits.bytes) return excess::bytes;
    if (text.size() <= limits.elements && text.size() <= limits.string) return excess::none;
    return find_excess(text, limits);
}

}  // namespace chanx::validate
