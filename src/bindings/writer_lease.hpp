// The buffer that a message is written into.
#pragma once

#include <memory>

#include "core/encode/json_writer.hpp"

namespace chanx::bindings {

// The calling thread's writer, empty, for the time of one message. A lease taken while the writer is in use
// (a custom serializer encodes a message itself) gets one of its own; a large buffer is not kept.
class writer_lease {
public:
    writer_lease();
    ~writer_lease();
    writer_lease(const writer_lease&) = delete;
    writer_lease& operator=(const writer_lease&) = delete;

    encode::json_writer& operator*() noexcept { return *writer_; }

private:
    std::unique_ptr<encode::json_writer> writer_;
};

}  // namespace chanx::bindings
