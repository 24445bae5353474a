#include "bindings/redis_hub.hpp"

#include <algorithm>
#include <map>

#include "bindings/redis_scores.hpp"
#include "core/error.hpp"
#include "core/redis/shard.hpp"
#include "core/redis/tally.hpp"
#include "core/runtime/memory.hpp"

namespace chanx::bindings {
namespace {

constexpr double LONGEST_BLOCK = 5;  // seconds that a pop waits; leases are looked at in between
constexpr std::size_t LEASES_AT_ONCE = 1000;
constexpr std::chrono::seconds LEASE_PATIENCE{60};  // a failover may take that long

// Adds a message unless the channel is full: 1, or 0. The first command that writes is one that a server
// without memory refuses: after a harmless one it would let the script go on.
constexpr const char* BOUNDED_ADD = R"(
if redis.call('ZCOUNT', KEYS[1], '(' .. ARGV[1], '+inf') >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[5])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
return 1
)";

long whole_seconds(double value) { return std::max(1L, static_cast<long>(value + 0.999)); }

// Turns error replies into the failure of the whole.
redis::response_handler checked(redis::client& from, redis::response_handler done) {
    return [&from, done = std::move(done)](redis::response&& answer) {
        answer.error = from.check(answer);
        if (done) done(std::move(answer));
    };
}

}  // namespace

// Brings memberships back to a server that may have forgotten them.
class redis_hub::lease_listener final : public redis::listener {
public:
    explicit lease_listener(std::weak_ptr<redis_hub> hub) : hub_(std::move(hub)) {}

    void on_message(std::string&&, std::string&&) override {}
    void on_connected(bool again, duration) override {
        const auto hub = again ? hub_.lock() : nullptr;
        if (hub) hub->renew_leases(true);
    }

private:
    std::weak_ptr<redis_hub> hub_;
};

redis_hub::redis_hub(settings how, ref<layer::channel_table> table, layer_observer notify)
    : how_(std::move(how)),
      bounded_add_(std::make_shared<const redis::script>(BOUNDED_ADD)),
      block_seconds_(std::clamp(how_.group_expiry / 6, 0.1, LONGEST_BLOCK)),
      table_(std::move(table)),
      notify_(std::move(notify)) {}

void redis_hub::connect() {
    table_->observe(this);
    const auto listener = std::make_shared<lease_listener>(weak_from_this());
    for (const auto& host : how_.hosts) {
        shards_.push_back(redis::client::create(host, listener));
        shards_.back()->start();  // a process that only receives is connected all the same
    }
    next_renewal_ = steady::now() + from_seconds(how_.group_expiry / 3);
}

void redis_hub::close() {
    decltype(poppers_) gone;
    {
        const std::lock_guard lock(mutex_);
        gone.swap(poppers_);
    }
    for (const auto& [key, each] : gone) {
        for (const auto& one : each) one->client->close();
    }
    for (const auto& each : shards_) each->close();
}

std::string redis_hub::key_of(std::string_view channel) const {
    const auto mark = channel.find('!');
    return how_.prefix + std::string(mark == channel.npos ? channel : channel.substr(0, mark + 1));
}

redis::client& redis_hub::shard_for(std::string_view name) {
    return *shards_[redis::shard_of(name, shards_.size())];
}

// With the lock held.
std::int64_t redis_hub::next_score() {
    return last_score_ = std::max(micros_of(unix_time()), last_score_ + 2);
}

void redis_hub::add_entry(redis::request& to, const std::string& key, const std::string& sealed) {
    std::int64_t score;
    {
        const std::lock_guard lock(mutex_);
        score = next_score();
        if (poppers_.contains(key)) under_way_[key].push_back(score);
    }
    to.add("ZREMRANGEBYSCORE", key, "-inf", decimal(unix_time() - how_.expiry));
    to.add("ZADD", key, decimal(score), sealed);
    to.add("EXPIRE", key, whole_seconds(how_.expiry));
}

void redis_hub::send_general(redis::client& to, const std::string& channel, const std::string& sealed,
                             std::size_t capacity, redis::response_handler done) {
    std::string score;
    {
        const std::lock_guard lock(mutex_);
        score = decimal(next_score());
    }
    std::vector<std::string> arguments{decimal(unix_time() - how_.expiry), std::to_string(capacity), score,
                                       sealed, std::to_string(whole_seconds(how_.expiry))};
    to.evaluate(bounded_add_, {key_of(channel)}, arguments,
                [done = std::move(done), &to](redis::response&& answer) {
                    answer.error = to.check(answer);
                    if (!answer.error && answer.replies.front().number == 0)
                        answer.error = {chanx::errc::channel_full, ""};
                    if (done) done(std::move(answer));
                });
}

void redis_hub::send(const std::string& channel, const outgoing& message, std::size_t capacity,
                     redis::response_handler done) {
    const auto mark = channel.find('!');
    if (mark != channel.npos) {
        const auto sealed = how_.format->seal(message, channel);
        auto& client = shard_for(std::string_view(channel).substr(0, mark + 1));
        redis::request what;
        add_entry(what, key_of(channel), sealed);
        return client.execute(std::move(what), checked(client, std::move(done)));
    }
    std::size_t turn;
    {
        const std::lock_guard lock(mutex_);
        turn = next_shard_++;
    }
    send_general(*shards_[turn % shards_.size()], channel, how_.format->seal(message), capacity,
                 std::move(done));
}

void redis_hub::group_send(const std::string& group, const outgoing& message, redis::response_handler done) {
    auto& client = shard_for(group);
    redis::request ask("ZREMRANGEBYSCORE", group_key(group), "-inf",
                       decimal(unix_time() - how_.group_expiry));
    ask.add("ZRANGE", group_key(group), 0, -1).repeatable();
    client.execute(std::move(ask),
                   [hub = shared_from_this(), &client, message, done](redis::response&& answer) {
                       answer.error = client.check(answer);
                       if (!answer.error) return hub->deliver_group(message, answer.replies[1].items, done);
                       if (done) done(std::move(answer));
                   });
}

// One entry for each process, or general channel, that has members; none when they are all this process's
// own.
void redis_hub::deliver_group(const outgoing& message, const std::vector<redis::reply>& members,
                              redis::response_handler done) {
    std::map<std::string_view, std::vector<std::string_view>> by_owner;
    auto last = by_owner.end();  // those of one process come in rows
    for (const auto& member : members) {
        const std::string_view name = member.text;
        const auto mark = name.find('!');
        const auto owner = mark == name.npos ? name : name.substr(0, mark + 1);
        if (last == by_owner.end() || last->first != owner) last = by_owner.try_emplace(owner).first;
        last->second.push_back(name);
    }
    // All or nothing where others are to have it too: what Redis refuses, this process does not keep either.
    const bool own = by_owner.size() == 1 && last->first.ends_with('!') &&
                     reaches_itself(how_.prefix + std::string(last->first));
    if (own) loop_back(message, last->second);
    if (own || by_owner.empty()) {
        if (done) done({});
        return;
    }
    std::vector<redis::request> requests(shards_.size());
    std::vector<std::pair<std::string, std::string>> general;
    try {
        for (const auto& [owner, names] : by_owner) {
            auto sealed = how_.format->seal(message, names);
            if (owner.ends_with('!')) {
                add_entry(requests[redis::shard_of(owner, shards_.size())], how_.prefix + std::string(owner),
                          sealed);
            } else {
                general.emplace_back(owner, std::move(sealed));
            }
        }
    } catch (const std::exception& error) {
        // A registered serializer that took the message and does not take it with its address.
        if (done) done({{chanx::errc::not_serializable, error.what()}, {}});
        return;
    }
    std::size_t open = general.size();
    for (const auto& each : requests) open += each.commands() > 0;
    const auto all = std::make_shared<redis::tally>(open, std::move(done));
    for (std::size_t i = 0; i < requests.size(); ++i) {
        if (requests[i].commands() == 0) continue;
        auto& client = *shards_[i];
        client.execute(std::move(requests[i]),
                       [all, &client](redis::response&& answer) { all->count(client.check(answer)); });
    }
    for (const auto& [name, sealed] : general) {
        const auto capacity = table_->capacity_for(name);
        send_general(shard_for(name), name, sealed, capacity, [this, all](redis::response&& answer) {
            // A group message passes over a full channel.
            if (answer.error.code == chanx::errc::channel_full) {
                table_->note_drop(layer::drop_reason::capacity);
                answer.error = {};
            }
            all->count(std::move(answer.error));
        });
    }
}

void redis_hub::group_add(const std::string& group, const std::string& channel,
                          redis::response_handler done) {
    if (table_->holds(channel)) {
        const std::lock_guard lock(mutex_);
        auto& groups = joined_[channel];
        if (std::ranges::find(groups, group) == groups.end()) groups.push_back(group);
    }
    auto& client = shard_for(group);
    redis::request what("ZADD", group_key(group), decimal(unix_time()), channel);
    what.add("EXPIRE", group_key(group), whole_seconds(how_.group_expiry)).repeatable();
    client.execute(std::move(what), checked(client, std::move(done)));
}

void redis_hub::group_discard(const std::string& group, const std::string& channel,
                              redis::response_handler done) {
    {
        const std::lock_guard lock(mutex_);
        const auto found = joined_.find(channel);
        if (found != joined_.end() && std::erase(found->second, group) && found->second.empty())
            joined_.erase(found);
    }
    auto& client = shard_for(group);
    redis::request what("ZREM", group_key(group), channel);
    what.repeatable();
    client.execute(std::move(what), checked(client, std::move(done)));
}

void redis_hub::channel_freed(const std::string& name) noexcept {
    std::vector<std::string> groups;
    {
        const std::lock_guard lock(mutex_);
        const auto found = joined_.find(name);
        if (found == joined_.end()) return;
        groups.swap(found->second);
        joined_.erase(found);
        shrink_if_sparse(joined_);
    }
    for (const auto& group : groups) group_discard(group, name, {});
}

// A member that lives stays in its groups however long that is, and when Redis has lost them: restarted
// empty, or a replica took over that had not heard of them yet.
void redis_hub::renew_leases(bool at_once) {
    std::vector<redis::request> requests(shards_.size());
    std::size_t shard = 0;
    const auto send = [&] {
        if (requests[shard].commands() == 0) return;
        requests[shard].repeatable().timeout(LEASE_PATIENCE);
        shards_[shard]->execute(std::exchange(requests[shard], {}));
    };
    {
        const std::lock_guard lock(mutex_);
        const auto now = steady::now();
        if (now < next_renewal_ && !at_once) return;
        next_renewal_ = now + from_seconds(how_.group_expiry / 3);
        const auto since = decimal(unix_time());
        for (const auto& [channel, groups] : joined_) {
            if (!table_->holds(channel)) continue;
            for (const auto& group : groups) {
                shard = redis::shard_of(group, shards_.size());
                requests[shard].add("ZADD", group_key(group), since, channel);
                requests[shard].add("EXPIRE", group_key(group), whole_seconds(how_.group_expiry));
                if (requests[shard].commands() >= LEASES_AT_ONCE) send();
            }
        }
    }
    for (shard = 0; shard < requests.size(); ++shard) send();
}

bool redis_hub::flush(duration longest) {
    const auto until = steady::now() + longest;
    bool whole = true;
    for (int round = 0; round < 2; ++round) {  // a group message is sent once its members are known
        for (const auto& each : shards_) {
            whole = each->flush(std::max<duration>(until - steady::now(), duration::zero())) && whole;
        }
    }
    return whole;
}

redis::failure redis_hub::erase(duration longest) {
    {
        const std::lock_guard lock(mutex_);
        under_way_.clear();
    }
    for (const auto& client : shards_) {
        // The nodes of a cluster are known once it has answered anything.
        if (const auto why = client->check(client->call(redis::request("PING"), longest))) return why;
        for (const auto& node : client->nodes()) {
            if (const auto why = erase(*client, node, longest)) return why;
        }
    }
    return {};
}

redis::failure redis_hub::erase(redis::client& client, const std::string& node, duration longest) {
    std::string cursor = "0";
    do {
        redis::request scan("SCAN", cursor, "MATCH", how_.prefix + "*", "COUNT", 1000);
        scan.on(node);
        const auto found = client.call(std::move(scan), longest);
        if (const auto why = client.check(found)) return why;
        const auto& items = found.replies.front().items;
        if (items.size() != 2) break;
        cursor = items[0].text;
        if (items[1].items.empty()) continue;
        redis::request remove;
        for (const auto& key : items[1].items) remove.add("UNLINK", key.text);
        if (const auto why = client.check(client.call(std::move(remove), longest))) return why;
    } while (cursor != "0");
    return {};
}

redis::connection_stats redis_hub::stats() const {
    redis::connection_stats total;
    total.connected = true;
    for (const auto& each : shards_) redis::add(total, each->stats());
    const std::lock_guard lock(mutex_);
    for (const auto& [key, each] : poppers_) {
        for (const auto& one : each) redis::add(total, one->client->stats());
    }
    return total;
}

}  // namespace chanx::bindings
