// A builder that builds nothing: for checking a document before any user code runs, for tests and for
// fuzzing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/validate/temporal.hpp"

namespace chanx::validate {

struct null_builder {
    using value_type = std::size_t;  // 1 stands for a value, a dict is one more than its size

    value_type null() { return 1; }
    value_type boolean(bool) { return 1; }
    value_type integer(std::int64_t) { return 1; }
    value_type unsigned_integer(std::uint64_t) { return 1; }
    value_type floating(double) { return 1; }
    value_type string(std::string_view) { return 1; }
    value_type literal(std::uint32_t, std::uint32_t) { return 1; }
    value_type list(std::size_t) { return 1; }
    void append(value_type, std::size_t, value_type) {}
    value_type dict(std::size_t expected) { return expected + 1; }
    bool insert(value_type, std::string_view, value_type) { return true; }
    bool insert_value(value_type, value_type, value_type) { return true; }
    // Equal keys are not looked for: the builder that follows does.
    std::size_t dict_size(value_type of) { return of - 1; }
    value_type model(std::uint32_t, value_type*, const std::uint8_t*, value_type) { return 1; }
    value_type dependent(std::uint32_t, std::uint32_t, value_type*, value_type) { return 1; }
    value_type foreign(std::uint32_t, value_type) { return 1; }
    value_type foreign_json(std::uint32_t, std::string_view) { return 1; }
    value_type after(std::uint32_t, value_type) { return 1; }
    value_type date(const date_parts&) { return 1; }
    value_type time(const time_parts&) { return 1; }
    value_type datetime(const datetime_parts&) { return 1; }
    value_type duration(const duration_parts&) { return 1; }
    value_type uuid(const uuid_bytes&) { return 1; }
    value_type decimal(std::string_view) { return 1; }
    value_type bytes(std::uint32_t, std::string_view) { return 1; }
    value_type collect(std::uint32_t, value_type) { return 1; }
    void drop(value_type) {}
};

}  // namespace chanx::validate
