// How long to wait before the next attempt: doubling, at most `most`, and anywhere in the upper half of that,
// so that the processes of a fleet do not come back in step.
#pragma once

#include "core/runtime/clock.hpp"

namespace chanx::redis {

duration backoff(duration first, duration most, unsigned failures);

}  // namespace chanx::redis
