#include "bindings/init.hpp"

PYBIND11_MODULE(_core, m) {
    m.doc() = "The native core of chanx: validation, encoding and channel layers.";
    chanx::bindings::init_codec(m);
    chanx::bindings::init_content(m);
    chanx::bindings::init_layers(m);
    chanx::bindings::init_deliver(m);
    chanx::bindings::init_hook_guard(m);
    chanx::bindings::init_wire(m);
    chanx::bindings::init_redis(m);
}
