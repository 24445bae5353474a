#include "core/redis/discovery.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "core/redis/client.hpp"

namespace chanx::redis {
namespace {

constexpr duration PATIENCE = std::chrono::seconds(2);  // with each node

failure failed(const failure& why, const std::string& text) { return {why.code, text}; }

}  // namespace

struct discovery::round {
    std::vector<address> candidates;
    std::size_t next = 0;
    judge accept;
    handler done;
    failure worst;  // the first cause that waiting does not cure, or else the last one
    std::string problems;
    bool cancelled = false;
};

discovery::discovery(boost::asio::io_context& context, const options& how) : context_(context), how_(how) {}
discovery::~discovery() { cancel(); }

// Under the lock that a fork holds, so that a child finds the descriptor to close.
void discovery::set_connection(std::shared_ptr<connection> next) {
    {
        const auto whole = client::hold_forks();
        asking_.swap(next);
    }
    if (next) next->close();
}

void discovery::ask(std::vector<address> candidates, judge accept, handler done) {
    cancel();
    round_ = std::make_shared<round>();
    round_->candidates = std::move(candidates);
    round_->accept = std::move(accept);
    round_->done = std::move(done);
    ask_next(round_);
}

void discovery::cancel() {
    if (!round_) return;
    const auto gone = std::move(round_);
    gone->cancelled = true;
    set_connection(nullptr);
}

void discovery::abandon() noexcept {
    if (asking_) asking_->abandon();
}

void discovery::ask_next(const std::shared_ptr<round>& at) {
    if (at->next == at->candidates.size()) {
        round_.reset();
        return at->done(failed(at->worst, at->problems));
    }
    options how = how_;
    how.where = at->candidates[at->next++];
    how.cluster.clear();
    how.scripts.clear();
    how.connect_timeout = std::min(how.connect_timeout, PATIENCE);
    set_connection(std::make_shared<connection>(std::move(how), nullptr));
    request question("CLUSTER", "SLOTS");
    question.add("COMMAND", "INFO", "SPUBLISH");
    question.timeout(PATIENCE);
    asking_->submit(std::move(question), [this, at](response&& answer) {
        // In a turn of its own: this call comes from within the connection that is to be closed.
        auto shared = std::make_shared<response>(std::move(answer));
        boost::asio::post(context_, [this, at, shared] {
            if (!at->cancelled) heard(at, std::move(*shared));
        });
    });
}

void discovery::heard(const std::shared_ptr<round>& at, response&& answer) {
    const address asked = at->candidates[at->next - 1];
    failure why = std::move(answer.error);
    if (!why && answer.replies[0].is_error()) {
        const auto code = classify(answer.replies[0].text);
        why = asking_->describe(answer.replies[0]);
        if (why.text.find("cluster support disabled") != why.text.npos) {
            why.text += "; it is a server of its own: write it into 'hosts' without 'cluster'";
        } else if (code == errc::no_permission) {
            why.text += "; its user needs the command CLUSTER SLOTS (+cluster|slots)";
        }
    }
    if (!why) {
        const auto& known = answer.replies[1];
        const bool shards = how_.sharded_pubsub.value_or(known.is_array() && known.items.size() == 1 &&
                                                         known.items[0].is_array());
        const auto problem = at->accept({std::move(answer.replies[0]), shards, asked});
        if (problem.empty()) {
            round_.reset();
            set_connection(nullptr);
            return at->done({});
        }
        why = {make_error_code(errc::cluster_down), "Redis at " + asked.text() + ": " + problem};
    }
    set_connection(nullptr);
    at->problems.append(at->problems.empty() ? "" : "; ").append(why.text);
    if (!at->worst || !lasting(at->worst)) at->worst = std::move(why);
    ask_next(at);
}

}  // namespace chanx::redis
