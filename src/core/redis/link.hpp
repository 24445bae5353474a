// What a client talks through: one connection, or the nodes of a cluster.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/redis/listener.hpp"
#include "core/redis/options.hpp"
#include "core/redis/request.hpp"
#include "core/redis/session.hpp"

namespace chanx::redis {

class link {
public:
    virtual ~link() = default;

    virtual void start() = 0;
    virtual void submit(request&& what, response_handler handler) = 0;
    virtual void subscribe(scope where, const std::vector<std::string>& names, response_handler handler) = 0;
    virtual void unsubscribe(scope where, const std::vector<std::string>& names,
                             response_handler handler) = 0;
    // Fails what waits and returns once no callback runs any more (at once on the I/O thread itself).
    virtual void close() = 0;
    // For a forked child, which then leaks the object: closes descriptors, touches nothing else.
    virtual void abandon() noexcept = 0;

    virtual connection_stats stats() = 0;
    virtual failure describe(const reply& error) const = 0;
    // Waits until all that was given so far was answered; nothing where a PING tells as much.
    virtual std::optional<bool> settle(duration) { return {}; }
    // Servers that share the keys; see request::on().
    virtual std::vector<std::string> nodes() { return {""}; }
};

std::shared_ptr<link> make_link(const options& how, const std::shared_ptr<listener>& tell);

}  // namespace chanx::redis
