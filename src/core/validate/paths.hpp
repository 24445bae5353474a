// Values that stand deeper in a document than their fields do.
#pragma once

#include <simdjson.h>

#include "core/schema/plan.hpp"

namespace chanx::validate {

enum class path_end : unsigned char { found, absent, unsure };

// Follows a path from the members of an object. Unsure when a key on the way occurs twice, or cannot be spelt
// as the plan spells keys. `out` changes only when something is found.
path_end follow_path(const schema::plan& plan, const schema::key_path& path, simdjson::dom::object members,
                     simdjson::dom::element& out);

}  // namespace chanx::validate
