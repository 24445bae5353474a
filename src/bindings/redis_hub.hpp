// The core Redis layer without Python objects: messages in sorted sets, one for all channels of a process,
// and groups in sorted sets of channel names.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "bindings/layer_events.hpp"
#include "bindings/message_format.hpp"
#include "core/layer/after_unlock.hpp"
#include "core/layer/table.hpp"
#include "core/redis/client.hpp"

namespace chanx::bindings {

class redis_hub final : public layer::table_events, public std::enable_shared_from_this<redis_hub> {
public:
    struct settings {
        std::vector<redis::options> hosts;
        std::string prefix;
        std::shared_ptr<const message_format> format;
        double expiry = 60;  // seconds that an unread message lives in Redis
        double group_expiry = 86400;
    };

    // `notify` hears of "disconnected", "reconnected", "receive_failed" and "dropped".
    redis_hub(settings how, ref<layer::channel_table> table, layer_observer notify);
    void connect();
    void close();

    // Starts to take messages for a channel: of the key it shares with the others of this process (a name
    // with
    // '!'), or of its own while someone waits for one.
    void follow(const std::string& channel);

    // `capacity` holds for names without '!'.
    void send(const std::string& channel, const outgoing& message, std::size_t capacity,
              redis::response_handler done);
    void group_send(const std::string& group, const outgoing& message, redis::response_handler done);
    void group_add(const std::string& group, const std::string& channel, redis::response_handler done);
    void group_discard(const std::string& group, const std::string& channel, redis::response_handler done);
    // These wait.
    bool flush(duration longest);
    redis::failure erase(duration longest);

    void channel_freed(const std::string& name) noexcept override;
    void group_emptied(const std::string&) noexcept override {}

    redis::connection_stats stats() const;

private:
    struct popper {
        std::string key;
        std::string general;  // the channel's name, when it has no '!'
        std::shared_ptr<redis::client> client;
        bool asking = false;       // this and the next are guarded by mutex_
        bool many_at_once = true;  // the server knows, and allows, BZMPOP
    };
    class popper_listener;
    class lease_listener;

    std::string key_of(std::string_view channel) const;
    std::string group_key(std::string_view group) const {
        return how_.prefix + ":group:" + std::string(group);
    }
    redis::client& shard_for(std::string_view name);
    void pop(const std::shared_ptr<popper>& from);
    void pop_later(const std::shared_ptr<popper>& from);
    void popped(const std::shared_ptr<popper>& from, bool many, redis::response&& answer);
    void drain(const std::shared_ptr<popper>& from);
    void take(const popper& from, const redis::reply& member, const redis::reply& scored);
    void deliver(const popper& from, const redis::reply& member);
    // Hands a message to channels of this process without a way through Redis.
    void loop_back(const outgoing& message, const std::vector<std::string_view>& channels);
    bool wanted(const popper& from);
    bool reaches_itself(const std::string& key);
    void forget_lost(const std::string& key, double seconds);
    void add_entry(redis::request& to, const std::string& key, const std::string& sealed);
    void deliver_group(const outgoing& message, const std::vector<redis::reply>& members,
                       redis::response_handler done);
    void send_general(redis::client& to, const std::string& channel, const std::string& sealed,
                      std::size_t capacity, redis::response_handler done);
    void renew_leases(bool at_once);
    redis::failure erase(redis::client& client, const std::string& node, duration longest);
    std::int64_t next_score();

    const settings how_;
    const std::shared_ptr<const redis::script> bounded_add_;
    const double block_seconds_;
    ref<layer::channel_table> table_;
    layer_observer notify_;
    std::vector<std::shared_ptr<redis::client>> shards_;

    mutable std::mutex mutex_;
    std::unordered_map<std::string, std::vector<std::shared_ptr<popper>>> poppers_;  // by key
    std::unordered_map<std::string, std::vector<std::string>> joined_;               // groups by channel
    // Scores of the entries that this process has put into keys of its own and not seen again yet, by key.
    std::unordered_map<std::string, std::deque<std::int64_t>> under_way_;
    std::int64_t last_score_ = 0;  // microseconds
    std::size_t next_shard_ = 0;
    time_point next_renewal_{};
};

}  // namespace chanx::bindings
