// Which node of a cluster serves which slot, as the cluster said last.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/redis/options.hpp"
#include "core/redis/reply.hpp"
#include "core/redis/slots.hpp"

namespace chanx::redis {

class slot_map {
public:
    using node_index = std::size_t;
    static constexpr node_index NONE = ~node_index{0};

    // The answer to CLUSTER SLOTS of the node at `asked`, whose host stands in where a node does not know its
    // own. Says what is wrong with an answer that cannot be used, and then changes nothing.
    std::string load(const reply& slots, const address& asked);
    bool loaded() const noexcept { return !owners_.empty(); }

    node_index owner(std::uint16_t slot) const noexcept { return loaded() ? owners_[slot] : NONE; }
    void assign(std::uint16_t slot, node_index node) noexcept {
        if (loaded()) owners_[slot] = node;
    }
    // Indexes stay what they are for good, though a node may serve nothing any more.
    node_index index(const address& node);
    // "host:port" of a redirection by the node at `from`; nothing when it is not that.
    std::optional<node_index> index(std::string_view host_and_port, node_index from);
    const address& where(node_index node) const noexcept { return nodes_[node]; }
    std::size_t size() const noexcept { return nodes_.size(); }

    const std::vector<node_index>& masters() const noexcept { return masters_; }
    // Every node of the last answer, masters first.
    const std::vector<node_index>& members() const noexcept { return members_; }

private:
    std::vector<address> nodes_;
    std::vector<node_index> owners_;  // by slot; empty before the first answer
    std::vector<node_index> masters_, members_;
};

}  // namespace chanx::redis
