// What the walk over a document needs of whoever makes the values.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/validate/temporal.hpp"

namespace chanx::validate {

// Makes values. Every function may fail by returning a null value; `drop` frees a value that is not used
// after all. All of them take over the values they are given, also when they fail; but `model` and
// `dependent` leave null slots alone, and `dependent` borrows them.
template <class B>
concept builder = requires(B b, typename B::value_type v, typename B::value_type* vs, std::uint32_t n,
                           std::string_view s, const std::uint8_t* given) {
    { b.null() } -> std::same_as<typename B::value_type>;
    { b.boolean(true) } -> std::same_as<typename B::value_type>;
    { b.integer(std::int64_t{}) } -> std::same_as<typename B::value_type>;
    { b.unsigned_integer(std::uint64_t{}) } -> std::same_as<typename B::value_type>;
    { b.floating(1.0) } -> std::same_as<typename B::value_type>;
    { b.string(s) } -> std::same_as<typename B::value_type>;
    { b.literal(n, n) } -> std::same_as<typename B::value_type>;
    { b.list(std::size_t{}) } -> std::same_as<typename B::value_type>;
    { b.append(v, std::size_t{}, v) } -> std::same_as<void>;
    { b.dict(std::size_t{}) } -> std::same_as<typename B::value_type>;
    { b.insert(v, s, v) } -> std::same_as<bool>;
    { b.insert_value(v, v, v) } -> std::same_as<bool>;
    { b.dict_size(v) } -> std::same_as<std::size_t>;
    { b.model(n, vs, given, v) } -> std::same_as<typename B::value_type>;
    { b.dependent(n, n, vs, v) } -> std::same_as<typename B::value_type>;
    { b.foreign(n, v) } -> std::same_as<typename B::value_type>;
    { b.foreign_json(n, s) } -> std::same_as<typename B::value_type>;
    { b.after(n, v) } -> std::same_as<typename B::value_type>;
    { b.date(date_parts{}) } -> std::same_as<typename B::value_type>;
    { b.time(time_parts{}) } -> std::same_as<typename B::value_type>;
    { b.datetime(datetime_parts{}) } -> std::same_as<typename B::value_type>;
    { b.duration(duration_parts{}) } -> std::same_as<typename B::value_type>;
    { b.uuid(uuid_bytes{}) } -> std::same_as<typename B::value_type>;
    { b.decimal(s) } -> std::same_as<typename B::value_type>;
    { b.bytes(n, s) } -> std::same_as<typename B::value_type>;
    { b.collect(n, v) } -> std::same_as<typename B::value_type>;
    { b.drop(v) } -> std::same_as<void>;
};

}  // namespace chanx::validate
