// Limits of a document, looked at before anything is made of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace chanx::validate {

struct document_limits {
    std::size_t bytes = SIZE_MAX;
    std::size_t depth =
        SIZE_MAX;  // containers that hold something inside each other; 1 is one of plain values
    std::size_t elements = SIZE_MAX;  // containers and commas: items of arrays and members of objects
    std::size_t string = SIZE_MAX;    // bytes of one string as they stand in the text
};

enum class excess : std::uint8_t { none, bytes, depth, elements, string };

// The first limit that the text goes beyond. The text need not be valid JSON.
excess find_excess(std::string_view text, const document_limits& limits) noexcept;

// The same for a text that is known not to nest too deeply; looks at small texts not at all.
excess find_flat_excess(std::string_view text, const document_limits& limits) noexcept;

}  // namespace chanx::validate
