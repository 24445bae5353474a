// The checks of single values that need no builder.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "core/schema/plan.hpp"

namespace chanx::validate {

// simdjson counts the members of a container up to this many.
constexpr std::size_t saturated_size = 0xFFFFFF;

// Turns ASCII letters; false for a text beyond ASCII, whose letters are left to pydantic. `room` holds the
// result.
bool change_letters(schema::letter_change how, std::string_view& text, std::string& room);

// Strips and measures; false when a bound is broken, or when the text begins or ends with a character beyond
// ASCII and is to be stripped: which of those are whitespace is left to pydantic.
bool check_string(const schema::node& n, std::string_view& text) noexcept;

bool check_integer(const schema::node& n, std::int64_t number) noexcept;

bool check_float(const schema::node& n, double number) noexcept;

// The place of the alternative that the value is, or string_table::npos. Only the same JSON type counts.
std::uint32_t find_literal(const schema::literal_table& table, simdjson::dom::element from) noexcept;

}  // namespace chanx::validate
