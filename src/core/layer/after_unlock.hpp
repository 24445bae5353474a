// What an operation on a channel_table leaves to be done once the mutex is given back: destroying messages
// (which may run any code), posting ready channels, waking loops, telling sinks. Declare one before taking
// the lock.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/layer/channel.hpp"
#include "core/runtime/memory.hpp"

namespace chanx::layer {

// What the owner of a table wants to know; called with no lock held, in the order of the changes of each
// name.
class table_events {
public:
    virtual ~table_events() = default;
    // A channel that was held is gone: dropped, or abandoned by its readers.
    virtual void channel_freed(const std::string& name) noexcept = 0;
    // The last member of a group in this process has left it.
    virtual void group_emptied(const std::string& name) noexcept = 0;
};

class after_unlock {
public:
    explicit after_unlock(table_events* events = nullptr) noexcept : events_(events) {}
    after_unlock(const after_unlock&) = delete;
    after_unlock& operator=(const after_unlock&) = delete;
    ~after_unlock() {
        for (auto& [loop, ready] : posts_) {
            if (loop->post(ready)) loop->wake();
        }
        for (sink* each : detached_) each->detached();
        for (const auto& name : freed_) events_->channel_freed(name);
        for (const auto& name : emptied_) events_->group_emptied(name);
        if (!release_memory_) return;
        // A layer with a server has an I/O thread to do it; its own data about the channels goes later, too.
        if (events_) {
            release_free_memory_soon(steady::now());
            return;
        }
        dead_.clear();
        dead_channels_.clear();
        release_free_memory();
    }

    void destroy(ref<message> item) { dead_.push_back(std::move(item)); }
    void destroy(ref<channel> item) { dead_channels_.push_back(std::move(item)); }
    void destroy(ref<completion_queue> item) { dead_loops_.push_back(std::move(item)); }
    void channel_freed(const std::string& name) {
        if (events_) freed_.push_back(name);
    }
    void group_emptied(const std::string& name) {
        if (events_) emptied_.push_back(name);
    }
    void release_memory() noexcept { release_memory_ = true; }
    void detach(sink* from) { detached_.push_back(from); }
    void post(completion_queue& loop, channel& ready) {
        // Nearly always all of a group's members read in one loop.
        if (posts_.empty() || posts_.back().first.get() != &loop)
            posts_.emplace_back(ref<completion_queue>(&loop), 0);
        posts_.back().second.push_back(ref<channel>(&ready));
    }

private:
    table_events* events_;
    bool release_memory_ = false;
    std::vector<std::string> freed_;
    std::vector<std::string> emptied_;
    std::vector<ref<message>> dead_;
    std::vector<ref<channel>> dead_channels_;
    std::vector<ref<completion_queue>> dead_loops_;
    std::vector<sink*> detached_;
    std::vector<std::pair<ref<completion_queue>, std::vector<ref<completion>>>> posts_;
};

}  // namespace chanx::layer
