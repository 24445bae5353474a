// The rules for names of the Channels specification: ASCII letters, digits, hyphens, underscores and periods,
// fewer than 100 characters; a channel name may have one `!` after its first part, and anything of the kind
// after it.
#pragma once

#include <cstddef>
#include <string_view>

namespace chanx::layer {

inline constexpr std::size_t MAX_NAME_LENGTH = 100;

bool valid_channel_name(std::string_view name) noexcept;
bool valid_group_name(std::string_view name) noexcept;
// The part up to and with the `!`, which names the process; the whole name when it has none.
std::string_view non_local_name(std::string_view name) noexcept;

}  // namespace chanx::layer
