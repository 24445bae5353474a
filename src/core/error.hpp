// Error codes of the core. Expected failures travel as std::error_code; exceptions mean programming errors.
#pragma once

#include <system_error>

namespace chanx {

// Every code has one message, in error.cpp; src/bindings/errors.cpp maps codes to Python exceptions.
enum class errc {
    channel_full = 1,  // a channel holds as many unread messages as its capacity allows
    invalid_name,      // a channel or group name breaks the Channels specification
    closed,            // the layer was closed
    timed_out,         // the operation did not finish in the time it was given
    not_serializable,  // a serializer refused the message
};

const std::error_category& category() noexcept;

std::error_code make_error_code(errc code) noexcept;

}  // namespace chanx

template <>
struct std::is_error_code_enum<chanx::errc> : std::true_type {};
