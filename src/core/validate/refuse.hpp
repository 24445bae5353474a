// What a part of a plan certainly refuses. The members of a union are told apart by it.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <string_view>

#include "core/schema/plan.hpp"

namespace chanx::validate {

// True only when pydantic would refuse the value too, however lax.
bool refuses(const schema::plan& plan, std::uint32_t index, simdjson::dom::element from);

// True when the part, if it accepts this string, number, bool or null, does so without any conversion.
bool takes_exactly(const schema::plan& plan, std::uint32_t index, simdjson::dom::element from);

// True when the part may accept this string, number, bool or null only by converting it, or not at all.
bool converts(const schema::plan& plan, std::uint32_t index, simdjson::dom::element from);

}  // namespace chanx::validate
