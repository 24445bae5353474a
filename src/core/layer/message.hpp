// A message on its way through a layer. It is held once per process, whatever the number of channels it waits
// in: a channel's queue holds references. What it carries is the business of whoever made it: Python objects
// for the in-process layer, the bytes of an envelope for the Redis layers.
#pragma once

#include <cstddef>

#include "core/runtime/clock.hpp"
#include "core/runtime/ref.hpp"

namespace chanx::layer {

class message : public ref_counted {
public:
    message(std::size_t bytes, time_point deadline) noexcept : bytes_(bytes), deadline_(deadline) {}

    std::size_t bytes() const noexcept { return bytes_; }
    bool expired(time_point now) const noexcept { return deadline_ <= now; }

private:
    friend class overflow_account;

    std::size_t bytes_;
    time_point deadline_;
    std::size_t overflowing_ =
        0;  // in how many channels it waits beyond their capacity; guarded by the table
};

}  // namespace chanx::layer
