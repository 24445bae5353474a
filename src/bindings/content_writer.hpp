// Writes JSON content, which is what no plan describes, as json.dumps does by default: with spaces after
// commas and colons, in ASCII, NaN and the infinities by their names.
#pragma once

#include <Python.h>

#include "core/encode/json_writer.hpp"

namespace chanx::bindings {

class content_writer {
public:
    explicit content_writer(encode::json_writer& out) : out_(out) {}

    // False for anything but dicts with keys of str, lists, tuples, str, numbers of 64 bits, booleans and
    // None, none of a subclass; json.dumps then knows what to make of it. The buffer is then undefined.
    bool value(PyObject* from, unsigned depth = 0);

private:
    static constexpr unsigned MAX_DEPTH = 64;

    bool dict(PyObject* from, unsigned depth);
    bool sequence(PyObject* from, unsigned depth);
    void string(PyObject* from);
    bool integer(PyObject* from);
    bool floating(PyObject* from);

    encode::json_writer& out_;
};

}  // namespace chanx::bindings
