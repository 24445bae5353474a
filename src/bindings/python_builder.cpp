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

// Both make an instance from the values of all fields, which they borrow; with a dict, constant defaults may
// be missing.

PyObject* with_dict(const node_objects& objects, PyObject** slots) {
    PyObject* dict = PyDict_Copy(objects.blank);
    if (!dict) return nullptr;
    bool fine = true;
    for (std::size_t i = 0; fine && i < objects.names.size(); ++i) {
        if (slots[i] && slots[i] != objects.blank_values[i])
            fine = PyDict_SetItem(dict, objects.names[i], slots[i]) == 0;
    }
    PyObject* instance = fine ? blank_instance(objects.type()) : nullptr;
    if (instance && PyObject_GenericSetDict(instance, dict, nullptr) < 0) Py_CLEAR(instance);
    Py_DECREF(dict);
    if (instance) PyObject_GC_Track(instance);
    return instance;
}

PyObject* with_attributes(const node_objects& objects, PyObject** slots) {
    static PyObject* const no_arguments = PyTuple_New(0);
    PyObject* instance = PyBaseObject_Type.tp_new(objects.type(), no_arguments, nullptr);
    for (std::size_t i = 0; instance && i < objects.names.size(); ++i) {
        if (PyObject_GenericSetAttr(instance, objects.names[i], slots[i]) < 0) Py_CLEAR(instance);
    }
    return instance;
}

bool fill_defaults(const node_objects& objects, PyObject** slots) {
    for (std::size_t i = 0; i < objects.names.size(); ++i) {
        if (slots[i]) continue;
        const field_default& absent = objects.defaults[i];
        if (absent.what != field_default::type::constant)
            slots[i] = make_default(absent);
        else if (objects.inline_attributes)
            slots[i] = Py_NewRef(absent.object);
        else
            continue;  // it stands in the blank
        if (!slots[i]) return false;
    }
    return true;
}

}  // namespace

namespace {

// Short ASCII text comes again and again: names, tags, the keys of dicts. Pydantic keeps such strings as
// well.
struct short_text {
    std::uint64_t head, tail;  // eight bytes each, which may overlap
    std::size_t size;
    PyObject* object;
};
constexpr std::size_t short_texts = 512;
short_text kept_texts[short_texts];  // under the GIL

PyObject* short_string(std::uint64_t head, std::uint64_t tail, std::string_view text) {
    const std::uint64_t mixed = (head ^ (tail * 0x9E3779B97F4A7C15u) ^ text.size()) * 0xD6E8FEB86659FD93u;
    short_text& kept = kept_texts[mixed >> 32 & (short_texts - 1)];
    if (kept.object && kept.head == head && kept.tail == tail && kept.size == text.size())
        return Py_NewRef(kept.object);
    PyObject* made = PyUnicode_New(static_cast<Py_ssize_t>(text.size()), 127);
    if (!made) return nullptr;
    std::memcpy(PyUnicode_1BYTE_DATA(made), text.data(), text.size());
    Py_XDECREF(kept.object);
    kept = {head, tail, text.size(), Py_NewRef(made)};
    return made;
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
        if (((head | tail) & 0x8080808080808080u) == 0) return short_string(head, tail, text);
    }
    if (size == 1) return PyUnicode_FromOrdinal(static_cast<unsigned char>(text[0]));
    return make_str(text);
}

bool python_builder::insert(PyObject* dict, std::string_view key, PyObject* value) {
    PyObject* name = string(key);
    const bool fine = name && PyDict_SetItem(dict, name, value) == 0;
    Py_XDECREF(name);
    Py_DECREF(value);
    return fine;
}

bool python_builder::insert_value(PyObject* dict, PyObject* key, PyObject* value) {
    const bool fine = PyDict_SetItem(dict, key, value) == 0;
    Py_DECREF(key);
    Py_DECREF(value);
    return fine;
}

PyObject* python_builder::foreign(std::uint32_t node, PyObject* raw) {
    PyErr_Clear();  // of what was tried before
    PyObject* made = PyObject_CallOneArg(plan_.nodes[node].call, raw);
    Py_DECREF(raw);
    return made;
}

PyObject* python_builder::foreign_json(std::uint32_t node, std::string_view json) {
    PyObject* text = make_str(json);
    return text ? foreign(node, text) : nullptr;
}

PyObject* python_builder::after(std::uint32_t node, PyObject* value) {
    node_objects& objects = plan_.nodes[node];
    if (objects.made == form::root_model) return instance(objects, &value, nullptr, nullptr);
    if (objects.made == form::function) return foreign(node, value);
    PyObject* done = PyObject_CallMethodOneArg(value, objects.call, Py_None);
    if (!done) Py_CLEAR(value);
    Py_XDECREF(done);
    return value;
}

PyObject* python_builder::collect(std::uint32_t node, PyObject* list) {
    const node_objects& objects = plan_.nodes[node];
    PyObject* made = nullptr;
    switch (objects.made) {
        case form::set: made = PySet_New(list); break;
        case form::frozen_set: made = PyFrozenSet_New(list); break;
        default: made = PyList_AsTuple(list);
    }
    Py_DECREF(list);
    if (made && objects.made == form::named_tuple) {
        PyObject* items = made;
        made = PyObject_Call(objects.cls, items, nullptr);
        Py_DECREF(items);
    }
    if (made && (objects.made == form::set || objects.made == form::frozen_set)) {
        const auto size = static_cast<std::uint64_t>(PySet_GET_SIZE(made));
        if (size < objects.min_length || size > objects.max_length) Py_CLEAR(made);
    } else if (made && objects.made == form::tuple) {
        const auto size = static_cast<std::uint64_t>(PyTuple_GET_SIZE(made));
        if (size < objects.min_length || size > objects.max_length) Py_CLEAR(made);
    }
    return made;
}

PyObject* python_builder::dependent(std::uint32_t node, std::uint32_t field, PyObject** slots,
                                    PyObject* raw) {
    const node_objects& objects = plan_.nodes[node];
    const dependent_field& calls = objects.dependents[field];
    PyErr_Clear();
    if (!raw && !calls.absent) {
        const field_default& value = objects.defaults[field];
        return value.what == field_default::type::constant ? Py_NewRef(value.object) : make_default(value);
    }
    PyObject* data = PyDict_New();
    for (std::uint32_t i = 0; data && i < field; ++i) {
        if (slots[i] && PyDict_SetItem(data, objects.names[i], slots[i]) < 0) Py_CLEAR(data);
    }
    PyObject* made = nullptr;
    if (data) {
        made = raw ? PyObject_CallFunctionObjArgs(calls.given, data, raw, nullptr)
                   : PyObject_CallOneArg(calls.absent, data);
        Py_DECREF(data);
    }
    Py_XDECREF(raw);
    return made;
}

namespace {

// The values of a typed dict, in the order of its fields, and what was kept beyond them.
PyObject* make_typed_dict(const node_objects& objects, PyObject** slots, PyObject* extra) {
    PyObject* dict = PyDict_New();
    bool fine = dict != nullptr;
    for (std::size_t i = 0; i < objects.names.size(); ++i) {
        const field_default& absent = objects.defaults[i];
        PyObject* value = slots[i];
        if (!value && fine && absent.what == field_default::type::constant)
            value = Py_NewRef(absent.object);
        else if (!value && fine && absent.what != field_default::type::none)
            fine = (value = make_default(absent)) != nullptr;
        if (value) fine = fine && PyDict_SetItem(dict, objects.names[i], value) == 0;
        Py_XDECREF(value);
    }
    if (extra) {
        fine = fine && PyDict_Update(dict, extra) == 0;
        Py_DECREF(extra);
    }
    if (!fine) Py_CLEAR(dict);
    return dict;
}

// The names of the fields that were given, and those of what was kept beyond them.
PyObject* make_fields_set(node_objects& objects, PyObject** slots, const std::uint8_t* given,
                          PyObject* extra) {
    const std::size_t count = objects.names.size();
    PyObject* set = nullptr;
    if (count <= 64) {
        std::uint64_t mask = 0;
        for (std::size_t i = 0; i < count; ++i)
            mask |= std::uint64_t{given ? given[i] != 0 : slots[i] != nullptr} << i;
        set = make_given_set(objects, mask);
    } else {
        set = PySet_New(nullptr);
        for (std::size_t i = 0; set && i < count; ++i) {
            if ((given ? given[i] != 0 : slots[i] != nullptr) && PySet_Add(set, objects.names[i]) < 0)
                Py_CLEAR(set);
        }
    }
    Py_ssize_t at = 0;
    PyObject *name, *value;
    while (set && extra && PyDict_Next(extra, &at, &name, &value)) {
        if (PySet_Add(set, name) < 0) Py_CLEAR(set);
    }
    return set;
}

}  // namespace

PyObject* python_builder::model(std::uint32_t node, PyObject** slots, const std::uint8_t* given,
                                PyObject* extra) {
    node_objects& objects = plan_.nodes[node];
    if (objects.made == form::typed_dict) return make_typed_dict(objects, slots, extra);
    return instance(objects, slots, given, extra);
}

PyObject* python_builder::instance(node_objects& objects, PyObject** slots, const std::uint8_t* given,
                                   PyObject* extra) {
    const bool is_model = objects.made != form::dataclass;
    PyObject* fields_set = is_model ? make_fields_set(objects, slots, given, extra) : nullptr;
    PyObject* instance = nullptr;
    // Defaults come first: their code finds no instance that is half made.
    if ((fields_set || !is_model) && fill_defaults(objects, slots))
        instance = objects.inline_attributes ? with_attributes(objects, slots) : with_dict(objects, slots);
    for (std::size_t i = 0; i < objects.names.size(); ++i) Py_XDECREF(slots[i]);
    if (!instance) {
        Py_XDECREF(fields_set);
        Py_XDECREF(extra);
        return nullptr;
    }
    if (is_model) put_slot(instance, objects.fields_set_at, fields_set);
    if (objects.made == form::model) {
        put_slot(instance, objects.extra_at, extra ? extra : Py_NewRef(Py_None));
        put_slot(instance, objects.private_at, Py_NewRef(Py_None));
    }
    return instance;
}

}  // namespace chanx::bindings
