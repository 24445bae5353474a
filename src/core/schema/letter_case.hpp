// camelCase to snake_case and back, for keys, with the results of pyhumps, which chanx uses.
#pragma once

#include <string>
#include <string_view>

namespace chanx::schema {

// True for names of a-z, 0-9 and _ only: the ones that decamelize leaves as they are.
bool is_plain_snake(std::string_view key) noexcept;

// Both write into `out` and return true. They return false, and mean nothing, for a key with any character
// besides ASCII letters, digits, `_` and `-`: pyhumps drops whitespace and knows Unicode's cases, so those
// keys are its own.
bool decamelize(std::string_view key, std::string& out);
bool camelize(std::string_view key, std::string& out);

}  // namespace chanx::schema
