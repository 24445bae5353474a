// The pub/sub layer: a channel and a group are Redis channels of their own, to which this process subscribes
// while it has the channel, or a member of the group.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "bindings/layer_core.hpp"
#include "bindings/layer_events.hpp"
#include "bindings/message_format.hpp"
#include "bindings/redis_answer.hpp"
#include "core/layer/after_unlock.hpp"
#include "core/redis/client.hpp"

namespace chanx::bindings {

// What the I/O thread works with; outlives the layer until the clients are closed.
class pubsub_hub final : public layer::table_events, public std::enable_shared_from_this<pubsub_hub> {
public:
    struct settings {
        std::vector<redis::options> hosts;
        std::string prefix;
        std::shared_ptr<const message_format> format;
    };

    // `notify` hears of "disconnected", "reconnected", "subscription_lost" and "dropped".
    pubsub_hub(settings how, ref<layer::channel_table> table, layer_observer notify);
    void connect();
    void close();

    void publish(std::string_view redis_channel, const outgoing& message, redis::response_handler done);
    // These go out in one write for each host.
    void publish(const std::vector<std::pair<std::string, outgoing>>& messages, redis::response_handler done);
    bool flush(duration longest);

    // Brings the subscription of a channel or group in line with the table. `done` hears when Redis has
    // confirmed it; true when there is nothing to wait for, and `done` is not called.
    bool follow_channel(const std::string& name, redis::response_handler done);
    bool follow_group(const std::string& name, redis::response_handler done);
    // Whether Redis has confirmed the subscription of a group.
    bool follows_group(const std::string& name);

    void channel_freed(const std::string& name) noexcept override { follow_channel(name, {}); }
    void group_emptied(const std::string& name) noexcept override { follow_group(name, {}); }

    void received(std::string&& redis_channel, std::string&& payload);
    void notify(const char* what, std::string text) { notify_(what, std::move(text)); }

    std::string group_channel(std::string_view group) const { return group_prefix_ + std::string(group); }
    redis::connection_stats stats() const;

private:
    struct shard {
        std::shared_ptr<redis::client> commands;
        std::shared_ptr<redis::client> subscriptions;
    };
    enum class state { asked, confirmed };

    bool follow(const std::string& redis_channel, bool wanted, redis::response_handler done);
    shard& shard_for(std::string_view redis_channel);

    const settings how_;
    const std::string group_prefix_;
    ref<layer::channel_table> table_;
    layer_observer notify_;
    std::vector<shard> shards_;
    // Held while a subscription is compared with the table and changed, so that changes go out in their
    // order.
    std::recursive_mutex mutex_;
    std::unordered_map<std::string, state> subscribed_;
};

}  // namespace chanx::bindings
