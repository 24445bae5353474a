// The intermediate form of a message type: what a reader of some schema language fills in, and compile()
// turns into a plan. Nodes refer to each other by index, so that recursive types need no special case.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace chanx::schema {

enum class kind : std::uint8_t {
    any,
    null,
    boolean,
    integer,
    floating,
    string,
    literal,
    nullable,
    list,
    dict,
    model,
    tagged_union,
    foreign,  // validated by someone else's code, which is given the value as it stands in the frame
    date,
    time,
    datetime,
    duration,
    uuid,
    decimal,
    bytes,
    tuple,         // of `members`, one each
    collection,    // a list turned into another container by the builder
    after,         // `first`, then user code with the result
    choice_union,  // the member that alone can accept, or accepts exactly
    never,         // accepts nothing that JSON holds
};

enum class letter_change : std::uint8_t { none, lower, upper };

// A place inside an object: a key, and from its value on keys of objects and places in arrays.
struct key_path {
    struct step {
        std::string key;
        std::int64_t place = 0;  // counted from the end if negative
        bool is_key = true;
    };
    std::string first;
    std::vector<step> steps;
};

struct field_spec {
    std::string name;  // the key in a frame; empty for a field that is found by paths only
    std::uint32_t node = 0;
    bool required = true;
    bool default_runs_code = false;     // the default is made by calling user code
    bool needs_data = false;            // its value depends on the fields before it
    bool default_needs_data = false;    // so does its default
    std::vector<std::string> others{};  // more keys that name it
    std::vector<key_path> paths{};
};

struct choice_spec {
    std::string tag;
    std::uint32_t node = 0;
};

// A literal's alternatives; the builder knows each by its place in the list of all alternatives.
struct literal_spec {
    enum class type : std::uint8_t { null, boolean, integer, string };
    type what = type::null;
    bool boolean = false;
    std::int64_t integer = 0;
    std::string string;
};

template <class Number>
struct range {
    std::optional<Number> gt, ge, lt, le;
};

struct node_spec {
    kind type = kind::any;
    std::uint32_t first = 0;   // items of a list, keys of a dict, inside of a nullable
    std::uint32_t second = 0;  // values of a dict
    std::optional<std::uint64_t> min_length, max_length;
    bool strip = false;  // string: whitespace at both ends is taken off before lengths are checked
    letter_change letters = letter_change::none;
    bool coerces = false;  // string: other types may become strings
    bool forbid_extra = false;
    bool keep_extra = false;     // model: keys that name no field are kept
    bool any_object = false;     // model: values that are no objects may be accepted too
    bool has_fallback = false;   // what the plan is not sure about may be given to foreign code
    bool pure = false;           // that foreign code, or what comes after, runs no user code
    bool inexact = false;        // after: how exact the result counts in a union is not known
    bool left_to_right = false;  // union: the first member that accepts, not the best one
    bool by_exactness = false;   // union: a member that accepts exactly beats the others
    range<std::int64_t> integers;
    std::optional<std::int64_t> multiple_of;
    range<double> floats;
    std::optional<double> float_multiple_of;
    std::vector<literal_spec> literals;
    std::vector<field_spec> fields;
    std::string discriminator;
    std::vector<std::string> other_discriminators;  // more spellings of the key
    std::vector<choice_spec> choices;
    std::vector<std::uint32_t> members;  // of a tuple or a choice_union
};

struct spec {
    std::vector<node_spec> nodes;
    std::uint32_t root = 0;
    bool camelize = false;    // keys are matched after decamelize()
    bool json_parts = false;  // foreign code is given JSON, not values
};

}  // namespace chanx::schema
