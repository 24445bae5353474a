// One init function for each binding file; module.cpp calls them in order.
#pragma once

#include <pybind11/pybind11.h>

namespace chanx::bindings {

void init_codec(pybind11::module_& m);         // plans, decoders and encoders of typed messages
void init_content(pybind11::module_& module);  // JSON without a message type
void init_deliver(pybind11::module_& module);  // layer messages to consumers
void init_layers(pybind11::module_& module);   // what the channel layers share, and each of them
void init_memory_layer(pybind11::module_& module);
void init_pubsub_layer(pybind11::module_& module);
void init_redis_layer(pybind11::module_& module);

void init_hook_guard(pybind11::module_& m);  // notices overridden methods
void init_wire(pybind11::module_& module);   // the serialised form of layer messages
void init_redis(pybind11::module_& module);  // the Redis client

}  // namespace chanx::bindings
