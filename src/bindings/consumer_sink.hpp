// The persistent sink: a consumer that takes its messages without receive(). A drain collects what it has for
// all attached consumers of its loop and hands it over in one call: deliver([(target, shared message), ...]).
#pragma once

#include <pybind11/pybind11.h>

#include "bindings/event_loop.hpp"
#include "core/layer/channel.hpp"
#include "core/layer/sink.hpp"

namespace chanx::bindings {

class layer_core;

class consumer_sink final : public layer::sink, public ref_counted {
public:
    consumer_sink(layer_core& core, ref<event_loop> loop, ref<layer::channel> channel,
                  pybind11::object target, pybind11::object deliver);

    completion_queue& loop() noexcept override { return *loop_; }
    bool persistent() const noexcept override { return true; }
    layer::delivery deliver(ref<layer::message> item) noexcept override;
    void detached() noexcept override;

    layer::channel& channel() const noexcept { return *channel_; }
    // While paused, messages stay in the channel, where capacity and expiry count them.
    void pause(bool paused) noexcept { paused_ = paused; }

private:
    layer_core& core_;
    ref<event_loop> loop_;
    ref<layer::channel> channel_;
    pybind11::object target_;
    pybind11::object deliver_;
    // What a consumer is handed at once, in bytes, before it may say that it has had enough.
    static constexpr std::size_t MAX_COLLECTED = std::size_t{32} << 10;

    std::uint64_t batch_ = 0;  // the loop's batch that `collected_` belongs to
    std::size_t collected_ = 0;
    bool paused_ = false;
};

}  // namespace chanx::bindings
