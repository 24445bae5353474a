// The keys of a plan's fields as they stand in JSON, prepared once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/schema/plan.hpp"

namespace chanx::encode {

// For every field of the plan its name with quotes and colon, camel-cased on request; nothing when a name is
// not ASCII or two fields of a model would get the same key.
std::optional<std::vector<std::string>> prepare_keys(const schema::plan& plan, bool camelize);

}  // namespace chanx::encode
