#include "core/redis/slot_map.hpp"

#include <algorithm>
#include <charconv>

namespace chanx::redis {
namespace {

// [host, port, id, ...]; a node that does not know its own host is the one that was asked.
std::optional<address> node_of(const reply& item, const address& asked) {
    if (item.items.size() < 2 || item.items[1].number <= 0 || item.items[1].number > 65535) return {};
    address made;
    made.host = item.items[0].text;
    if (made.host.empty()) made.host = asked.host;
    made.port = static_cast<std::uint16_t>(item.items[1].number);
    if (made.host == "?") return {};  // its name is not known yet
    return made;
}

void add_once(std::vector<slot_map::node_index>& to, slot_map::node_index node) {
    if (std::ranges::find(to, node) == to.end()) to.push_back(node);
}

}  // namespace

slot_map::node_index slot_map::index(const address& node) {
    const auto found = std::ranges::find(nodes_, node);
    if (found != nodes_.end()) return static_cast<node_index>(found - nodes_.begin());
    nodes_.push_back(node);
    return nodes_.size() - 1;
}

std::optional<slot_map::node_index> slot_map::index(std::string_view host_and_port, node_index from) {
    const auto colon = host_and_port.rfind(':');
    if (colon == host_and_port.npos) return {};
    address node;
    node.host = host_and_port.substr(0, colon);
    if (node.host.empty()) node.host = nodes_[from].host;
    const auto digits = host_and_port.substr(colon + 1);
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), node.port);
    if (parsed.ec != std::errc() || node.port == 0) return {};
    return index(node);
}

std::string slot_map::load(const reply& slots, const address& asked) {
    if (!slots.is_array()) return "it did not answer CLUSTER SLOTS with a list";
    std::vector<node_index> owners(SLOTS, NONE), masters, replicas;
    for (const auto& range : slots.items) {
        if (range.items.size() < 3) continue;
        const auto first = range.items[0].number, last = range.items[1].number;
        if (first < 0 || last >= SLOTS || first > last) return "it named slots that do not exist";
        const auto master = node_of(range.items[2], asked);
        if (!master) continue;
        const auto owner = index(*master);
        std::fill(owners.begin() + first, owners.begin() + last + 1, owner);
        add_once(masters, owner);
        for (std::size_t i = 3; i < range.items.size(); ++i) {
            if (const auto replica = node_of(range.items[i], asked)) add_once(replicas, index(*replica));
        }
    }
    if (masters.empty()) return "it knows no node that serves a slot (is the cluster made yet?)";
    owners_ = std::move(owners);
    members_ = masters;
    for (const auto node : replicas) add_once(members_, node);
    masters_ = std::move(masters);
    return {};
}

}  // namespace chanx::redis
