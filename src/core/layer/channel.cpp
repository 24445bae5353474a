#include "core/layer/channel.hpp"

#include "core/layer/table.hpp"

namespace chanx::layer {

channel::channel(ref<channel_table> owner, std::string channel_name, std::size_t channel_capacity)
    : name(std::move(channel_name)), capacity(channel_capacity), owner_(std::move(owner)) {}

channel::~channel() = default;

bool channel::run(completion_queue& loop, drain_budget& budget) {
    return owner_->run_channel(*this, loop, budget);
}

}  // namespace chanx::layer
