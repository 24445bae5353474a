// The half of redis_hub that takes messages out of Redis.
#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <charconv>

#include "bindings/redis_hub.hpp"
#include "bindings/redis_scores.hpp"
#include "core/redis/io_thread.hpp"

namespace chanx::bindings {
namespace {

constexpr int DRAIN = 128;  // what is taken at once after a first message
// Past the time at which the connection's own PINGs find a dead server: the answer of a pop that was given up
// would be a lost message.
constexpr auto POP_TIMEOUT = std::chrono::seconds(60);
constexpr auto POP_AGAIN = std::chrono::seconds(1);  // after the server refused to pop
// Seconds after which what this process sent to itself is not on its way to Redis any more.
constexpr double LONGEST_WAY = 60;

// A server older than a command, or a user who may not run it.
bool knows_no_such_command(const std::string& error) {
    return error.find("unknown command") != error.npos ||
           redis::classify(error) == redis::errc::no_permission;
}

}  // namespace

// Asks again once a server that was away is back.
class redis_hub::popper_listener final : public redis::listener {
public:
    explicit popper_listener(std::weak_ptr<redis_hub> hub) : hub_(std::move(hub)) {}
    void watch(std::weak_ptr<popper> who) { popper_ = std::move(who); }

    void on_message(std::string&&, std::string&&) override {}
    void on_connected(bool again, duration gap) override {
        const auto hub = hub_.lock();
        const auto who = popper_.lock();
        if (!hub || !who) return;
        if (again && who->general.empty()) {
            const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(gap).count();
            hub->notify_("reconnected", std::to_string(milliseconds));
        }
        if (hub->wanted(*who)) hub->pop(who);
    }
    void on_disconnected(const redis::failure& why) override {
        const auto hub = hub_.lock();
        const auto who = popper_.lock();
        if (hub && who && who->general.empty()) hub->notify_("disconnected", why.text);
    }

private:
    std::weak_ptr<redis_hub> hub_;
    std::weak_ptr<popper> popper_;
};

void redis_hub::follow(const std::string& channel) {
    const auto key = key_of(channel);
    const bool general = channel.find('!') == channel.npos;
    std::vector<std::shared_ptr<popper>> idle;
    {
        const std::lock_guard lock(mutex_);
        auto& mine = poppers_[key];
        if (mine.empty()) {
            for (const auto& host : how_.hosts) {
                auto made = std::make_shared<popper>();
                made->key = key;
                if (general) made->general = channel;
                const auto listener = std::make_shared<popper_listener>(weak_from_this());
                listener->watch(made);
                made->client = redis::client::create(host, listener);
                mine.push_back(std::move(made));
            }
        }
        for (const auto& each : mine) {
            if (!each->asking) idle.push_back(each);
        }
    }
    for (const auto& each : idle) pop(each);
}

bool redis_hub::wanted(const popper& from) {
    if (from.general.empty()) return true;
    const auto view = table_->view(from.general);
    return view && view->readers > view->unread;
}

// Other workers share a general channel: of that one message is taken for each reader that waits.
void redis_hub::pop(const std::shared_ptr<popper>& from) {
    bool many;
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(from->asking, true)) return;
        many = from->general.empty() && from->many_at_once;
    }
    redis::request ask;
    if (many) {
        ask.add("BZMPOP", decimal(block_seconds_), 1, from->key, "MIN", "COUNT", DRAIN);
    } else {
        ask.add("BZPOPMIN", from->key, decimal(block_seconds_));
    }
    ask.timeout(POP_TIMEOUT);
    from->client->execute(std::move(ask), [hub = weak_from_this(), from, many](redis::response&& answer) {
        if (const auto alive = hub.lock()) alive->popped(from, many, std::move(answer));
    });
}

void redis_hub::popped(const std::shared_ptr<popper>& from, bool many, redis::response&& answer) {
    const bool refused = many && !answer.error && answer.replies.front().is_error() &&
                         knows_no_such_command(answer.replies.front().text);
    {
        const std::lock_guard lock(mutex_);
        from->asking = false;
        if (refused) from->many_at_once = false;
    }
    if (refused) return pop(from);
    if (answer.error) {
        // Never at once: while there is no connection a pop may be refused before execute() returns. The next
        // connection asks too, see popper_listener.
        if (!answer.error.is(redis::errc::closed)) pop_later(from);
        return;
    }
    const auto& reply = answer.replies.front();
    if (reply.is_error()) {
        // A replica that is being promoted, a key of another kind: it may pass.
        notify_("receive_failed", from->client->describe(reply).text);
        return pop_later(from);
    }
    if (many && reply.items.size() == 2) {
        for (const auto& each : reply.items[1].items) {
            if (each.items.size() == 2) take(*from, each.items[0], each.items[1]);
        }
    } else if (!many && reply.items.size() == 3) {
        take(*from, reply.items[1], reply.items[2]);
        if (from->general.empty()) drain(from);
    }
    if (from->general.empty()) {
        if (reply.items.empty()) forget_lost(from->key, LONGEST_WAY);  // the key was empty for a while
        renew_leases(false);
    }
    if (wanted(*from)) pop(from);
}

// What has gathered behind a message, from a server before Redis 7.
void redis_hub::drain(const std::shared_ptr<popper>& from) {
    redis::request more("ZPOPMIN", from->key, DRAIN);
    from->client->execute(std::move(more), [hub = weak_from_this(), from](redis::response&& rest) {
        const auto alive = hub.lock();
        if (!alive || rest.error) return;
        const auto& items = rest.replies.front().items;
        for (std::size_t i = 0; i + 1 < items.size(); i += 2) alive->take(*from, items[i], items[i + 1]);
    });
}

void redis_hub::pop_later(const std::shared_ptr<popper>& from) {
    const auto timer = std::make_shared<boost::asio::steady_timer>(redis::io_thread::shared()->context());
    timer->expires_after(POP_AGAIN);
    timer->async_wait([hub = weak_from_this(), from, timer](const boost::system::error_code& error) {
        const auto alive = hub.lock();
        if (!error && alive && alive->wanted(*from)) alive->pop(from);
    });
}

void redis_hub::take(const popper& from, const redis::reply& member, const redis::reply& scored) {
    deliver(from, member);
    if (!from.general.empty()) return;
    // Only now: what is sent after it must not overtake it, see reaches_itself().
    double seconds = 0;
    std::from_chars(scored.text.data(), scored.text.data() + scored.text.size(), seconds);
    const auto score = micros_of(seconds);
    const std::lock_guard lock(mutex_);
    const auto found = under_way_.find(from.key);
    if (found == under_way_.end()) return;
    auto& open = found->second;
    const auto place = std::ranges::lower_bound(open, score);
    if (place != open.end() && *place == score) open.erase(place);
    if (open.empty()) under_way_.erase(found);
}

void redis_hub::deliver(const popper& from, const redis::reply& member) {
    const auto now = steady::now();
    incoming came;
    if (!how_.format->open(member.text, true, table_->deadline(now), came) ||
        (!came.header.addressed && from.general.empty())) {
        table_->note_drop(layer::drop_reason::undecodable);
    } else if (from.general.empty()) {
        table_->deliver(came.header.channels, std::move(came.item), now);
    } else {
        // What is sent to a channel with a key of its own need not name it.
        table_->deliver(*table_->open(from.general), std::move(came.item), now);
    }
    report_drops(*table_, notify_, now);
}

void redis_hub::loop_back(const outgoing& message, const std::vector<std::string_view>& channels) {
    const auto now = steady::now();
    if (auto item = how_.format->loop_back(message, table_->deadline(now))) {
        table_->deliver(channels, std::move(item), now);
    } else {
        table_->note_drop(layer::drop_reason::undecodable);
    }
    report_drops(*table_, notify_, now);
}

// Whether a group message for the channels of a key needs no way through Redis: they are this process's own,
// and nothing that it sent them earlier is still under way, which must not be overtaken.
bool redis_hub::reaches_itself(const std::string& key) {
    forget_lost(key, how_.expiry);
    const std::lock_guard lock(mutex_);
    if (!poppers_.contains(key)) return false;
    return !under_way_.contains(key);
}

// What this process put into a key so long ago, and has not seen again, was lost.
void redis_hub::forget_lost(const std::string& key, double seconds) {
    const std::lock_guard lock(mutex_);
    const auto found = under_way_.find(key);
    if (found == under_way_.end()) return;
    const auto oldest = micros_of(unix_time() - seconds);
    while (!found->second.empty() && found->second.front() < oldest) found->second.pop_front();
    if (found->second.empty()) under_way_.erase(found);
}

}  // namespace chanx::bindings
