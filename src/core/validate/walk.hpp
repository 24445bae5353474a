// Walks a parsed document along a plan and builds values. The walk accepts only what pydantic's lax Python
// mode would accept with the same result after json.loads; false means "not sure", never "invalid".
#pragma once

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/schema/letter_case.hpp"
#include "core/schema/plan.hpp"
#include "core/validate/builder.hpp"
#include "core/validate/checks.hpp"
#include "core/validate/paths.hpp"
#include "core/validate/refuse.hpp"
#include "core/validate/temporal.hpp"

namespace chanx::validate {

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
                if (from.get(text) || !check_string(n, text)) return handed_over(index, n, from, out, depth);
                if (n.letters != schema::letter_change::none && !change_letters(n.letters, text, letters_))
                    return handed_over(index, n, from, out, depth);
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
                if (place == dispatch::string_table::npos) return handed_over(index, n, from, out, depth);
                return done(build_.literal(index, place), out);
            }
            case schema::kind::list: return in_bounds(n, from) && items(n, from, out, depth);
            case schema::kind::collection: {
                value_type made{};
                return items(n, from, made, depth) && done(build_.collect(index, made), out);
            }
            case schema::kind::tuple:
                return tuple(index, n, from, out, depth) || handed_over(index, n, from, out, depth);
            case schema::kind::dict: return dict(n, from, out, depth);
            case schema::kind::model: return model(index, n, from, out, depth);
            case schema::kind::tagged_union: return tagged(n, from, out, depth);
            case schema::kind::any: return any(n, from, out, depth);
            case schema::kind::after: {
                value_type made{};
                return value(n.first, from, made, depth) && done(build_.after(index, made), out);
            }
            case schema::kind::choice_union: return choose(index, n, from, out, depth);
            case schema::kind::foreign: return handed_over(index, n, from, out, depth);
            case schema::kind::never: return false;
            default: return spelled(index, n, from, out) || handed_over(index, n, from, out, depth);
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

    // Kinds that JSON spells as strings.
    bool spelled(std::uint32_t index, const schema::node& n, element from, value_type& out) {
        std::string_view text;
        if (!from.get(text)) return from_text(index, n, text, out);
        std::int64_t number;
        if (n.type != schema::kind::duration || from.get(number)) return false;
        constexpr std::int64_t most = 1'000'000'000;
        return number >= 0 && number <= most &&
               done(build_.duration({number / 86400, number % 86400, 0}), out);
    }

    bool from_text(std::uint32_t index, const schema::node& n, std::string_view text, value_type& out) {
        switch (n.type) {
            case schema::kind::date: {
                date_parts parts;
                return parse_date(text, parts) && done(build_.date(parts), out);
            }
            case schema::kind::time: {
                time_parts parts;
                return parse_time(text, parts) && done(build_.time(parts), out);
            }
            case schema::kind::datetime: {
                datetime_parts parts;
                return parse_datetime(text, parts) && done(build_.datetime(parts), out);
            }
            case schema::kind::duration: {
                duration_parts parts;
                return parse_duration(text, parts) && done(build_.duration(parts), out);
            }
            case schema::kind::uuid: {
                uuid_bytes parts;
                return parse_uuid(text, parts) && done(build_.uuid(parts), out);
            }
            case schema::kind::decimal: return is_plain_decimal(text) && done(build_.decimal(text), out);
            case schema::kind::bytes:
                return text.size() >= n.min_length && text.size() <= n.max_length &&
                       done(build_.bytes(index, text), out);
            case schema::kind::integer: {
                std::int64_t number;
                return parse_integer(text, number) && (!n.bounded || check_integer(n, number)) &&
                       done(build_.integer(number), out);
            }
            case schema::kind::literal: {
                const std::uint32_t at = plan_.literals[n.table].strings.find(text);
                return at != dispatch::string_table::npos &&
                       done(build_.literal(index, plan_.literals[n.table].string_places[at]), out);
            }
            default: return false;
        }
    }

    // Gives the value to foreign code, as it stands in the frame.
    bool handed_over(std::uint32_t index, const schema::node& n, element from, value_type& out,
                     unsigned depth) {
        if (!n.has_fallback || depth >= max_depth) return false;
        if (plan_.json_parts) return done(build_.foreign_json(index, simdjson::minify(from)), out);
        value_type raw{};
        return any(n, from, raw, depth) && done(build_.foreign(index, raw), out);
    }

    bool choose(std::uint32_t index, const schema::node& n, element from, value_type& out, unsigned depth) {
        if (n.by_exactness && !from.is_array() && !from.is_object()) {
            for (std::uint32_t one : n.choices) {
                if (takes_exactly(plan_, one, from)) {
                    if (value(one, from, out, depth)) return true;
                    break;
                }
                if (!converts(plan_, one, from)) break;
            }
        }
        constexpr std::uint32_t none = UINT32_MAX;
        std::uint32_t only = none;
        for (std::uint32_t one : n.choices) {
            if (refuses(plan_, one, from)) continue;
            if (only != none) {
                only = none;
                break;
            }
            only = one;
            if (n.left_to_right) break;
        }
        if (only != none && value(only, from, out, depth)) return true;
        return handed_over(index, n, from, out, depth);
    }

    static bool in_bounds(const schema::node& n, element from) {
        simdjson::dom::array items;
        if (from.get(items)) return false;
        const std::size_t size = items.size();
        return size >= n.min_length && size <= n.max_length;
    }

    bool items(const schema::node& n, element from, value_type& out, unsigned depth) {
        return list(from, out, depth,
                    [&](element item, value_type& one) { return value(n.first, item, one, depth + 1); });
    }

    template <class Item>
    bool list(element from, value_type& out, unsigned depth, Item make_item) {
        simdjson::dom::array items;
        if (depth >= max_depth || from.get(items)) return false;
        const std::size_t size = items.size();
        if (size >= saturated_size) return false;
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

    bool tuple(std::uint32_t index, const schema::node& n, element from, value_type& out, unsigned depth) {
        simdjson::dom::array items;
        if (from.get(items) || items.size() != n.choices.size()) return false;
        std::size_t at = 0;
        value_type made{};
        return list(from, made, depth,
                    [&](element item, value_type& one) {
                        return value(n.choices[at++], item, one, depth + 1);
                    }) &&
               done(build_.collect(index, made), out);
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
            if (!insert(n.first, keys, made, member.key, one)) return abandon(made);
        }
        // Keys that fell together would have to be merged as json.loads and pydantic merge them, one after
        // the other.
        if (build_.dict_size(made) != size) return abandon(made);
        out = made;
        return true;
    }

    bool insert(std::uint32_t index, const schema::node& keys, value_type made, std::string_view key,
                value_type one) {
        if (normalise(key)) {
            switch (keys.type) {
                case schema::kind::any: return build_.insert(made, key, one);
                case schema::kind::string:
                    if (!check_string(keys, key)) break;
                    return build_.insert(made, key, one);
                default: {
                    value_type name{};
                    if (!from_text(index, keys, key, name) &&
                        !(keys.has_fallback && done(build_.string(key), name) &&
                          done(build_.foreign(index, name), name)))
                        break;
                    return build_.insert_value(made, name, one);
                }
            }
        }
        build_.drop(one);
        return false;
    }

    // The values of a model's fields while it is being filled.
    struct filling {
        value_type* slots;
        value_type extra{};                 // a dict of what names no field, if that is kept
        std::vector<std::uint8_t> given{};  // which fields were, where defaults are made early
    };

    bool model(std::uint32_t index, const schema::node& n, element from, value_type& out, unsigned depth) {
        simdjson::dom::object members;
        if (depth >= max_depth || from.get(members)) return false;
        std::array<value_type, 16> few;
        std::unique_ptr<value_type[]> many;
        filling f{few.data()};
        if (n.field_count > few.size()) {
            many = std::make_unique<value_type[]>(n.field_count);
            f.slots = many.get();
        } else {
            std::fill_n(f.slots, n.field_count, value_type{});
        }
        if (n.keep_extra && !done(build_.dict(0), f.extra)) return false;
        const bool filled = n.runs_code || !n.paths.empty() ? fill_in_order(index, n, members, f, depth)
                                                            : fill(n, members, f, depth);
        if (filled && complete(n, f.slots))
            return done(build_.model(index, f.slots, f.given.empty() ? nullptr : f.given.data(), f.extra),
                        out);
        for (std::uint32_t i = 0; i < n.field_count; ++i) {
            if (f.slots[i] != value_type{}) build_.drop(f.slots[i]);
        }
        if (f.extra != value_type{}) build_.drop(f.extra);
        return false;
    }

    bool fill(const schema::node& n, simdjson::dom::object members, filling& f, unsigned depth) {
        const schema::field* fields = plan_.fields.data() + n.first_field;
        std::uint32_t expected = 0;  // keys mostly come in the order of the fields
        for (auto member : members) {
            std::string_view key = member.key;
            std::uint32_t at = expected;
            if (at >= n.field_count || fields[at].wire != key) {
                if (!normalise(key)) return false;
                at = plan_.tables[n.table].find(key);
                if (at == dispatch::string_table::npos) {
                    if (!unnamed(n, key, member.value, f, depth)) return false;
                    continue;
                }
                at = n.key_fields[at];
            }
            if (f.slots[at] != value_type{}) return false;  // a duplicate
            if (!value(fields[at].node, member.value, f.slots[at], depth + 1)) return false;
            expected = at + 1;
        }
        return true;
    }

    // A key that names no field.
    bool unnamed(const schema::node& n, std::string_view key, element from, filling& f, unsigned depth) {
        if (n.forbid_extra) return false;
        if (!n.keep_extra) return true;
        if (plan_.camelize) return false;  // decamelize may make keys equal, which would have to be merged
        value_type one{};
        return any(n, from, one, depth + 1) && build_.insert(f.extra, key, one);
    }

    // As fill, for models with user code inside, which runs in the order of the fields, not of the document,
    // and for those with fields that stand deeper in the document.
    bool fill_in_order(std::uint32_t index, const schema::node& n, simdjson::dom::object members, filling& f,
                       unsigned depth) {
        const schema::field* fields = plan_.fields.data() + n.first_field;
        std::vector<element> values(n.field_count);
        std::vector<std::uint8_t> given(n.field_count + 1);  // never empty
        for (auto member : members) {
            std::string_view key = member.key;
            if (!normalise(key)) return false;
            std::uint32_t at = plan_.tables[n.table].find(key);
            if (at == dispatch::string_table::npos) {
                if (!unnamed(n, key, member.value, f, depth)) return false;
                continue;
            }
            at = n.key_fields[at];
            if (given[at]) return false;  // a duplicate
            given[at] = 1;
            values[at] = member.value;
        }
        for (const auto& [path, at] : n.paths) {
            switch (follow_path(plan_, path, members, values[at])) {
                case path_end::absent: continue;
                case path_end::unsure: return false;
                case path_end::found:
                    if (given[at]) return false;  // of several places pydantic takes the first one
                    given[at] = 1;
            }
        }
        for (std::uint32_t i = 0; i < n.field_count; ++i) {
            if (given[i] && !fields[i].needs_data) {
                if (!value(fields[i].node, values[i], f.slots[i], depth + 1)) return false;
            } else if (n.needs_data) {
                value_type raw{};
                if (given[i] ? !any(n, values[i], raw, depth + 1) : fields[i].required) return false;
                if (!done(build_.dependent(index, i, f.slots, raw), f.slots[i])) return false;
            }
        }
        if (n.needs_data) f.given = std::move(given);
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
            if (!normalise(key)) return false;
            if (!n.is_discriminator(key)) continue;
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
            count += n.is_discriminator(key);
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
                return list(from, out, depth,
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
    std::string scratch_, letters_;
};

}  // namespace chanx::validate
