// A message that came from Redis: bytes until a reader of this process wants it, decoded once for all of
// them.
#pragma once

#include <string>

#include "bindings/python_message.hpp"
#include "bindings/wire.hpp"

namespace chanx::bindings {

class wire_message final : public python_message {
public:
    wire_message(codec::format how, std::string body, time_point deadline)
        : python_message(body.size() + 200, deadline), how_(how), body_(std::move(body)) {}

private:
    PyObject* load() override { return wire_decode(how_, body_, true); }

    codec::format how_;
    std::string body_;
};

}  // namespace chanx::bindings
