// The compiled, immutable plan of a message type. Shared between threads without locks.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/dispatch/string_table.hpp"
#include "core/schema/spec.hpp"

namespace chanx::schema {

struct field {
    std::string name;
    std::optional<std::string> wire;  // the key that mostly names it in a frame, as it stands there
    std::uint32_t node;
    bool required;
    bool needs_data;
};

struct literal_table {
    dispatch::string_table strings;
    std::vector<std::uint32_t> string_places;  // index in `strings` to place among all alternatives
    std::vector<std::pair<std::int64_t, std::uint32_t>> integers;
    std::uint32_t null = dispatch::string_table::npos;
    std::uint32_t no = dispatch::string_table::npos;
    std::uint32_t yes = dispatch::string_table::npos;
};

struct node {
    kind type = kind::any;
    bool strip = false;
    letter_change letters = letter_change::none;
    bool coerces = false;
    bool forbid_extra = false;
    bool keep_extra = false;
    bool any_object = false;
    bool has_fallback = false;
    bool left_to_right = false;
    bool by_exactness = false;
    bool inexact = false;
    bool bounded = false;     // some bound of numbers has to be checked
    bool runs_code = false;   // user code makes some part of the value
    bool needs_data = false;  // some field depends on the fields before it
    std::uint32_t first = 0;
    std::uint32_t second = 0;
    std::uint32_t first_field = 0;
    std::uint32_t field_count = 0;
    std::uint32_t table = 0;  // names of a model's fields, tags of a union, or a literal's alternatives
    std::uint64_t min_length = 0;
    std::uint64_t max_length = std::numeric_limits<std::uint64_t>::max();
    range<std::int64_t> integers;
    std::int64_t multiple_of = 0;
    range<double> floats;
    double float_multiple_of = 0;
    std::string discriminator;
    std::vector<std::string> other_discriminators;
    std::vector<std::pair<key_path, std::uint32_t>> paths;  // and the fields they lead to
    std::vector<std::uint32_t> choices;     // by index of the tag in `table`; members of tuples and unions
    std::vector<std::uint32_t> key_fields;  // field by index of the key in `table`

    bool is_discriminator(std::string_view key) const noexcept {
        if (key == discriminator) return true;
        for (const std::string& other : other_discriminators) {
            if (key == other) return true;
        }
        return false;
    }
};

struct plan {
    std::vector<node> nodes;
    std::vector<field> fields;
    std::vector<dispatch::string_table> tables;
    std::vector<literal_table> literals;
    std::uint32_t root = 0;
    bool camelize = false;
    bool json_parts = false;
    bool runs_code =
        false;  // building a value may call user code, so the structure is checked as a whole first
};

// Throws std::invalid_argument when the form contradicts itself: an index out of range, a name that occurs
// twice.
plan compile(const spec& form);

}  // namespace chanx::schema
