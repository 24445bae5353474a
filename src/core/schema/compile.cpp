#include <stdexcept>
#include <utility>

#include "core/schema/letter_case.hpp"
#include "core/schema/plan.hpp"

namespace chanx::schema {
namespace {

void require_index(std::uint32_t index, const spec& form) {
    if (index >= form.nodes.size()) throw std::invalid_argument("a node refers to one that does not exist");
}

literal_table compile_literals(const std::vector<literal_spec>& alternatives) {
    literal_table table;
    std::vector<std::string> strings;
    for (std::uint32_t place = 0; place < alternatives.size(); ++place) {
        const literal_spec& one = alternatives[place];
        switch (one.what) {
            case literal_spec::type::null: table.null = place; break;
            case literal_spec::type::boolean: (one.boolean ? table.yes : table.no) = place; break;
            case literal_spec::type::integer: table.integers.emplace_back(one.integer, place); break;
            case literal_spec::type::string:
                strings.push_back(one.string);
                table.string_places.push_back(place);
                break;
        }
    }
    table.strings = dispatch::string_table(std::move(strings));
    return table;
}

// The key that a client which spells names in its own way sends for a field.
std::optional<std::string> wire_of(const field_spec& one, bool camelized) {
    if (!camelized) return one.name;
    std::string wire, back;
    if (camelize(one.name, wire) && decamelize(wire, back) && back == one.name) return wire;
    return std::nullopt;
}

void compile_fields(const node_spec& from, node& to, plan& out, const spec& form) {
    to.first_field = static_cast<std::uint32_t>(out.fields.size());
    to.field_count = static_cast<std::uint32_t>(from.fields.size());
    std::vector<std::string> names;
    for (const field_spec& one : from.fields) {
        require_index(one.node, form);
        const auto place = static_cast<std::uint32_t>(out.fields.size()) - to.first_field;
        if (!one.name.empty() || one.paths.empty()) {
            to.key_fields.push_back(place);
            names.push_back(one.name);
        }
        for (const key_path& path : one.paths) to.paths.emplace_back(path, place);
        out.fields.push_back({one.name, wire_of(one, form.camelize), one.node, one.required, one.needs_data});
        if (one.needs_data || one.default_needs_data) to.needs_data = true;
        if (one.default_runs_code || to.needs_data) to.runs_code = true;
    }
    for (std::uint32_t place = 0; place < to.field_count; ++place) {
        for (const std::string& other : from.fields[place].others) {
            to.key_fields.push_back(place);
            names.push_back(other);
        }
    }
    to.table = static_cast<std::uint32_t>(out.tables.size());
    out.tables.emplace_back(std::move(names));
}

void compile_choices(const node_spec& from, node& to, plan& out, const spec& form) {
    std::vector<std::string> tags;
    for (const choice_spec& one : from.choices) {
        require_index(one.node, form);
        tags.push_back(one.tag);
        to.choices.push_back(one.node);
    }
    to.discriminator = from.discriminator;
    to.other_discriminators = from.other_discriminators;
    to.table = static_cast<std::uint32_t>(out.tables.size());
    out.tables.emplace_back(std::move(tags));
}

template <class Number>
bool is_bounded(const range<Number>& r) {
    return r.gt || r.ge || r.lt || r.le;
}

// A node runs user code when a node inside it does. Types may be recursive, so this repeats until nothing
// changes.
void spread_runs_code(plan& out) {
    const auto runs = [&](std::uint32_t index) { return out.nodes[index].runs_code; };
    for (bool changed = true; changed;) {
        changed = false;
        for (node& n : out.nodes) {
            if (n.runs_code) continue;
            bool inside = false;
            switch (n.type) {
                case kind::dict: inside = runs(n.first) || runs(n.second); break;
                case kind::list:
                case kind::collection:
                case kind::after:
                case kind::nullable: inside = runs(n.first); break;
                case kind::model:
                    for (std::uint32_t i = 0; i < n.field_count; ++i)
                        inside = inside || runs(out.fields[n.first_field + i].node);
                    break;
                case kind::tuple:
                case kind::choice_union:
                case kind::tagged_union:
                    for (std::uint32_t choice : n.choices) inside = inside || runs(choice);
                    break;
                default: break;
            }
            if (inside) n.runs_code = changed = true;
        }
    }
    out.runs_code = runs(out.root);
}

}  // namespace

plan compile(const spec& form) {
    plan out;
    require_index(form.root, form);
    out.root = form.root;
    out.camelize = form.camelize;
    out.json_parts = form.json_parts;
    out.nodes.reserve(form.nodes.size());
    for (const node_spec& from : form.nodes) {
        node to;
        to.type = from.type;
        to.strip = from.strip;
        to.letters = from.letters;
        to.coerces = from.coerces;
        to.forbid_extra = from.forbid_extra;
        to.keep_extra = from.keep_extra;
        to.any_object = from.any_object;
        to.has_fallback = from.has_fallback || from.type == kind::foreign;
        to.left_to_right = from.left_to_right;
        to.by_exactness = from.by_exactness;
        to.inexact = from.inexact;
        to.runs_code = (to.has_fallback || from.type == kind::after) && !from.pure;
        to.min_length = from.min_length.value_or(0);
        to.max_length = from.max_length.value_or(std::numeric_limits<std::uint64_t>::max());
        to.integers = from.integers;
        to.floats = from.floats;
        to.multiple_of = from.multiple_of.value_or(0);
        to.float_multiple_of = from.float_multiple_of.value_or(0);
        to.bounded = is_bounded(from.integers) || is_bounded(from.floats) || from.multiple_of.has_value() ||
                     from.float_multiple_of.has_value();
        if ((from.multiple_of && *from.multiple_of <= 0) ||
            (from.float_multiple_of && !(*from.float_multiple_of > 0)))
            throw std::invalid_argument("multiple_of is not positive");
        to.first = from.first;
        to.second = from.second;
        switch (from.type) {
            case kind::dict: require_index(from.second, form); [[fallthrough]];
            case kind::list:
            case kind::collection:
            case kind::after:
            case kind::nullable: require_index(from.first, form); break;
            case kind::tuple:
            case kind::choice_union:
                for (std::uint32_t member : from.members) require_index(member, form);
                to.choices = from.members;
                break;
            case kind::model: compile_fields(from, to, out, form); break;
            case kind::tagged_union: compile_choices(from, to, out, form); break;
            case kind::literal:
                to.table = static_cast<std::uint32_t>(out.literals.size());
                out.literals.push_back(compile_literals(from.literals));
                break;
            default: break;
        }
        out.nodes.push_back(std::move(to));
    }
    spread_runs_code(out);
    return out;
}

}  // namespace chanx::schema
