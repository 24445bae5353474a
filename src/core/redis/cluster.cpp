#include "core/redis/cluster.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "core/redis/client.hpp"

namespace chanx::redis {
namespace asio = boost::asio;
namespace {

constexpr std::chrono::milliseconds TICK{50};

// What counts here is whether the cluster can be used, not each of its connections.
void add_traffic(connection_stats& to, connection_stats one) {
    one.failed = one.reconnects = one.gaps = one.backlog_bytes = one.subscriptions = 0;
    one.connected = true;
    add(to, one);
}

}  // namespace

class cluster::ear final : public listener {
public:
    ear(std::weak_ptr<cluster> owner, node_index at, bool subscriptions, std::uint64_t number)
        : owner_(std::move(owner)), at_(at), subscriptions_(subscriptions), number_(number) {}

    void on_message(std::string&& channel, std::string&& payload) override {
        const auto owner = owner_.lock();
        if (owner && owner->listener_) owner->listener_->on_message(std::move(channel), std::move(payload));
    }
    void on_batch_end() override {
        const auto owner = owner_.lock();
        if (owner && owner->listener_) owner->listener_->on_batch_end();
    }
    void on_connected(bool, duration) override {
        const auto owner = owner_.lock();
        if (owner && subscriptions_) owner->connected(at_, number_);
    }
    void on_disconnected(const failure& why) override {
        if (const auto owner = owner_.lock()) owner->lost(at_, subscriptions_, number_, why);
    }
    void on_revoked(const std::string& name) override {
        if (const auto owner = owner_.lock()) owner->revoked(at_, name);
    }

private:
    const std::weak_ptr<cluster> owner_;
    const node_index at_;
    const bool subscriptions_;
    const std::uint64_t number_;
};

cluster::cluster(options how, std::shared_ptr<listener> tell)
    : how_(std::move(how)), listener_(std::move(tell)), router_(how_) {}

void cluster::start() {
    if (started_.exchange(true)) return;
    {
        const std::lock_guard lock(mutex_);
        if (closed_) return;
        io_ = io_thread::shared();
    }
    asio::post(io_->context(), [self = shared_from_this()] {
        auto& context = self->io_->context();
        {
            const std::lock_guard lock(self->mutex_);
            if (self->closed_) return;
        }
        self->discovery_.emplace(context, self->how_);
        self->refresh_timer_.emplace(context);
        self->tick_timer_.emplace(context);
        self->refresh();
    });
}

void cluster::run(errands& todo) {
    for (const auto& each : todo.fresh) each->start();
    for (auto& each : todo.routed.sends) {
        const auto to = connect(each.node);
        if (!to) {
            answered(each.what, each.node, {router_.fail(errc::closed, "the client is closed"), {}});
            continue;
        }
        to->submit(std::move(each.bytes),
                   [self = shared_from_this(), what = each.what, at = each.node](response&& answer) {
                       self->answered(what, at, std::move(answer));
                   });
    }
    const auto peer_at = [this](node_index at) {
        const std::lock_guard lock(mutex_);
        return at < nodes_.size() ? nodes_[at].subscriptions.to : nullptr;
    };
    for (const auto& each : todo.displaced) {
        if (const auto from = peer_at(each.node)) from->unsubscribe(todo.where, each.names, {});
    }
    for (auto& each : todo.placed) {
        const auto to = peer_at(each.node);
        if (!to) {
            subscribed(each, router_.fail(errc::connection_lost, "the node was lost"));
            continue;
        }
        to->subscribe(todo.where, each.names, [self = shared_from_this(), each](response&& answer) {
            self->subscribed(each, std::move(answer.error));
        });
    }
    if (listener_ && todo.down) listener_->on_disconnected(todo.down);
    for (auto& each : todo.done) {
        if (each.handler) each.handler(std::move(each.answer));
    }
    if (listener_ && todo.up)
        listener_->on_connected(*todo.up >= duration::zero(), std::max(*todo.up, duration::zero()));
    if (todo.routed.refresh) want_refresh();
    if (todo.tick) {
        asio::post(io_->context(), [self = shared_from_this()] { self->arm_tick(); });
    }
}

cluster::peer& cluster::peer_of(node_index at, bool subscriptions) {
    if (at >= nodes_.size()) {
        const auto whole = client::hold_forks();
        nodes_.resize(at + 1);
    }
    return subscriptions ? nodes_[at].subscriptions : nodes_[at].commands;
}

// The connection to a node, a new one if need be; none once the client is closed.
std::shared_ptr<connection> cluster::connect(node_index to) {
    const std::lock_guard lock(mutex_);
    if (closed_) return nullptr;
    auto& found = peer_of(to, false);
    if (!found.to) make(found, to, false);
    return found.to;
}

void cluster::make(peer& found, node_index at, bool subscriptions) {
    options how = how_;
    how.where = router_.map().where(at);
    how.cluster.clear();
    how.in_cluster = true;
    const auto number = next_number_++;
    auto made = std::make_shared<connection>(
        std::move(how), std::make_shared<ear>(weak_from_this(), at, subscriptions, number));
    const auto whole = client::hold_forks();
    found = {std::move(made), number, false};
}

failure cluster::refusal() const {
    return closed_ ? router_.fail(errc::closed, "the client is closed") : fail_fast_;
}

void cluster::submit(request&& what, response_handler handler) {
    start();
    failure refused;
    change([&](errands& todo) {
        refused = refusal();
        if (!refused) refused = router_.submit(std::move(what), handler, steady::now(), todo.routed);
        past_.refused += refused.is(errc::backlog_full);
        past_.failed += static_cast<bool>(refused);
    });
    if (refused && handler) handler({std::move(refused), {}});
}

void cluster::answered(const std::shared_ptr<cluster_router::part>& what, node_index at, response&& answer) {
    change([&](errands& todo) { router_.answered(what, at, std::move(answer), steady::now(), todo.routed); });
}

void cluster::lost(node_index at, bool subscriptions, std::uint64_t number, const failure& why) {
    std::shared_ptr<connection> gone;
    change([&](errands& todo) {
        auto& found = peer_of(at, subscriptions);
        if (found.number != number || closed_) return;
        {
            const auto whole = client::hold_forks();
            gone = std::move(found.to);
            found = {};
        }
        add_traffic(past_, gone->stats());
        if (subscriptions) {
            plan_.lose(at);
            if (home_ == at) home_ = slot_map::NONE;
        }
        map_fresh_ = false;
        note_down(why, todo);
        todo.routed.refresh = true;
    });
    // What it had not sent yet fails as "closed", and is routed anew.
    if (gone) gone->close();
}

void cluster::note_down(const failure& why, errands& todo) {
    if (told_down_) return;
    told_down_ = true;
    down_since_ = steady::now();
    past_.gaps += ever_up_;
    todo.down = why;
}

void cluster::note_up(errands& todo) {
    if (!map_fresh_ || !plan_.complete() || (ever_up_ && !told_down_)) return;
    todo.up = ever_up_ ? steady::now() - down_since_ : duration(-1);
    past_.reconnects += ever_up_;
    ever_up_ = true;
    told_down_ = false;
}

void cluster::arm_tick() {
    if (!tick_timer_) return;
    tick_timer_->expires_after(TICK);
    tick_timer_->async_wait([self = shared_from_this()](const boost::system::error_code& error) {
        if (error) return;
        self->change([&](errands& todo) {
            self->ticking_ = false;
            self->hops_ = 0;
            const auto now = steady::now();
            self->router_.tick(now, todo.routed);
            const auto& refusal = self->plan_.last_refusal();
            self->plan_.give_up(now,
                                self->router_.fail(errc::timed_out, "no subscription in time" +
                                                                        (refusal ? ": " + refusal.text : "")),
                                todo.done);
            if (!self->plan_.complete()) {
                self->place(todo);
                todo.routed.refresh = true;
            }
        });
    });
}

void cluster::close() {
    std::vector<outcome::finished> done;
    std::vector<std::shared_ptr<connection>> open;
    {
        const std::lock_guard lock(mutex_);
        if (closed_) return;
        closed_ = true;
        cluster_router::actions routed;
        const auto why = router_.fail(errc::closed, "the client was closed");
        router_.fail_all(why, routed);
        done = std::move(routed.done);
        plan_.fail_all(why, done);
        for (auto& each : nodes_) {
            for (const auto* one : {&each.commands, &each.subscriptions}) {
                if (one->to) open.push_back(one->to);
            }
        }
    }
    if (io_) {
        const auto shut = [self = shared_from_this()] {
            self->discovery_.reset();
            self->refresh_timer_.reset();
            self->tick_timer_.reset();
        };
        io_->run(shut);
    }
    for (const auto& each : open) each->close();
    for (auto& each : done) {
        if (each.handler) each.handler(std::move(each.answer));
    }
}

void cluster::abandon() noexcept {
    for (const auto& each : nodes_) {
        if (each.commands.to) each.commands.to->abandon();
        if (each.subscriptions.to) each.subscriptions.to->abandon();
    }
    if (discovery_) discovery_->abandon();
}

connection_stats cluster::stats() {
    std::vector<std::shared_ptr<connection>> open;
    connection_stats total;
    {
        const std::lock_guard lock(mutex_);
        total = past_;
        total.failed += router_.failed();
        total.backlog_bytes = router_.backlog();
        total.subscriptions = plan_.size();
        total.connected = router_.map().loaded() && !fail_fast_ && !told_down_;
        for (auto& each : nodes_) {
            for (const auto* one : {&each.commands, &each.subscriptions}) {
                if (one->to) open.push_back(one->to);
            }
        }
    }
    for (const auto& each : open) add_traffic(total, each->stats());
    return total;
}

failure cluster::describe(const reply& error) const { return router_.fail(classify(error.text), error.text); }

std::optional<bool> cluster::settle(duration longest) {
    std::unique_lock lock(mutex_);
    const auto until = steady::now() + longest;
    const auto count = router_.requests().begun();
    if (!settled_.wait_until(lock, until, [&] { return router_.requests().ended(count); })) return false;
    // And their handlers have been called, which may have sent more.
    const auto runs = runs_.begun();
    return settled_.wait_until(lock, until, [&] { return runs_.ended(runs); });
}

std::vector<std::string> cluster::nodes() {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> found;
    for (const auto at : router_.map().masters()) found.push_back(router_.map().where(at).text());
    return found;
}

}  // namespace chanx::redis
