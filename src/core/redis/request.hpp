// One command, or several that travel as one pipeline, serialised as they are added.
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>

#include "core/redis/failure.hpp"
#include "core/redis/reply.hpp"
#include "core/runtime/clock.hpp"

namespace chanx::redis {

class request {
public:
    request() = default;
    template <class... Args>
    explicit request(std::string_view name, const Args&... args) {
        add(name, args...);
    }

    // Adds a command: strings, or integers written in decimal.
    template <class... Args>
    request& add(std::string_view name, const Args&... args) {
        begin(1 + sizeof...(Args));
        argument(name);
        (argument(args), ...);
        return *this;
    }
    // A command whose number of arguments is only known at run time: begin(n), then n times argument().
    void begin(std::size_t arguments);
    void argument(std::string_view value);
    void argument(const std::string& value) { argument(std::string_view(value)); }
    void argument(const char* value) { argument(std::string_view(value)); }
    template <std::integral T>
    void argument(T value) {
        argument(std::string_view(std::to_string(value)));
    }

    // How long to wait for the answer; the default of the connection when not set, for ever when zero.
    request& timeout(duration length) {
        timeout_ = length;
        return *this;
    }
    // May run twice without harm: sent again when the connection breaks before the answer.
    request& repeatable(bool yes = true) {
        repeatable_ = yes;
        return *this;
    }

    // The node of a cluster that is to run it, by its "host:port"; else the key decides.
    request& on(std::string node) {
        node_ = std::move(node);
        return *this;
    }
    const std::string& node() const noexcept { return node_; }

    // Commands that are serialised already.
    static request of_bytes(std::string bytes, std::size_t commands) {
        request made;
        made.bytes_ = std::move(bytes);
        made.commands_ = commands;
        return made;
    }
    void append(std::string_view bytes, std::size_t commands) {
        bytes_.append(bytes);
        commands_ += commands;
    }

    const std::string& bytes() const noexcept { return bytes_; }
    std::string take_bytes() noexcept { return std::move(bytes_); }
    std::size_t commands() const noexcept { return commands_; }
    std::optional<duration> timeout() const noexcept { return timeout_; }
    bool is_repeatable() const noexcept { return repeatable_; }

private:
    std::string bytes_;
    std::size_t commands_ = 0;
    std::optional<duration> timeout_;
    std::string node_;
    bool repeatable_ = false;
};

// The answer to a request: a failure of the whole, or one reply for each command, in order. An error reply
// does not fail its neighbours: it is among the replies.
struct response {
    failure error;
    std::vector<reply> replies;
    std::string server{};  // of a cluster: which node gave the error among the replies
};

}  // namespace chanx::redis
