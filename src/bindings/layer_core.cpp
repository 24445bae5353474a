#include "bindings/layer_core.hpp"

#include "bindings/init.hpp"
#include "bindings/redis_answer.hpp"
#include "bindings/shared_message.hpp"

#include "core/layer/names.hpp"
#include "core/runtime/fork.hpp"

namespace chanx::bindings {
namespace {

constexpr const char* NAME_RULE =
    " names are str of fewer than 100 ASCII letters, digits, hyphens, underscores or periods";

// Empty when it is no str, or not of ASCII only.
std::string_view ascii_text(py::handle name) {
    if (!PyUnicode_Check(name.ptr()) || !PyUnicode_IS_ASCII(name.ptr())) return {};
    return {static_cast<const char*>(PyUnicode_DATA(name.ptr())),
            static_cast<std::size_t>(PyUnicode_GET_LENGTH(name.ptr()))};
}

std::string_view checked_name(py::handle name, bool (*valid)(std::string_view) noexcept, const char* kind) {
    const auto text = ascii_text(name);
    if (valid(text)) return text;
    std::string shown = py::repr(name).cast<std::string>();
    if (shown.size() > 120) shown = shown.substr(0, 117) + "...";
    throw py::type_error(std::string(kind) + " name " + shown + " is not valid: " + kind + NAME_RULE);
}

}  // namespace

std::string_view channel_name(py::handle name) {
    return checked_name(name, layer::valid_channel_name, "channel");
}

std::string_view group_name(py::handle name) { return checked_name(name, layer::valid_group_name, "group"); }

layer_core::layer_core(layer::table_options options, py::object capacity_of, py::object report)
    : options_(options), capacity_of_(std::move(capacity_of)), report_(std::move(report)) {
    make_table();
}

layer_core::~layer_core() {
    if (generation_ == fork_generation()) {
        table_->shutdown();
    } else {
        (void)table_.detach();
    }
}

void layer_core::make_table() {
    generation_ = fork_generation();
    layer::channel_table::capacity_rule rule;
    if (PyLong_Check(capacity_of_.ptr())) {
        rule = [fixed = capacity_of_.cast<std::size_t>()](std::string_view) { return fixed; };
    } else {
        // The rule goes with the table, which may outlive this object.
        rule = [held = std::make_shared<py::object>(capacity_of_)](std::string_view name) {
            const py::gil_scoped_acquire python;  // the I/O thread opens channels too
            return (*held)(py::str(name.data(), name.size())).template cast<std::size_t>();
        };
    }
    table_ = ref(new layer::channel_table(options_, std::move(rule)));
}

layer::channel_table& layer_core::table() {
    if (generation_ != fork_generation()) [[unlikely]] {
        // The parent's table may be locked for ever in this process: it is left alone, and never freed.
        (void)table_.detach();
        for (auto& [name, sink] : sinks_) (void)sink.detach();
        sinks_.clear();
        make_table();
    }
    return *table_;
}

ref<layer::channel> layer_core::known_channel(py::handle name) { return table().find(ascii_text(name)); }

void layer_core::report_drops(time_point now) {
    std::array<std::uint64_t, layer::DROP_REASONS> fresh{};
    if (!table().take_drop_report(now, fresh)) return;
    py::dict counts;
    for (std::size_t reason = 0; reason < fresh.size(); ++reason) {
        if (fresh[reason]) counts[layer::drop_reason_name(reason)] = fresh[reason];
    }
    report_(counts);
}

void layer_core::group_add(py::handle group, py::handle channel) {
    const auto joined = group_text(group);
    const auto member = table().open(channel_text(channel));
    table().group_add(joined, *member, steady::now());
}

void layer_core::group_discard(py::handle group, py::handle channel) {
    const auto left = group_text(group);
    table().group_discard(left, channel_text(channel));
}

bool layer_core::drop_channel(py::handle channel) { return table().drop(channel_text(channel)); }

void layer_core::attach(py::handle channel, py::object target, py::object deliver) {
    const std::string name(channel_text(channel));
    auto* const loop = event_loop::running();
    if (!loop) throw py::error_already_set();
    if (sinks_.contains(name)) detach(channel);
    const ref sink(
        new consumer_sink(*this, ref(loop), table().open(name), std::move(target), std::move(deliver)));
    sinks_.emplace(name, sink);
    table().attach(sink->channel(), *sink, loop, steady::now());
}

void layer_core::detach(py::handle channel) {
    const auto found = sinks_.find(std::string(channel_text(channel)));
    if (found == sinks_.end()) return;
    const auto gone = found->second;
    sinks_.erase(found);
    table().cancel(gone->channel(), *gone, steady::now());
}

void layer_core::pause(py::handle channel, bool paused) {
    consumer_sink& sink = sink_of(channel);
    sink.pause(paused);
    if (!paused) table().resume(sink.channel());
}

consumer_sink& layer_core::sink_of(py::handle channel) {
    const auto found = sinks_.find(std::string(channel_text(channel)));
    if (found == sinks_.end())
        throw py::value_error("no consumer is attached to " + py::repr(channel).cast<std::string>());
    return *found->second;
}

void layer_core::forget_sink(consumer_sink& gone) noexcept {
    const auto found = sinks_.find(gone.channel().name);
    if (found == sinks_.end() || found->second.get() != &gone) return;
    const auto last = std::move(found->second);
    sinks_.erase(found);
}

py::typing::Dict<py::str, py::object> layer_core::stats() {
    const auto now = table().stats();
    py::dict dropped;
    for (std::size_t reason = 0; reason < layer::DROP_REASONS; ++reason) {
        dropped[layer::drop_reason_name(reason)] = now.totals.dropped[reason];
    }
    py::typing::Dict<py::str, py::object> result;
    result["sent"] = now.totals.sent;
    result["received"] = now.totals.received;
    result["delivered"] = now.totals.delivered;
    result["dropped"] = dropped;
    result["channels"] = now.channels;
    result["groups"] = now.groups;
    result["members"] = now.members;
    result["unread"] = now.unread;
    result["queue_bytes"] = now.overflow_bytes;
    return result;
}

py::typing::Dict<py::str, py::typing::Tuple<py::int_, py::int_, py::int_>> layer_core::channels() {
    py::typing::Dict<py::str, py::typing::Tuple<py::int_, py::int_, py::int_>> result;
    for (const auto& each : table().channel_views()) {
        result[py::str(each.name)] = py::make_tuple(each.unread, each.capacity, each.readers);
    }
    return result;
}

py::typing::Dict<py::str, py::typing::Dict<py::str, py::float_>> layer_core::groups() {
    py::typing::Dict<py::str, py::typing::Dict<py::str, py::float_>> result;
    for (const auto& [name, members] : table().group_views(steady::now())) {
        py::typing::Dict<py::str, py::float_> ages;
        for (const auto& [channel, age] : members) {
            ages[py::str(channel)] = std::chrono::duration<double>(age).count();
        }
        result[py::str(name)] = ages;
    }
    return result;
}

void init_layers(py::module_& module) {
    init_receive(module);
    init_answers();
    init_shared_message(module);
    py::class_<layer_core>(module, "LayerCore",
                           "What all channel layers share: the channels and groups of this process.")
        .def("receiver", [](py::object self) { return make_receiver(self, self.cast<layer_core&>()); })
        .def("drop_channel", &layer_core::drop_channel, py::arg("channel"))
        .def("attach", &layer_core::attach, py::arg("channel"), py::arg("target"), py::arg("deliver"))
        .def("detach", &layer_core::detach, py::arg("channel"))
        .def("pause", &layer_core::pause, py::arg("channel"), py::arg("paused"))
        .def("flush", &layer_core::flush)
        .def("stats", &layer_core::stats)
        .def("channels", &layer_core::channels)
        .def("groups", &layer_core::groups);
    init_memory_layer(module);
    init_pubsub_layer(module);
    init_redis_layer(module);
}

}  // namespace chanx::bindings
