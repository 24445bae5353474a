#include "core/codec/json_scan.hpp"

namespace chanx::codec {
namespace {

bool is_space(char c) noexcept { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

void append_utf8(std::string& out, unsigned code) {
    if (code < 0x80) {
        out += static_cast<char>(code);
    } else if (code < 0x800) {
        out += static_cast<char>(0xc0 | code >> 6);
        out += static_cast<char>(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        out += static_cast<char>(0xe0 | code >> 12);
        out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
        out += static_cast<char>(0x80 | (code & 0x3f));
    } else {
        out += static_cast<char>(0xf0 | code >> 18);
        out += static_cast<char>(0x80 | ((code >> 12) & 0x3f));
        out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
        out += static_cast<char>(0x80 | (code & 0x3f));
    }
}

}  // namespace

char json_scanner::peek() noexcept {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
}

bool json_scanner::enter(char bracket) noexcept {
    if (peek() != bracket) return false;
    ++at_;
    first_ = true;
    return true;
}

bool json_scanner::next_item(char closing, bool& more) noexcept {
    const char c = peek();
    if (c == closing) {
        ++at_;
        more = false;
        first_ = false;
        return true;
    }
    if (!first_) {
        if (c != ',') return false;
        ++at_;
    }
    first_ = false;
    more = true;
    return true;
}

bool json_scanner::colon() noexcept {
    if (peek() != ':') return false;
    ++at_;
    return true;
}

bool json_scanner::hex(unsigned& code) noexcept {
    if (text_.size() - at_ < 4) return false;
    code = 0;
    for (int i = 0; i < 4; ++i) {
        const char c = text_[at_++];
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
        if (digit < 0) return false;
        code = code << 4 | static_cast<unsigned>(digit);
    }
    return true;
}

bool json_scanner::string(std::string& out) {
    out.clear();
    if (peek() != '"') return false;
    ++at_;
    while (at_ < text_.size()) {
        const char c = text_[at_++];
        if (c == '"') return true;
        if (c != '\\') {
            out += c;
            continue;
        }
        if (at_ == text_.size()) return false;
        const char escaped = text_[at_++];
        switch (escaped) {
            case 'b': out += '\b'; break;
            case 'f': out += '\f'; break;
            case 'n': out += '\n'; break;
            case 'r': out += '\r'; break;
            case 't': out += '\t'; break;
            case '"':
            case '\\':
            case '/': out += escaped; break;
            case 'u': {
                unsigned code = 0, low = 0;
                if (!hex(code)) return false;
                if (code >= 0xd800 && code < 0xdc00 && text_.substr(at_, 2) == "\\u") {
                    const auto before = at_;
                    at_ += 2;
                    if (!hex(low)) return false;
                    if (low >= 0xdc00 && low < 0xe000) {
                        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                    } else {
                        at_ = before;
                    }
                }
                append_utf8(out, code);
                break;
            }
            default: return false;
        }
    }
    return false;
}

bool json_scanner::skip_string() noexcept {
    ++at_;
    while (at_ < text_.size()) {
        const char c = text_[at_++];
        if (c == '"') return true;
        if (c == '\\') ++at_;
    }
    return false;
}

bool json_scanner::skip_value() noexcept {
    std::size_t depth = 0;
    do {
        const char c = peek();
        switch (c) {
            case '\0': return false;
            case '"':
                if (!skip_string()) return false;
                break;
            case '{':
            case '[':
                ++at_;
                ++depth;
                break;
            case '}':
            case ']':
                if (depth == 0) return false;
                ++at_;
                --depth;
                break;
            case ',':
            case ':':
                if (depth == 0) return false;
                ++at_;
                break;
            default:
                // A number or a word: up to whatever ends it.
                while (at_ < text_.size() && !is_space(text_[at_]) && text_[at_] != ',' &&
                       text_[at_] != ']' && text_[at_] != '}' && text_[at_] != ':' && text_[at_] != '"' &&
                       text_[at_] != '[' && text_[at_] != '{') {
                    ++at_;
                }
        }
    } while (depth > 0);
    return true;
}

}  // namespace chanx::codec
