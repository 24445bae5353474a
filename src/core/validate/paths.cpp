#include "core/validate/paths.hpp"

#include <string>
#include <string_view>

#include "core/schema/letter_case.hpp"

namespace chanx::validate {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

path_end find_member(const schema::plan& plan, object members, std::string_view wanted, element& out) {
    std::string spelled;
    path_end end = path_end::absent;
    for (auto member : members) {
        std::string_view key = member.key;
        if (plan.camelize && !schema::is_plain_snake(key)) {
            if (!schema::decamelize(key, spelled)) return path_end::unsure;
            key = spelled;
        }
        if (key != wanted) continue;
        if (end == path_end::found) return path_end::unsure;
        end = path_end::found;
        out = member.value;
    }
    return end;
}

path_end find_item(array items, std::int64_t place, element& out) {
    if (place < 0) {
        for ([[maybe_unused]] element item : items) ++place;
    }
    if (place < 0) return path_end::absent;
    for (element item : items) {
        if (place-- == 0) {
            out = item;
            return path_end::found;
        }
    }
    return path_end::absent;
}

}  // namespace

path_end follow_path(const schema::plan& plan, const schema::key_path& path, object members, element& out) {
    element at;
    path_end end = find_member(plan, members, path.first, at);
    for (const schema::key_path::step& step : path.steps) {
        if (end != path_end::found) return end;
        object inner;
        array items;
        if (step.is_key)
            end = at.get(inner) ? path_end::absent : find_member(plan, inner, step.key, at);
        else
            end = at.get(items) ? path_end::absent : find_item(items, step.place, at);
    }
    if (end == path_end::found) out = at;
    return end;
}

}  // namespace chanx::validate
