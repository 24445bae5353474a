// Why an envelope cannot be read. Such a message is set aside and counted; it never ends a consumer.
#pragma once

#include <system_error>

namespace chanx::codec {

enum class errc {
    malformed = 1,  // cut short, or not in this format at all
    not_a_message,  // no map with text keys at the top
    unaddressed,    // the header has no usable __asgi_channel__
    too_deep,       // nested beyond MAX_DEPTH
    unsupported,    // an extension type of MessagePack
    undecryptable,  // encrypted with none of the keys, or tampered with
    expired,        // encrypted longer ago than its time to live
    too_short,      // shorter than the random prefix
};

constexpr unsigned MAX_DEPTH = 512;

const std::error_category& category() noexcept;
std::error_code make_error_code(errc code) noexcept;

}  // namespace chanx::codec

template <>
struct std::is_error_code_enum<chanx::codec::errc> : std::true_type {};
