#include "core/validate/refuse.hpp"

#include <array>
#include <string>

#include "core/schema/letter_case.hpp"
#include "core/validate/checks.hpp"

namespace chanx::validate {
namespace {

using schema::kind;
using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr unsigned looked_into = 4;  // models inside models that are looked into, to bound the work

bool refuses(const schema::plan& plan, std::uint32_t index, element from, unsigned depth);

bool is_number(element_type type) {
    return type == element_type::INT64 || type == element_type::UINT64 || type == element_type::DOUBLE;
}

bool is_container(element_type type) { return type == element_type::ARRAY || type == element_type::OBJECT; }

bool refuses_literal(const schema::plan& plan, const schema::node& n, element from) {
    const element_type type = from.type();
    if (is_container(type)) return true;
    if (type == element_type::NULL_VALUE)
        return !n.has_fallback && find_literal(plan.literals[n.table], from) == dispatch::string_table::npos;
    // Numbers equal other types' numbers, and enums of numbers take them from strings.
    if (type != element_type::STRING || n.has_fallback) return false;
    return find_literal(plan.literals[n.table], from) == dispatch::string_table::npos;
}

bool refuses_model(const schema::plan& plan, const schema::node& n, element from, unsigned depth) {
    simdjson::dom::object members;
    if (from.get(members)) return !n.any_object;
    if (depth >= looked_into || !n.paths.empty()) return false;
    constexpr std::uint32_t most = 64;
    if (n.field_count > most) return false;
    const schema::field* fields = plan.fields.data() + n.first_field;
    std::uint64_t seen = 0, refused = 0;
    bool unknown = false;
    std::string spelled;
    for (auto member : members) {
        std::string_view key = member.key;
        if (plan.camelize && !schema::is_plain_snake(key)) {
            if (!schema::decamelize(key, spelled)) return false;
            key = spelled;
        }
        const std::uint32_t found = plan.tables[n.table].find(key);
        if (found == dispatch::string_table::npos) {
            unknown = true;
            continue;
        }
        const std::uint32_t at = n.key_fields[found];
        const std::uint64_t bit = std::uint64_t{1} << at;
        if (seen & bit) return false;  // which of the two counts is pydantic's matter
        seen |= bit;
        if (!fields[at].needs_data && refuses(plan, fields[at].node, member.value, depth + 1)) refused |= bit;
    }
    if (refused || (unknown && n.forbid_extra)) return true;
    for (std::uint32_t i = 0; i < n.field_count; ++i) {
        if (fields[i].required && !(seen >> i & 1)) return true;
    }
    return false;
}

bool refuses_tagged(const schema::plan& plan, const schema::node& n, element from, unsigned depth) {
    simdjson::dom::object members;
    if (from.get(members)) return !n.any_object;
    if (plan.camelize) return false;
    std::uint32_t found = dispatch::string_table::npos;
    int count = 0;
    for (auto member : members) {
        if (!n.is_discriminator(member.key)) continue;
        std::string_view tag;
        if (member.value.get(tag)) return false;
        found = plan.tables[n.table].find(tag);
        ++count;
    }
    if (count != 1) return count == 0;
    return found == dispatch::string_table::npos || refuses(plan, n.choices[found], from, depth);
}

bool refuses(const schema::plan& plan, std::uint32_t index, element from, unsigned depth) {
    const schema::node& n = plan.nodes[index];
    const element_type type = from.type();
    switch (n.type) {
        case kind::never: return true;
        case kind::null: return type != element_type::NULL_VALUE;
        case kind::string: return type != element_type::STRING && (!n.coerces || !is_number(type));
        case kind::uuid:
        case kind::bytes: return type != element_type::STRING;
        case kind::integer:
        case kind::floating:
        case kind::boolean:
        case kind::date:
        case kind::time:
        case kind::datetime:
        case kind::duration: return type == element_type::NULL_VALUE || is_container(type);
        case kind::decimal: return type == element_type::NULL_VALUE || type == element_type::OBJECT;
        case kind::literal: return refuses_literal(plan, n, from);
        case kind::nullable: return type != element_type::NULL_VALUE && refuses(plan, n.first, from, depth);
        case kind::after: return refuses(plan, n.first, from, depth);
        case kind::list:
        case kind::collection: return type != element_type::ARRAY;
        case kind::tuple:
            // A named tuple takes an object too.
            return type != element_type::ARRAY && (type != element_type::OBJECT || !n.any_object);
        case kind::dict: return type != element_type::OBJECT;
        case kind::model: return refuses_model(plan, n, from, depth);
        case kind::tagged_union: return refuses_tagged(plan, n, from, depth);
        case kind::choice_union:
            for (std::uint32_t choice : n.choices) {
                if (!refuses(plan, choice, from, depth)) return false;
            }
            return true;
        case kind::any:
        case kind::foreign: return false;
    }
    return false;
}

}  // namespace

bool refuses(const schema::plan& plan, std::uint32_t index, element from) {
    return refuses(plan, index, from, 0);
}

bool takes_exactly(const schema::plan& plan, std::uint32_t index, element from) {
    const schema::node& n = plan.nodes[index];
    const element_type type = from.type();
    switch (n.type) {
        case kind::string: return type == element_type::STRING;
        case kind::integer: return type == element_type::INT64 || type == element_type::UINT64;
        case kind::floating: return type == element_type::DOUBLE;
        case kind::boolean: return type == element_type::BOOL;
        case kind::null: return type == element_type::NULL_VALUE;
        case kind::literal:
            return !n.has_fallback &&
                   find_literal(plan.literals[n.table], from) != dispatch::string_table::npos;
        case kind::nullable: return type == element_type::NULL_VALUE || takes_exactly(plan, n.first, from);
        case kind::after: return !n.inexact && takes_exactly(plan, n.first, from);
        default: return false;
    }
}

bool converts(const schema::plan& plan, std::uint32_t index, element from) {
    const schema::node& n = plan.nodes[index];
    switch (n.type) {
        case kind::nullable: return from.type() != element_type::NULL_VALUE && converts(plan, n.first, from);
        case kind::after: return n.inexact ? refuses(plan, index, from) : converts(plan, n.first, from);
        case kind::string:
        case kind::integer:
        case kind::floating:
        case kind::boolean:
        case kind::null: return !takes_exactly(plan, index, from);
        case kind::literal:
        case kind::any:
        case kind::foreign:
        case kind::choice_union: return refuses(plan, index, from);
        default: return true;
    }
}

}  // namespace chanx::validate
