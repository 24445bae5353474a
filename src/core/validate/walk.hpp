// Walks a parsed document along a plan and builds values. The walk accepts only what pydantic's lax Python
// mode would accept with the same result after json.loads; false means "not sure", never "invalid".
#pragma once

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/schema/letter_case.hpp"
#include "core/schema/plan.hpp"
#include "core/validate/checks.hpp"

namespace chanx::validate {

// Makes values. Every function may fail by returning a null value; `drop` frees a value that is not used
// after all. `append`, `insert`, `model` and `foreign` take over the values they are given, also when they
// fail.
template <class B>
concept builder = requires(B b, typename B::value_type v, typename B::value_type* vs, std::uint32_t n,
                           std::string_view s) {
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
    { b.dict_size(v) } -> std::same_as<std::size_t>;
    { b.model(n, vs) } -> std::same_as<typename B::value_type>;
    { b.foreign(n, v) } -> std::same_as<typename B::value_type>;
    { b.drop(v) } -> std::same_as<void>;
};

// Deeper frames are pydantic's: its own limit is 255 uses of a definition, and a level of JSON can take a
// few.
constexpr unsigned max_depth = 64;

template <builder B>
class walker {
public:
    using value_type = typename B::value_type;
    using element = simdjson::dom::element;

    walker(const schema::plan& plan, B& build) : plan_(plan), build_(build) {}

    // On success `out` holds a new value; on failure nothing is left behind.
    bool walk(element from, value_type& out) { return value(plan_.root, from, out, 0); }

private:
    static bool done(value_type made, value_type& out) {
        out = made;
        return made != value_type{};
    }

    bool value(std::uint32_t index, element from, value_type& out, unsigned depth) {
        const schema::node& n = plan_.nodes[index];
        switch (n.type) {
            case schema::kind::string: {
                std::string_view text;
                if (from.get(text) || !check_string(n, text)) return false;
                return done(build_.string(text), out);
            }
            case schema::kind::integer: return integer(n, from, out);
            case schema::kind::floating: {
                double number;
                if (from.get(number)) return false;  // an integer is converted, as pydantic does
                if (n.bounded && !check_float(n, number)) return false;
                return done(build_.floating(number), out);
            }
            case schema::kind::boolean: {
                bool flag;
                return !from.get(flag) && done(build_.boolean(flag), out);
            }
            case schema::kind::null: return from.is_null() && done(build_.null(), out);
            case schema::kind::nullable:
                if (from.is_null()) return done(build_.null(), out);
                return value(n.first, from, out, depth);
            case schema::kind::literal: {
                const std::uint32_t place = find_literal(plan_.literals[n.table], from);
                return place != dispatch::string_table::npos && done(build_.literal(index, place), out);
            }
            case schema::kind::list:
                return list(n, from, out, depth, [&](element item, value_type& one) {
                    return value(n.first, item, one, depth + 1);
                });
            case schema::kind::dict: return dict(n, from, out, depth);
            case schema::kind::model: return model(index, n, from, out, depth);
            case schema::kind::tagged_union: return tagged(n, from, out, depth);
            case schema::kind::any: return any(n, from, out, depth);
            case schema::kind::foreign: {
                value_type raw{};
                return any(n, from, raw, depth) && done(build_.foreign(index, raw), out);
            }
        }
        return false;
    }

    bool integer(const schema::node& n, element from, value_type& out) {
        std::int64_t number;
        if (!from.get(number)) {
            if (n.bounded && !check_integer(n, number)) return false;
            return done(build_.integer(number), out);
        }
        std::uint64_t large;
        return !n.bounded && !from.get(large) && done(build_.unsigned_integer(large), out);
    }

    template <class Item>
    bool list(const schema::node& n, element from, value_type& out, unsigned depth, Item make_item) {
        simdjson::dom::array items;
        if (depth >= max_depth || from.get(items)) return false;
        const std::size_t size = items.size();
        if (size >= saturated_size || size < n.min_length || size > n.max_length) return false;
        value_type made = build_.list(size);
        if (made == value_type{}) return false;
        std::size_t at = 0;
        for (element item : items) {
            value_type one{};
            if (!make_item(item, one)) return abandon(made);
            build_.append(made, at++, one);
        }
        out = made;
        return true;
    }

    bool dict(const schema::node& n, element from, value_type& out, unsigned depth) {
        simdjson::dom::object members;
        if (depth >= max_depth || from.get(members)) return false;
        const std::size_t size = members.size();
        if (size >= saturated_size || size < n.min_length || size > n.max_length) return false;
        const schema::node& keys = plan_.nodes[n.first];
        value_type made = build_.dict(size);
        if (made == value_type{}) return false;
        for (auto member : members) {
            value_type one{};
            if (!value(n.second, member.value, one, depth + 1)) return abandon(made);
            std::string_view key = member.key;
            if (!normalise(key) || (keys.type == schema::kind::string && !check_string(keys, key))) {
                build_.drop(one);
                return abandon(made);
            }
            if (!build_.insert(made, key, one)) return abandon(made);
        }
        // Keys that fell together would have to be merged as json.loads and pydantic merge them, one after
        // the other.
        if (build_.dict_size(made) != size) return abandon(made);
        out = made;
        return true;
    }

    bool model(std::uint32_t index, const schema::node& n, element from, value_type& out, unsigned depth) {
        simdjson::dom::object members;
        if (depth >= max_depth || from.get(members)) return false;
        std::array<value_type, 16> few;
        std::unique_ptr<value_type[]> many;
        value_type* slots = few.data();
        if (n.field_count > few.size()) {
            many = std::make_unique<value_type[]>(n.field_count);
            slots = many.get();
        } else {
            std::fill_n(slots, n.field_count, value_type{});
        }
        const bool filled =
            n.runs_code ? fill_in_order(n, members, slots, depth) : fill(n, members, slots, depth);
        if (filled && complete(n, slots)) return done(build_.model(index, slots), out);
        for (std::uint32_t i = 0; i < n.field_count; ++i) {
            if (slots[i] != value_type{}) build_.drop(slots[i]);
        }
        return false;
    }

    bool fill(const schema::node& n, simdjson::dom::object members, value_type* slots, unsigned depth) {
        const schema::field* fields = plan_.fields.data() + n.first_field;
        std::uint32_t expected = 0;  // keys mostly come in the order of the fields
        for (auto member : members) {
            std::string_view key = member.key;
            std::uint32_t at = expected;
            if (at >= n.field_count || fields[at].name != key) {
                if (!normalise(key)) return false;
                at = plan_.tables[n.table].find(key);
                if (at == dispatch::string_table::npos) {
                    if (n.forbid_extra) return false;
                    continue;
                }
            }
            if (slots[at] != value_type{}) return false;  // a duplicate
            if (!value(fields[at].node, member.value, slots[at], depth + 1)) return false;
            expected = at + 1;
        }
        return true;
    }

    // As fill, for models with user code inside: it runs in the order of the fields, not of the document.
    bool fill_in_order(const schema::node& n, simdjson::dom::object members, value_type* slots,
                       unsigned depth) {
        const schema::field* fields = plan_.fields.data() + n.first_field;
        std::vector<element> given(n.field_count);
        std::vector<bool> seen(n.field_count);
        for (auto member : members) {
            std::string_view key = member.key;
            if (!normalise(key)) return false;
            const std::uint32_t at = plan_.tables[n.table].find(key);
            if (at == dispatch::string_table::npos) {
                if (n.forbid_extra) return false;
                continue;
            }
            if (seen[at]) return false;  // a duplicate
            seen[at] = true;
            given[at] = member.value;
        }
        for (std::uint32_t i = 0; i < n.field_count; ++i) {
            if (seen[i] && !value(fields[i].node, given[i], slots[i], depth + 1)) return false;
        }
        return true;
    }

    bool complete(const schema::node& n, const value_type* slots) const {
        const schema::field* fields = plan_.fields.data() + n.first_field;
        for (std::uint32_t i = 0; i < n.field_count; ++i) {
            if (slots[i] == value_type{} && fields[i].required) return false;
        }
        return true;
    }

    bool tagged(const schema::node& n, element from, value_type& out, unsigned depth) {
        simdjson::dom::object members;
        if (from.get(members)) return false;
        for (auto member : members) {
            std::string_view key = member.key;
            if (key != n.discriminator) {
                if (!plan_.camelize) continue;
                if (!normalise(key)) return false;
                if (key != n.discriminator) continue;
            }
            std::string_view tag;
            if (member.value.get(tag)) return false;
            const std::uint32_t found = plan_.tables[n.table].find(tag);
            if (found == dispatch::string_table::npos) return false;
            const std::uint32_t choice = n.choices[found];
            // A model refuses a second discriminator, as a duplicate field; other members cannot be relied
            // on.
            if (plan_.nodes[choice].type != schema::kind::model && !occurs_once(n, members)) return false;
            return value(choice, from, out, depth);
        }
        return false;
    }

    bool occurs_once(const schema::node& n, simdjson::dom::object members) {
        int count = 0;
        for (auto member : members) {
            std::string_view key = member.key;
            if (!normalise(key)) return false;
            count += key == n.discriminator;
        }
        return count == 1;
    }

    bool any(const schema::node& n, element from, value_type& out, unsigned depth) {
        using simdjson::dom::element_type;
        switch (from.type()) {
            case element_type::NULL_VALUE: return done(build_.null(), out);
            case element_type::BOOL: return done(build_.boolean(from.get_bool().value_unsafe()), out);
            case element_type::INT64: return done(build_.integer(from.get_int64().value_unsafe()), out);
            case element_type::UINT64:
                return done(build_.unsigned_integer(from.get_uint64().value_unsafe()), out);
            case element_type::DOUBLE: return done(build_.floating(from.get_double().value_unsafe()), out);
            case element_type::STRING: return done(build_.string(from.get_string().value_unsafe()), out);
            case element_type::ARRAY:
                return list(n, from, out, depth,
                            [&](element item, value_type& one) { return any(n, item, one, depth + 1); });
            case element_type::OBJECT: return any_dict(n, from, out, depth);
        }
        return false;
    }

    bool any_dict(const schema::node& n, element from, value_type& out, unsigned depth) {
        simdjson::dom::object members;
        if (depth >= max_depth || from.get(members)) return false;
        value_type made = build_.dict(members.size());
        if (made == value_type{}) return false;
        std::size_t seen = 0;
        for (auto member : members) {
            value_type one{};
            if (!any(n, member.value, one, depth + 1)) return abandon(made);
            std::string_view key = member.key;
            if (!normalise(key)) {
                build_.drop(one);
                return abandon(made);
            }
            if (!build_.insert(made, key, one)) return abandon(made);
            ++seen;
        }
        // The last of equal keys wins, here as in json.loads; keys that only decamelize makes equal are
        // another matter.
        if (plan_.camelize && build_.dict_size(made) != seen) return abandon(made);
        out = made;
        return true;
    }

    bool abandon(value_type made) {
        build_.drop(made);
        return false;
    }

    // Brings a key to the spelling that the plan knows. The result lives until the next call.
    bool normalise(std::string_view& key) {
        if (!plan_.camelize || schema::is_plain_snake(key)) return true;
        if (!schema::decamelize(key, scratch_)) return false;
        key = scratch_;
        return true;
    }

    const schema::plan& plan_;
    B& build_;
    std::string scratch_;
};

}  // namespace chanx::validate
