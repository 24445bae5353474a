// Where the deliveries of a channel go. Two kinds today, and the table knows neither asyncio nor Python:
//
// - one-shot: a task that waits in receive(). It is detached, then handed one message, and attaches itself
// again
//   when it next finds its channel empty.
// - persistent: a chanx consumer (issue "dispatch and fan-out"). It attaches once, on connecting, and stays.
// Every
//   message is handed to deliver() in the drain of its loop, without receive() and without a task. A group
//   message is one `message` object shared by all members, so the first sink that needs its frame encodes it
//   and leaves it in the message object (the class derived from `message` has the slot); the members after it
//   find it there. A consumer that cannot take more (a slow client) answers `busy`: the message goes back to
//   the front of its channel, where capacity and expiry count it, and the sink calls channel_table::resume
//   when it has room.
//
// A native socket will be a third, persistent one.
#pragma once

#include "core/layer/message.hpp"
#include "core/runtime/completion_queue.hpp"

namespace chanx::layer {

enum class delivery {
    taken,      // delivered
    busy,       // the sink has no room: the message stays first in its channel
    set_aside,  // the message cannot be delivered to anyone; it is dropped and counted, the sink still waits
};

class sink {
public:
    // The loop in whose drain deliver() has to be called.
    virtual completion_queue& loop() noexcept = 0;
    virtual bool persistent() const noexcept = 0;
    // Called in the drain of loop(), with no lock held.
    virtual delivery deliver(ref<message> item) noexcept = 0;
    // The channel is gone (drop_channel); the sink is detached. Called with no lock held.
    virtual void detached() noexcept = 0;

protected:
    // The owner keeps a sink alive while it is attached; the table never deletes one.
    ~sink() = default;
};

}  // namespace chanx::layer
