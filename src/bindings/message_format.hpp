// What a message is in Redis: msgpack or JSON that the core writes and reads itself, or bytes of a serializer
// that the application registered, which is Python and is called for such layers only.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "bindings/python_message.hpp"
#include "core/codec/envelope.hpp"

namespace chanx::bindings {

// A Python object that any thread may hold, and be the last one to hold.
class held_object {
public:
    explicit held_object(pybind11::object held) noexcept : held_(held.release().ptr()) {}
    ~held_object() { release_later(held_); }
    held_object(const held_object&) = delete;
    held_object& operator=(const held_object&) = delete;

    pybind11::handle get() const noexcept { return held_; }

private:
    PyObject* const held_;
};

// A message as its sender gave it. `body` is a serialised message without address; `message` is there when a
// registered serializer has to be called again to give it one.
struct outgoing {
    std::string body;
    std::shared_ptr<const held_object> message;
};

// A message as it came. The names in `header` point into the bytes that were opened, or into this.
struct incoming {
    std::string plain;
    codec::header header;
    ref<layer::message> item;
};

class message_format {
public:
    virtual ~message_format() = default;

    // Needs the GIL; throws what Python raised. What cannot be serialised fails here, before anything is
    // sent.
    virtual outgoing encode(pybind11::handle message) const = 0;

    // These for any thread, with the GIL or without it.
    virtual std::string seal(const outgoing& message) const = 0;
    virtual std::string seal(const outgoing& message, std::string_view channel) const = 0;
    virtual std::string seal(const outgoing& message, std::span<const std::string_view> channels) const = 0;
    // False when it is no message. The header is read only when the message has to be `addressed`, that is,
    // when nothing else says who it is for.
    virtual bool open(std::string_view sealed, bool addressed, time_point deadline, incoming& out) const = 0;
    // What receivers of the sender's own process get: the same as after a way through Redis. Null when it
    // cannot be read again.
    virtual ref<layer::message> loop_back(const outgoing& message, time_point deadline) const = 0;
};

std::shared_ptr<const message_format> native_format(codec::format how, codec::seal_options seal);
// `serializer` has serialize(dict) -> bytes and deserialize(bytes) -> dict, which do the prefix and the
// encryption as well; `undecodable` is called with what the second one raised.
std::shared_ptr<const message_format> registered_format(pybind11::object serializer,
                                                        pybind11::object undecodable);

}  // namespace chanx::bindings
