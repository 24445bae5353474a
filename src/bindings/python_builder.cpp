#include "bindings/python_builder.hpp"

#include <cstring>

#include "bindings/python_text.hpp"

namespace chanx::bindings {
namespace {

constexpr std::size_t kept_sets = 16;

PyObject* make_default(const field_default& from) {
    switch (from.what) {
        case field_default::type::factory: return PyObject_CallNoArgs(from.object);
        case field_default::type::empty_list: return PyList_New(0);
        case field_default::type::empty_dict: return PyDict_New();
        case field_default::type::empty_set: return PySet_New(nullptr);
        case field_default::type::deep_copy: {
            PyObject* module = PyImport_ImportModule("copy");
            if (!module) return nullptr;
            PyObject* copy = PyObject_CallMethod(module, "deepcopy", "O", from.object);
            Py_DECREF(module);
            return copy;
        }
        case field_default::type::constant:
        case field_default::type::none: break;
    }
    return nullptr;
}

PyObject* build_given_set(const node_objects& objects, std::uint64_t mask) {
    PyObject* set = PySet_New(nullptr);
    for (std::size_t i = 0; set && i < objects.names.size(); ++i) {
        if ((mask >> i & 1) && PySet_Add(set, objects.names[i]) < 0) Py_CLEAR(set);
    }
    return set;
}

PyObject* make_given_set(node_objects& objects, std::uint64_t mask) {
    for (const auto& [known, set] : objects.given_sets) {
        if (known == mask) return PySet_New(set);
    }
    PyObject* set = build_given_set(objects, mask);
    if (set && objects.given_sets.size() < kept_sets) {
        PyObject* kept = PySet_New(set);
        if (!kept)
            PyErr_Clear();
        else
            objects.given_sets.emplace_back(mask, kept);
    }
    return set;
}

void put_slot(PyObject* instance, Py_ssize_t at, PyObject* value) {
    *reinterpret_cast<PyObject**>(reinterpret_cast<char*>(instance) + at) = value;
}

// An instance as object.__new__ makes it, but without the room for attributes that would be thrown away at
// once.
PyObject* blank_instance(PyTypeObject* cls) {
    PyObject* instance = reinterpret_cast<PyObject*>(PyObject_GC_New(PyObject, cls));
    if (!instance) return nullptr;
    std::memset(reinterpret_cast<char*>(instance) + sizeof(PyObject), 0,
                static_cast<std::size_t>(cls->tp_basicsize) - sizeof(PyObject));
    return instance;
}

}  // namespace

PyObject* python_builder::string(std::string_view text) {
    // Short ASCII text is most of what messages hold: one pass over at most two words tells.
    const std::size_t size = text.size();
    if (size > 1 && size <= 16) {
        std::uint64_t head = 0, tail = 0;
        if (size >= 8) {
            std::memcpy(&head, text.data(), 8);
            std::memcpy(&tail, text.data() + size - 8, 8);
        } else {
            std::memcpy(&head, text.data(), size);
        }
        if (((head | tail) & 0x8080808080808080u) == 0) {
            PyObject* made = PyUnicode_New(static_cast<Py_ssize_t>(size), 127);
            if (made) std::memcpy(PyUnicode_1BYTE_DATA(made), text.data(), size);
            return made;
        }
    }
    return make_str(text);
}

bool python_builder::insert(PyObject* dict, std::string_view key, PyObject* value) {
    PyObject* name = string(key);
    const bool fine = name && PyDict_SetItem(dict, name, value) == 0;
    Py_XDECREF(name);
    Py_DECREF(value);
    return fine;
}

PyObject* python_builder::model(std::uint32_t node, PyObject** slots) {
    node_objects& objects = plan_.nodes[node];
    const std::size_t count = objects.names.size();
    PyObject* dict = PyDict_Copy(objects.blank);
    std::uint64_t given = 0;
    bool fine = dict != nullptr;
    for (std::size_t i = 0; i < count; ++i) {
        PyObject* value = slots[i];
        if (value)
            given |= std::uint64_t{1} << i;
        else if (objects.defaults[i].what == field_default::type::constant)
            continue;  // it stands in the blank
        else if (fine)
            value = make_default(objects.defaults[i]);
        if (value && value == objects.blank_values[i]) {
            Py_DECREF(value);  // the blank keeps it alive
            continue;
        }
        fine = fine && value && PyDict_SetItem(dict, objects.names[i], value) == 0;
        Py_XDECREF(value);
    }
    PyObject* given_set = fine ? make_given_set(objects, given) : nullptr;
    PyObject* instance = given_set ? blank_instance(objects.type()) : nullptr;
    if (instance && PyObject_GenericSetDict(instance, dict, nullptr) < 0) Py_CLEAR(instance);
    Py_XDECREF(dict);
    if (!instance) {
        Py_XDECREF(given_set);
        return nullptr;
    }
    put_slot(instance, objects.fields_set_at, given_set);
    put_slot(instance, objects.extra_at, Py_NewRef(Py_None));
    put_slot(instance, objects.private_at, Py_NewRef(Py_None));
    PyObject_GC_Track(instance);
    return instance;
}

}  // namespace chanx::bindings
