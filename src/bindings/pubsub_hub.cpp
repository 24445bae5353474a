#include "bindings/layer_pubsub.hpp"
#include "core/redis/shard.hpp"
#include "core/redis/tally.hpp"
#include "core/runtime/memory.hpp"

namespace chanx::bindings {
namespace {

class hub_listener final : public redis::listener {
public:
    explicit hub_listener(std::weak_ptr<pubsub_hub> hub) : hub_(std::move(hub)) {}

    void on_message(std::string&& channel, std::string&& payload) override {
        if (const auto hub = hub_.lock()) hub->received(std::move(channel), std::move(payload));
    }
    void on_connected(bool again, duration gap) override {
        if (!again) return;
        const auto hub = hub_.lock();
        const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(gap).count();
        if (hub) hub->notify("reconnected", std::to_string(milliseconds));
    }
    void on_disconnected(const redis::failure& why) override {
        if (const auto hub = hub_.lock()) hub->notify("disconnected", why.text);
    }
    void on_subscription_lost(const redis::failure& why) override {
        if (const auto hub = hub_.lock()) hub->notify("subscription_lost", why.text);
    }

private:
    std::weak_ptr<pubsub_hub> hub_;
};

}  // namespace

pubsub_hub::pubsub_hub(settings how, ref<layer::channel_table> table, layer_observer notify)
    : how_(std::move(how)),
      group_prefix_(how_.prefix + "__group__"),
      table_(std::move(table)),
      notify_(std::move(notify)) {}

void pubsub_hub::connect() {
    table_->observe(this);
    for (const auto& host : how_.hosts) {
        shards_.push_back({redis::client::create(host),
                           redis::client::create(host, std::make_shared<hub_listener>(weak_from_this()))});
        shards_.back().commands->start();  // a process that only receives is connected all the same
    }
}

void pubsub_hub::close() {
    for (const auto& each : shards_) {
        each.subscriptions->close();
        each.commands->close();
    }
}

pubsub_hub::shard& pubsub_hub::shard_for(std::string_view redis_channel) {
    return shards_[redis::shard_of(redis_channel, shards_.size())];
}

void pubsub_hub::publish(std::string_view redis_channel, const outgoing& message,
                         redis::response_handler done) {
    const auto& client = shard_for(redis_channel).commands;
    client->execute(redis::request("PUBLISH", redis_channel, std::string_view(how_.format->seal(message))),
                    [client = client.get(), done = std::move(done)](redis::response&& answer) {
                        answer.error = client->check(answer);
                        done(std::move(answer));
                    });
}

void pubsub_hub::publish(const std::vector<std::pair<std::string, outgoing>>& messages,
                         redis::response_handler done) {
    std::vector<redis::request> requests(shards_.size());
    for (const auto& [channel, message] : messages) {
        requests[redis::shard_of(channel, shards_.size())].add("PUBLISH", std::string_view(channel),
                                                               std::string_view(how_.format->seal(message)));
    }
    std::size_t used = 0;
    for (const auto& each : requests) used += each.commands() > 0;
    if (used == 0) {
        if (done) done({});
        return;
    }
    const auto all = std::make_shared<redis::tally>(used, std::move(done));
    for (std::size_t i = 0; i < requests.size(); ++i) {
        if (requests[i].commands() == 0) continue;
        auto* const client = shards_[i].commands.get();
        client->execute(std::move(requests[i]),
                        [all, client](redis::response&& answer) { all->count(client->check(answer)); });
    }
}

bool pubsub_hub::flush(duration longest) {
    const auto until = steady::now() + longest;
    bool whole = true;
    for (const auto& each : shards_) {
        whole = each.commands->flush(std::max<duration>(until - steady::now(), duration::zero())) && whole;
    }
    return whole;
}

bool pubsub_hub::follow_channel(const std::string& name, redis::response_handler done) {
    const std::lock_guard lock(mutex_);
    return follow(name, table_->holds(name), std::move(done));
}

bool pubsub_hub::follow_group(const std::string& name, redis::response_handler done) {
    const std::lock_guard lock(mutex_);
    return follow(group_channel(name), table_->has_group(name), std::move(done));
}

bool pubsub_hub::follows_group(const std::string& name) {
    const std::lock_guard lock(mutex_);
    const auto found = subscribed_.find(group_channel(name));
    return found != subscribed_.end() && found->second == state::confirmed;
}

bool pubsub_hub::follow(const std::string& redis_channel, bool wanted, redis::response_handler done) {
    const auto found = subscribed_.find(redis_channel);
    if (!wanted) {
        if (found == subscribed_.end()) return true;
        subscribed_.erase(found);
        if (shrink_if_sparse(subscribed_)) release_free_memory_soon(steady::now());
        shard_for(redis_channel).subscriptions->unsubscribe({redis_channel}, std::move(done));
        return false;
    }
    if (found != subscribed_.end() && found->second == state::confirmed) return true;
    // A second caller asks again rather than wait for the first one's answer: it is harmless, and rare.
    subscribed_[redis_channel] = state::asked;
    shard_for(redis_channel)
        .subscriptions->subscribe({redis_channel}, [hub = shared_from_this(), redis_channel,
                                                    done = std::move(done)](redis::response&& answer) {
            {
                const std::lock_guard again(hub->mutex_);
                const auto asked = hub->subscribed_.find(redis_channel);
                if (asked != hub->subscribed_.end()) {
                    if (answer.error) {
                        hub->subscribed_.erase(asked);
                    } else {
                        asked->second = state::confirmed;
                    }
                }
            }
            if (done) done(std::move(answer));
        });
    return false;
}

// On the I/O thread.
void pubsub_hub::received(std::string&& redis_channel, std::string&& payload) {
    const auto now = steady::now();
    incoming came;
    if (!how_.format->open(payload, false, table_->deadline(now), came)) {
        table_->note_drop(layer::drop_reason::undecodable);
        report_drops(*table_, notify_, now);
        return;
    }
    if (redis_channel.starts_with(group_prefix_)) {
        table_->group_send(std::string_view(redis_channel).substr(group_prefix_.size()), std::move(came.item),
                           now);
    } else if (const auto to = table_->find(redis_channel)) {
        table_->deliver(*to, std::move(came.item), now);
    }
    report_drops(*table_, notify_, now);  // a process that only receives has no call of its own to do it
}

redis::connection_stats pubsub_hub::stats() const {
    redis::connection_stats total;
    total.connected = true;
    for (const auto& each : shards_) {
        for (const auto& client : {each.commands, each.subscriptions}) redis::add(total, client->stats());
    }
    return total;
}

}  // namespace chanx::bindings
