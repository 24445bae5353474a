"""Reads pydantic's core schema into the nodes that the native core compiles.

Whatever is not known here, a schema type or even a single key of a schema, raises ``Unsupported``: the core never
guesses what a schema means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias, cast

from chanx import _parts

Schema: TypeAlias = Mapping[str, Any]
Node: TypeAlias = dict[str, Any]
Purpose: TypeAlias = Literal["decode", "encode"]

# Keys that never change what is accepted or built.
_NEUTRAL = {"type", "ref", "metadata"}
# Of a model's configuration: about errors, about instances (which JSON never holds), or about assignment.
_NEUTRAL_CONFIG = {
    "title",
    "frozen",
    "hide_input_in_errors",
    "loc_by_alias",
    "revalidate_instances",
    "validation_error_cause",
    "cache_strings",
    "from_attributes",
    "use_attribute_docstrings",
}
# Of a model's configuration: about writing JSON only.
_OUTPUT_CONFIG = {
    "ser_json_timedelta",
    "ser_json_temporal",
    "ser_json_bytes",
    "ser_json_inf_nan",
    "serialize_by_alias",
}
_INPUT_CONFIG = {
    "str_strip_whitespace",
    "str_min_length",
    "str_max_length",
    "allow_inf_nan",
    "extra_fields_behavior",
    "val_json_bytes",
    "val_temporal_unit",
}
_MAX_FIELDS = 64
_EMPTY: dict[type, str] = {list: "empty_list", dict: "empty_dict", set: "empty_set"}
_INT64 = range(-(2**63), 2**63)


class Unsupported(Exception):
    """A part of a schema that the core leaves to pydantic; the message says which and why."""


def read(schema: Schema, purpose: Purpose, *, parts: bool) -> tuple[list[Node], int]:
    """Read a core schema.

    Args:
        schema: What ``TypeAdapter.core_schema`` or ``Model.__pydantic_core_schema__`` holds.
        purpose: ``"decode"`` for building messages, ``"encode"`` for writing them.
        parts: Hand the parts that are not known here to pydantic, each in its place, instead of giving up the whole.

    Returns:
        The nodes, and the index of the outermost one.

    Raises:
        Unsupported: Some part is not known here.
    """
    reader = _Reader(purpose, parts)
    root = reader.read(schema, reader.root_config)
    _require_whole(reader.nodes, root)
    if reader.nodes[root]["kind"] == "foreign":
        raise Unsupported(reader.nodes[root]["reason"])
    return reader.nodes, root


def children(node: Node) -> list[int]:
    """The indexes of the nodes directly inside a node."""
    kind = node["kind"]
    if kind in ("list", "nullable"):
        return [node["first"]]
    if kind == "dict":
        return [node["first"], node["second"]]
    if kind == "model":
        return [field["node"] for field in node["fields"]]
    if kind == "union":
        return list(node["choices"].values())
    return []


def _require_whole(nodes: list[Node], root: int) -> None:
    # A recursive type may have been referred to before it turned out that it cannot be read.
    reachable: set[int] = set()
    pending = [root]
    while pending:
        index = pending.pop()
        if index not in reachable:
            reachable.add(index)
            if nodes[index]["kind"] == "broken":
                raise Unsupported(nodes[index]["reason"])
            pending.extend(children(nodes[index]))
    for index, node in enumerate(nodes):
        if node["kind"] == "broken":
            assert index not in reachable
            nodes[index] = {"kind": "any"}


class _Reader:
    def __init__(self, purpose: Purpose, parts: bool) -> None:
        self.nodes: list[Node] = []
        self.decoding = purpose == "decode"
        self.parts = parts
        self.root_config: Schema = {}
        self.definitions: dict[str, Schema] = {}
        self.by_ref: dict[str, int] = {}
        self.readers: dict[str, Callable[[Schema, Schema], Node]] = {
            "any": self._any,
            "none": self._simple,
            "bool": self._simple,
            "int": self._int,
            "float": self._float,
            "str": self._str,
            "literal": self._literal,
            "nullable": self._nullable,
            "list": self._list,
            "dict": self._dict,
            "model": self._model,
            "tagged-union": self._tagged_union,
        }

    def read(self, schema: Schema, config: Schema) -> int:
        kind = schema.get("type")
        if kind == "definitions":
            self._only(schema, {"definitions", "schema"})
            for one in schema["definitions"]:
                self.definitions[one["ref"]] = one
            return self.read(schema["schema"], config)
        if kind == "definition-ref":
            self._only(schema, {"schema_ref"})
            ref = schema["schema_ref"]
            if ref in self.by_ref:
                return self._known(ref)
            if ref not in self.definitions:
                raise Unsupported(f"the definition {ref!r} is missing")
            target = self.definitions[ref]
            if target.get("type") == "definition-ref":
                # Each use of a definition counts towards pydantic's recursion limit; chains of them are not followed.
                raise Unsupported("a definition that only names another one")
            return self.read(target, self.root_config)
        ref = schema.get("ref")
        if ref is not None and ref in self.by_ref:
            return self._known(ref)
        reader = self.readers.get(str(kind))
        index = len(self.nodes)
        self.nodes.append({})
        if ref is not None:
            self.by_ref[ref] = index
        try:
            if reader is None:
                raise Unsupported(f"schema type {kind!r}")
            self.nodes[index] = reader(schema, config)
        except Unsupported as error:
            self.nodes[index] = {"kind": "broken", "reason": str(error)}
            self.nodes[index] = self._foreign(schema, config, error)
        return index

    def _known(self, ref: str) -> int:
        index = self.by_ref[ref]
        if self.nodes[index].get("kind") == "broken":
            raise Unsupported(self.nodes[index]["reason"])
        return index

    def _foreign(self, schema: Schema, config: Schema, reason: Unsupported) -> Node:
        """A part that pydantic handles, called in its place."""
        call = None
        if self.parts:
            call = _parts.handler(schema, config, self.definitions, self.decoding)
        if call is None:
            raise reason
        return {"kind": "foreign", "call": call, "reason": str(reason)}

    # -- checks -----------------------------------------------------------------------------------------------------

    def _only(self, schema: Schema, known: set[str], *, output: bool = False) -> None:
        if schema.get("strict"):
            raise Unsupported("strict mode")
        if not self.decoding and schema.get("serialization") is not None:
            raise Unsupported("a custom serializer")
        unknown = set(schema) - known - _NEUTRAL - {"strict", "serialization"}
        if unknown:
            raise Unsupported(f"{schema.get('type')!r} with {', '.join(sorted(map(str, unknown)))}")

    def _check_config(self, config: Schema) -> None:
        ignored = _NEUTRAL_CONFIG | (_OUTPUT_CONFIG if self.decoding else _INPUT_CONFIG)
        known = ignored | {
            "extra_fields_behavior",
            "str_strip_whitespace",
            "str_min_length",
            "str_max_length",
        }
        known |= {"allow_inf_nan"}
        for key, value in config.items():
            if key not in known and value is not None and value is not False:
                raise Unsupported(f"the configuration {key}={value!r}")

    # -- single values ----------------------------------------------------------------------------------------------

    def _any(self, schema: Schema, config: Schema) -> Node:
        self._only(schema, set())
        return {"kind": "any"}

    def _simple(self, schema: Schema, config: Schema) -> Node:
        self._only(schema, set())
        return {"kind": schema["type"]}

    def _int(self, schema: Schema, config: Schema) -> Node:
        bounds = {"gt", "ge", "lt", "le", "multiple_of"}
        self._only(schema, bounds)
        node: Node = {"kind": "int"}
        if self.decoding:
            for key in bounds & set(schema):
                value = schema[key]
                if type(value) is not int or value not in _INT64 or (key == "multiple_of" and value <= 0):
                    raise Unsupported(f"'int' with {key}={value!r}")
                node[key] = value
        return node

    def _float(self, schema: Schema, config: Schema) -> Node:
        bounds = {"gt", "ge", "lt", "le"}
        # JSON that the core parses holds no infinities, so allow_inf_nan changes nothing.
        self._only(schema, bounds | {"allow_inf_nan"} | (set() if self.decoding else {"multiple_of"}))
        node: Node = {"kind": "float"}
        if self.decoding:
            for key in bounds & set(schema):
                value = schema[key]
                if type(value) not in (int, float) or value != value or float(value) != value:
                    raise Unsupported(f"'float' with {key}={value!r}")
                node[key] = float(value)
        return node

    def _str(self, schema: Schema, config: Schema) -> Node:
        known = {"min_length", "max_length", "strip_whitespace"}
        if not self.decoding:
            known |= {
                "pattern",
                "regex_engine",
                "to_lower",
                "to_upper",
                "coerce_numbers_to_str",
                "ascii_only",
            }
        self._only(schema, known)
        node: Node = {"kind": "str"}
        if self.decoding:
            for key, config_key in (
                ("min_length", "str_min_length"),
                ("max_length", "str_max_length"),
            ):
                value = schema.get(key, config.get(config_key))
                if value is not None:
                    node[key] = value
            if schema.get("strip_whitespace", config.get("str_strip_whitespace")):
                node["strip"] = True
        return node

    def _literal(self, schema: Schema, config: Schema) -> Node:
        self._only(schema, {"expected"})
        expected = list(schema["expected"])
        for value in expected:
            if value is not None and type(value) not in (str, int, bool):
                raise Unsupported(f"a literal of type {type(value).__name__}")
            if type(value) is int and value not in _INT64:
                raise Unsupported("a literal beyond 64 bits")
            if type(value) is str:
                _require_utf8(value)
        if {bool, int} <= {type(v) for v in expected}:
            raise Unsupported("a literal with bool and int alternatives, which are equal to each other")
        if len(set(expected)) != len(expected):
            raise Unsupported("a literal with equal alternatives")
        return {"kind": "literal", "expected": expected}

    # -- containers -------------------------------------------------------------------------------------------------

    def _nullable(self, schema: Schema, config: Schema) -> Node:
        self._only(schema, {"schema"})
        return {"kind": "nullable", "first": self.read(schema["schema"], config)}

    def _list(self, schema: Schema, config: Schema) -> Node:
        self._only(schema, {"items_schema", "min_length", "max_length", "fail_fast"})
        items = schema.get("items_schema", {"type": "any"})
        node: Node = {"kind": "list", "first": self.read(items, config)}
        self._lengths(schema, node)
        return node

    def _dict(self, schema: Schema, config: Schema) -> Node:
        self._only(schema, {"keys_schema", "values_schema", "min_length", "max_length", "fail_fast"})
        keys = self.read(schema.get("keys_schema", {"type": "any"}), config)
        if self.nodes[keys].get("kind") not in ("str", "any"):
            raise Unsupported("a dict whose keys are not strings")
        values = self.read(schema.get("values_schema", {"type": "any"}), config)
        node: Node = {"kind": "dict", "first": keys, "second": values}
        self._lengths(schema, node)
        return node

    def _lengths(self, schema: Schema, node: Node) -> None:
        if self.decoding:
            for key in ("min_length", "max_length"):
                if schema.get(key) is not None:
                    node[key] = schema[key]

    # -- models -----------------------------------------------------------------------------------------------------

    def _model(self, schema: Schema, config: Schema) -> Node:
        self._only(
            schema,
            {"cls", "schema", "config", "custom_init", "root_model", "post_init", "generic_origin", "frozen"}
            | {"revalidate_instances"},
        )
        name = schema["cls"].__name__
        for key in ("custom_init", "root_model", "post_init"):
            if schema.get(key) and (self.decoding or key == "root_model"):
                raise Unsupported(f"{name}: {key}")
        own: Schema = schema.get("config") or {}
        self._check_config(own)
        fields: Schema = schema["schema"]
        if fields.get("type") != "model-fields":
            raise Unsupported(f"{name}: a model of {fields.get('type')!r}")
        self._only(fields, {"fields", "model_name", "computed_fields", "extra_behavior", "from_attributes"})
        if not self.decoding and fields.get("computed_fields"):
            raise Unsupported(f"{name}: computed fields")
        extra: str = fields.get("extra_behavior") or own.get("extra_fields_behavior") or "ignore"
        if extra == "allow":
            raise Unsupported(f"{name}: extra fields are kept")
        if len(fields["fields"]) > _MAX_FIELDS:
            raise Unsupported(f"{name}: more than {_MAX_FIELDS} fields")
        node: Node = {"kind": "model", "cls": schema["cls"], "fields": []}
        if extra == "forbid":
            node["forbid_extra"] = True
        for field_name, field in fields["fields"].items():
            try:
                node["fields"].append(self._field(field_name, field, own))
            except Unsupported as error:
                raise Unsupported(f"{name}.{field_name}: {error}") from None
        keys = [field["key"] for field in node["fields"]]
        if len(set(keys)) != len(keys):
            raise Unsupported(f"{name}: two fields with one alias")
        return node

    def _field(self, name: str, field: Schema, config: Schema) -> Node:
        known = {"schema", "validation_alias", "serialization_alias", "frozen", "serialization_exclude"}
        self._only(field, known | {"serialization_exclude_if"})
        if not self.decoding:
            for key in ("serialization_exclude", "serialization_exclude_if"):
                if field.get(key):
                    raise Unsupported(key)
        key = field.get("validation_alias", name) if self.decoding else name
        if not isinstance(key, str):
            raise Unsupported("an alias that is a path or a choice")
        _require_utf8(key)
        schema = field["schema"]
        out: Node = {"key": key, "name": name}
        if schema.get("type") == "default":
            out.update(self._default(schema))
            schema = schema["schema"]
        out["node"] = self.read(schema, config)
        return out

    def _default(self, schema: Schema) -> Node:
        known = {"schema", "default", "default_factory", "default_factory_takes_data"}
        self._only(schema, known | {"validate_default", "on_error", "copy_default"})
        if not self.decoding:
            return {}
        for key in ("validate_default", "default_factory_takes_data", "copy_default"):
            if schema.get(key):
                raise Unsupported(key)
        if schema.get("on_error", "raise") != "raise":
            raise Unsupported(f"on_error={schema['on_error']!r}")
        if "default_factory" in schema:
            factory: Any = schema["default_factory"]
            kinds = [kind for empty, kind in _EMPTY.items() if factory is empty]
            return {"default": kinds[0]} if kinds else {"default": "factory", "object": factory}
        if "default" not in schema:
            return {}
        value: Any = schema["default"]
        try:
            hash(value)
        except Exception:
            # pydantic copies the defaults that cannot be hashed.
            if any(type(value) is empty for empty in _EMPTY) and not value:
                return {"default": _EMPTY[cast("type", type(value))]}
            return {"default": "copy", "object": value}
        return {"default": "constant", "object": value}

    def _tagged_union(self, schema: Schema, config: Schema) -> Node:
        self._only(
            schema,
            {"choices", "discriminator", "from_attributes", "custom_error_type", "custom_error_message"}
            | {"custom_error_context"},
        )
        discriminator = schema["discriminator"]
        if not isinstance(discriminator, str):
            raise Unsupported("a discriminator that is a path or a function")
        choices: dict[str, int] = {}
        for tag, choice in cast("dict[Any, Any]", schema["choices"]).items():
            if type(tag) is not str or isinstance(choice, str):
                raise Unsupported("a tag that is not a string")
            _require_utf8(tag)
            index = self.read(cast("Schema", choice), config)
            choices[tag] = index
        node: Node = {"kind": "union", "discriminator": discriminator, "choices": choices}
        for index in choices.values():
            member = self.nodes[index]
            if not member:
                raise Unsupported("a union that contains itself")
            if member["kind"] == "foreign":
                continue
            if member["kind"] != "model" or (
                self.decoding and all(f["key"] != discriminator for f in member["fields"])
            ):
                raise Unsupported("a tagged member that is no model with the discriminator as a field")
        return node


def _require_utf8(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Unsupported("a name with a lone surrogate") from None
