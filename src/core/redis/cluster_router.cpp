#include "core/redis/cluster_router.hpp"

#include <algorithm>
#include <map>

#include "core/redis/backoff.hpp"

namespace chanx::redis {
namespace {

constexpr int ANY = -1;                // no key: any master may run it
constexpr unsigned PROMPT_HOPS = 4;    // redirections that are followed at once
constexpr std::size_t OVERHEAD = 512;  // what an open request costs beyond its bytes
constexpr duration LONGEST_WAIT = std::chrono::milliseconds(500);

// "MOVED 3999 10.0.0.1:7000"
std::string_view third_word(std::string_view text) noexcept {
    const auto first = text.find(' ');
    const auto second = first == text.npos ? first : text.find(' ', first + 1);
    return second == text.npos ? std::string_view{} : text.substr(second + 1);
}

// What was refused before it ran, and so may be sent elsewhere.
bool never_ran(const failure& why) noexcept {
    return why.is(errc::closed) || why.is(errc::connection_failed) || why.is(errc::loading);
}

}  // namespace

struct cluster_router::operation : std::enable_shared_from_this<operation> {
    response_handler handler;
    response answer;
    std::size_t open = 0;  // commands without their reply
    std::size_t size = 0;
    std::uint64_t number = 0;
    time_point deadline;
    bool repeatable = false;
    bool finished = false;
};

struct cluster_router::part {
    std::shared_ptr<operation> whole;
    int slot = ANY;
    std::string bytes;
    std::vector<std::size_t> places;     // of the replies
    node_index target = slot_map::NONE;  // where to, when it is not where the map says
    bool asking = false;
    unsigned tries = 0;
    time_point not_before{};
    failure why;  // it still waits
};

cluster_router::cluster_router(const options& how) : how_(how), name_(how.text()) {}
cluster_router::~cluster_router() = default;

failure cluster_router::fail(errc code, std::string_view cause) const {
    std::string text = "Redis at " + name_ + ": ";
    text += cause;
    return {make_error_code(code), std::move(text)};
}

failure cluster_router::submit(request&& what, response_handler& handler, time_point now, actions& out) {
    const auto size = what.bytes().size() + OVERHEAD;
    if (backlog_ > 0 && backlog_ + size > how_.backlog_bytes) {
        return fail(errc::backlog_full, std::to_string(backlog_) + " bytes of commands wait already");
    }
    node_index pinned = slot_map::NONE;
    if (!what.node().empty()) {
        const auto found = map_.index(what.node(), 0);
        if (!found) return fail(errc::connection_failed, what.node() + " is no node");
        pinned = *found;
    }
    auto whole = std::make_shared<operation>();
    whole->open = what.commands();
    whole->size = size;
    whole->repeatable = what.is_repeatable();
    const auto length = what.timeout().value_or(how_.command_timeout);
    whole->deadline = length > duration::zero() ? now + length : time_point::max();

    std::vector<std::shared_ptr<part>> parts;
    std::map<int, std::size_t> by_slot;
    std::string_view rest = what.bytes();
    for (std::size_t i = 0; i < what.commands(); ++i) {
        const auto next = next_command(rest);
        if (!next) return fail(errc::protocol_error, "a command that cannot be read");
        const int slot = next->key ? slot_of(*next->key) : ANY;
        const auto [at, fresh] = by_slot.try_emplace(slot, parts.size());
        if (fresh) {
            auto& made = parts.emplace_back(std::make_shared<part>());
            made->whole = whole;
            made->slot = slot;
            made->target = pinned;
            // What came before was all of one slot, and its bytes were not taken yet.
            if (parts.size() == 2)
                parts[0]->bytes =
                    std::string_view(what.bytes())
                        .substr(0, static_cast<std::size_t>(next->bytes.data() - what.bytes().data()));
        }
        auto& to = *parts[at->second];
        to.places.push_back(i);
        if (parts.size() > 1) to.bytes.append(next->bytes);
    }
    if (parts.size() == 1) parts.front()->bytes = what.take_bytes();
    whole->answer.replies.resize(whole->open);
    whole->handler = std::move(handler);
    backlog_ += size;
    whole->number = requests_.begin();
    running_.insert(whole);
    if (whole->open == 0) finish(*whole, {}, out);
    for (auto& each : parts) enqueue(std::move(each), now, out);
    return {};
}

void cluster_router::enqueue(std::shared_ptr<part> what, time_point now, actions& out) {
    const int slot = what->slot;
    auto& state = slots_[slot];
    const auto node = state.waiting.empty() ? choose(*what) : slot_map::NONE;
    if (node != slot_map::NONE) return dispatch(what, node, now, out);
    state.waiting.push_back(std::move(what));
    blocked_.insert(slot);
    if (state.waiting.size() == 1 && map_.loaded()) out.refresh = true;
}

slot_map::node_index cluster_router::choose(const part& what) {
    if (what.target != slot_map::NONE) return what.target;
    if (what.slot != ANY || !map_.loaded())
        return what.slot == ANY ? slot_map::NONE : map_.owner(static_cast<std::uint16_t>(what.slot));
    return map_.masters()[turn_++ % map_.masters().size()];
}

void cluster_router::dispatch(const std::shared_ptr<part>& what, node_index node, time_point now,
                              actions& out) {
    request bytes;
    std::string_view rest = what->bytes;
    const bool plain = !what->asking && !shards_;
    if (plain) bytes = request::of_bytes(what->bytes, what->places.size());
    while (!plain && !rest.empty()) {
        const auto next = next_command(rest);
        if (!next) break;
        if (what->asking) bytes.add("ASKING");
        if (shards_ && next->verb == "PUBLISH") {
            const auto arguments = next->bytes.substr(next->bytes.find("PUBLISH") + 9);
            bytes.append(std::string("*3\r\n$8\r\nSPUBLISH\r\n").append(arguments), 1);
        } else {
            bytes.append(next->bytes, 1);
        }
    }
    const auto deadline = what->whole->deadline;
    bytes.timeout(deadline == time_point::max() ? duration::zero()
                                                : std::max<duration>(deadline - now, duration(1)));
    ++slots_[what->slot].in_flight;
    out.sends.push_back({node, what, std::move(bytes)});
}

void cluster_router::answered(const std::shared_ptr<part>& what, node_index node, response&& answer,
                              time_point now, actions& out) {
    auto& state = slots_[what->slot];
    --state.in_flight;
    operation& whole = *what->whole;
    if (!whole.finished) {
        if (!answer.error) {
            sort_replies(what, node, std::move(answer), now, out);
        } else if (never_ran(answer.error) || (whole.repeatable && answer.error.is(errc::connection_lost))) {
            out.refresh = true;
            retry(what, std::move(answer.error), true, now);
        } else {
            if (answer.error.is(errc::connection_lost)) out.refresh = true;
            finish(whole, std::move(answer.error), out);
        }
    }
    pump(what->slot, now, out);
}

void cluster_router::sort_replies(const std::shared_ptr<part>& what, node_index node, response&& answer,
                                  time_point now, actions& out) {
    operation& whole = *what->whole;
    auto again = std::make_shared<part>();
    again->whole = what->whole;
    again->slot = what->slot;
    again->tries = what->tries;
    bool redirected = false, later = false;
    std::string_view rest = what->bytes;
    const std::size_t step = what->asking ? 2 : 1;  // each command after its ASKING
    for (std::size_t i = 0; i < what->places.size(); ++i) {
        const auto next = next_command(rest);
        reply& item = answer.replies[step * i + step - 1];
        const auto code = item.is_error() ? classify(item.text) : errc::server_error;
        if (code == errc::moved || code == errc::ask) {
            const auto to = map_.index(third_word(item.text), node);
            if (to && code == errc::moved && what->slot != ANY)
                map_.assign(static_cast<std::uint16_t>(what->slot), *to);
            // Once the slot has moved for good, that is where the rest goes too.
            const bool moved = redirected && !again->asking;
            if (to && !moved) {
                again->asking = code == errc::ask;
                again->target = code == errc::ask ? *to : slot_map::NONE;
            }
            redirected = true;
            out.refresh = out.refresh || code == errc::moved;
        } else if (code == errc::cluster_down || code == errc::loading) {
            later = true;
            out.refresh = true;
        } else {
            if (item.is_error()) whole.answer.server = map_.where(node).text();
            whole.answer.replies[what->places[i]] = std::move(item);
            if (--whole.open == 0) return finish(whole, {}, out);
            continue;
        }
        again->why = {make_error_code(code), "Redis at " + map_.where(node).text() + ": " + item.text};
        again->places.push_back(what->places[i]);
        if (next) again->bytes.append(next->bytes);
    }
    if (again->places.empty()) return;
    later = again->tries >= PROMPT_HOPS || (later && !redirected);
    auto why = std::move(again->why);
    retry(std::move(again), std::move(why), later, now);
}

// Back to the head of its slot's queue: what is behind it came later.
void cluster_router::retry(std::shared_ptr<part> what, failure why, bool later, time_point now) {
    if (why.is(errc::closed) || why.is(errc::connection_failed)) {
        what->asking = false;
        what->target = slot_map::NONE;
    }
    what->not_before =
        later ? now + backoff(how_.backoff_first, std::min(how_.backoff_most, LONGEST_WAIT), what->tries)
              : now;
    ++what->tries;
    if (!why.is(errc::closed)) what->why = std::move(why);
    auto& waiting = slots_[what->slot].waiting;
    const auto number = what->whole->number;
    auto at = waiting.begin();
    while (at != waiting.end() && (*at)->whole->number <= number) ++at;
    blocked_.insert(what->slot);
    waiting.insert(at, std::move(what));
}

void cluster_router::pump(int slot, time_point now, actions& out) {
    auto& state = slots_[slot];
    if (state.waiting.empty() || state.in_flight > 0) return;
    auto queue = std::move(state.waiting);
    state.waiting.clear();
    std::size_t at = 0;
    for (; at < queue.size(); ++at) {
        auto& next = *queue[at];
        if (next.whole->finished) continue;
        if (next.whole->deadline <= now) {
            finish(*next.whole, give_up(next), out);
            continue;
        }
        if (next.not_before > now) break;
        const auto node = choose(next);
        if (node == slot_map::NONE) {
            if (map_.loaded()) {
                next.why = {make_error_code(errc::cluster_down), "no node serves it"};
                next.not_before = now + backoff(how_.backoff_first, LONGEST_WAIT, next.tries++);
                out.refresh = true;
            }
            break;
        }
        dispatch(queue[at], node, now, out);
    }
    auto& left = slots_[slot].waiting;
    left.insert(left.begin(), std::make_move_iterator(queue.begin() + static_cast<std::ptrdiff_t>(at)),
                std::make_move_iterator(queue.end()));
    if (left.empty()) blocked_.erase(slot);
}

void cluster_router::tick(time_point now, actions& out) {
    const std::vector<int> slots(blocked_.begin(), blocked_.end());
    for (const int slot : slots) {
        for (const auto& each : slots_[slot].waiting) {
            if (!each->whole->finished && each->whole->deadline <= now)
                finish(*each->whole, give_up(*each), out);
        }
        pump(slot, now, out);
    }
}

failure cluster_router::give_up(const part& what) const {
    std::string text = what.slot == ANY ? "no node" : "slot " + std::to_string(what.slot);
    text += " could not be reached in time: ";
    text += what.why ? what.why.text : "the nodes of the cluster are not known yet";
    const bool down = what.why.is(errc::cluster_down) || what.why.is(errc::moved) || what.why.is(errc::ask);
    return fail(down ? errc::cluster_down : errc::timed_out, text);
}

void cluster_router::finish(operation& whole, failure why, actions& out) {
    if (whole.finished) return;
    whole.finished = true;
    backlog_ -= whole.size;
    requests_.end(whole.number);
    if (why) {
        ++failed_;
        whole.answer.error = std::move(why);
        whole.answer.replies.clear();
    }
    if (whole.handler) out.done.push_back({std::move(whole.handler), std::move(whole.answer)});
    running_.erase(whole.shared_from_this());
}

void cluster_router::fail_all(const failure& why, actions& out) {
    const std::vector<std::shared_ptr<operation>> all(running_.begin(), running_.end());
    for (const auto& each : all) finish(*each, why, out);
    for (const int slot : blocked_) slots_[slot].waiting.clear();
    blocked_.clear();
}

}  // namespace chanx::redis
