// Fork detection. A forked child owns copies of its parent's locks in whatever state they were: it must take
// none of them, so everything that outlives a call remembers the generation it was made in.
#pragma once

namespace chanx {

// Grows by one in each forked child; the same all through the life of one process.
unsigned fork_generation() noexcept;

}  // namespace chanx
