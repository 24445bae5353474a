// What an operation on a channel_table leaves to be done once the mutex is given back: destroying messages
// (which may run any code), posting ready channels, waking loops, telling sinks. Declare one before taking
// the lock.
#pragma once

#include <utility>
#include <vector>

#include "core/layer/channel.hpp"

namespace chanx::layer {

class after_unlock {
public:
    after_unlock() = default;
    after_unlock(const after_unlock&) = delete;
    after_unlock& operator=(const after_unlock&) = delete;
    ~after_unlock() {
        for (auto& [loop, ready] : posts_) {
            if (loop->post(ready)) loop->wake();
        }
        for (sink* each : detached_) each->detached();
    }

    void destroy(ref<message> item) { dead_.push_back(std::move(item)); }
    void destroy(ref<channel> item) { dead_channels_.push_back(std::move(item)); }
    void destroy(ref<completion_queue> item) { dead_loops_.push_back(std::move(item)); }
    void detach(sink* from) { detached_.push_back(from); }
    void post(completion_queue& loop, channel& ready) {
        // Nearly always all of a group's members read in one loop.
        if (posts_.empty() || posts_.back().first.get() != &loop)
            posts_.emplace_back(ref<completion_queue>(&loop), 0);
        posts_.back().second.push_back(ref<channel>(&ready));
    }

private:
    std::vector<ref<message>> dead_;
    std::vector<ref<channel>> dead_channels_;
    std::vector<ref<completion_queue>> dead_loops_;
    std::vector<sink*> detached_;
    std::vector<std::pair<ref<completion_queue>, std::vector<ref<completion>>>> posts_;
};

}  // namespace chanx::layer
