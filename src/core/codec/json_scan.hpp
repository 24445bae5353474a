// A walk over the top level of a JSON object, for routing: the values it is not asked for are passed over,
// not checked.
#pragma once

#include <string>
#include <string_view>

namespace chanx::codec {

class json_scanner {
public:
    explicit json_scanner(std::string_view text) noexcept : text_(text) {}

    // Each returns false when the text is not what is asked for; the position is of no use then.
    bool enter(char bracket) noexcept;  // '{' or '['
    // Before each item, and at the end: `more` tells which.
    bool next_item(char closing, bool& more) noexcept;
    bool string(std::string& out);
    bool colon() noexcept;
    bool skip_value() noexcept;
    char peek() noexcept;  // the next character that is no white space, 0 at the end

private:
    bool skip_string() noexcept;
    bool hex(unsigned& code) noexcept;

    std::string_view text_;
    std::size_t at_ = 0;
    bool first_ = false;
};

}  // namespace chanx::codec
