// What the bindings of all channel layers share: the table of this process (a fresh one after a fork), names
// checked and turned into UTF-8, drops reported to the logger.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/typing.h>

#include <string>
#include <string_view>
#include <unordered_map>

#include "bindings/consumer_sink.hpp"
#include "core/layer/table.hpp"

namespace chanx::bindings {

namespace py = pybind11;

class consumer_sink;

// The UTF-8 of a valid name; throws TypeError otherwise. The view lives as long as the object.
std::string_view channel_name(py::handle name);
std::string_view group_name(py::handle name);

class layer_core {
public:
    // `capacity_of` is an int, or a callable that takes a channel name. `report` is called with a mapping of
    // drop reasons to counts when drops have to be logged.
    layer_core(layer::table_options options, py::object capacity_of, py::object report);
    virtual ~layer_core();
    layer_core(const layer_core&) = delete;
    layer_core& operator=(const layer_core&) = delete;

    layer::channel_table& table();
    // A receiver's own object for a message of this layer: a new reference, or null with a Python error set.
    virtual PyObject* decode(layer::message& item) = 0;
    // Undoes decode() for a receiver that was cancelled before it saw the object.
    virtual void restore(layer::message& item, PyObject* value) noexcept = 0;
    // The object that all attached consumers share for a message: a new reference, or null with an error set.
    virtual PyObject* share(layer::message& item) = 0;
    // The names of this kind of layer: TypeError for what is none.
    virtual std::string_view channel_text(py::handle name) { return channel_name(name); }
    virtual std::string_view group_text(py::handle name) { return group_name(name); }
    // The channel that receive() was called for.
    virtual ref<layer::channel> source(py::handle name) {
        auto known = known_channel(name);
        return known ? known : table().open(channel_text(name));
    }
    // Logs drops when some are due.
    void report_drops(time_point now);

    void group_add(py::handle group, py::handle channel);
    void group_discard(py::handle group, py::handle channel);
    bool drop_channel(py::handle channel);
    // Hands all messages of the channel to `deliver`, in the loop that runs now, until it is detached or
    // dropped.
    void attach(py::handle channel, py::object target, py::object deliver);
    void detach(py::handle channel);
    void pause(py::handle channel, bool paused);
    void forget_sink(consumer_sink& gone) noexcept;
    void flush() { table().flush(); }
    py::typing::Dict<py::str, py::object> stats();
    // Unread messages, capacity and waiting readers of each channel.
    py::typing::Dict<py::str, py::typing::Tuple<py::int_, py::int_, py::int_>> channels();
    // The age of each membership, in seconds.
    py::typing::Dict<py::str, py::typing::Dict<py::str, py::float_>> groups();

protected:
    // The channel of that name if there is one: its name was checked when it was made.
    ref<layer::channel> known_channel(py::handle name);

private:
    void make_table();
    consumer_sink& sink_of(py::handle channel);

    const layer::table_options options_;
    py::object capacity_of_;
    py::object report_;
    unsigned generation_;
    ref<layer::channel_table> table_;
    std::unordered_map<std::string, ref<consumer_sink>> sinks_;  // by channel; guarded by the GIL
};

// A callable that takes a channel name and returns an awaitable, which is also a coroutine, of its next
// message.
py::object make_receiver(py::object owner, layer_core& core);
void init_receive(py::module_& module);

// A copy of a message with containers of its own.
py::object thaw_copy(py::handle value);

}  // namespace chanx::bindings
