"""Reads the schemas of single values: numbers, text, dates, enums, and functions that make a value."""

from __future__ import annotations

from enum import Enum
from typing import Any, cast

from chanx import _core, _parts
from chanx._schema import Node, Reader, ReadPart, Schema, Unsupported, require_utf8

_INT64 = range(-(2**63), 2**63)
# Kinds that JSON spells as strings: what the core calls them, and the keys that change nothing.
_SPELLED: dict[str, tuple[str, set[str]]] = {
    "date": ("date", set()),
    "time": ("time", {"microseconds_precision"}),
    "datetime": ("datetime", {"microseconds_precision"}),
    "timedelta": ("duration", {"microseconds_precision"}),
    "uuid": ("uuid", set()),
    "decimal": ("decimal", {"allow_inf_nan"}),
}
_JSON_TYPES = (str, int, float, bool, type(None), list, dict)


def _any(reader: Reader, schema: Schema, config: Schema) -> Node:
    reader.only(schema, set())
    return {"kind": "any"}


def _simple(reader: Reader, schema: Schema, config: Schema) -> Node:
    reader.only(schema, set())
    return {"kind": schema["type"]}


def _int(reader: Reader, schema: Schema, config: Schema) -> Node:
    bounds = {"gt", "ge", "lt", "le", "multiple_of"}
    reader.only(schema, bounds)
    node: Node = {"kind": "int"}
    if reader.decoding:
        for key in bounds & set(schema):
            value = schema[key]
            if type(value) is not int or value not in _INT64 or (key == "multiple_of" and value <= 0):
                raise Unsupported(f"'int' with {key}={value!r}")
            node[key] = value
    return node


def _float(reader: Reader, schema: Schema, config: Schema) -> Node:
    bounds = {"gt", "ge", "lt", "le", "multiple_of"}
    # JSON that the core parses holds no infinities, so allow_inf_nan changes nothing.
    reader.only(schema, bounds | {"allow_inf_nan"})
    node: Node = {"kind": "float"}
    if reader.decoding:
        for key in bounds & set(schema):
            value = schema[key]
            exact = type(value) in (int, float) and value == value and float(value) == value
            if not exact or (key == "multiple_of" and value <= 0):
                raise Unsupported(f"'float' with {key}={value!r}")
            node[key] = float(value)
    return node


def _str(reader: Reader, schema: Schema, config: Schema) -> Node:
    if not reader.decoding:
        ignored = {"pattern", "regex_engine", "to_lower", "to_upper", "coerce_numbers_to_str", "ascii_only"}
        reader.only(schema, ignored | {"min_length", "max_length", "strip_whitespace"})
        return {"kind": "str"}
    if schema.get("pattern") is not None:
        raise Unsupported("a pattern, which only pydantic's regular expressions decide")
    reader.only(
        schema,
        {"min_length", "max_length", "strip_whitespace", "to_lower", "to_upper", "coerce_numbers_to_str"}
        | {"regex_engine"},
    )
    node: Node = {"kind": "str"}
    for key in ("min_length", "max_length"):
        value = schema.get(key, config.get(f"str_{key}"))
        if value is not None:
            node[key] = value
    if schema.get("strip_whitespace", config.get("str_strip_whitespace")):
        node["strip"] = True
    lower = schema.get("to_lower", config.get("str_to_lower"))
    upper = schema.get("to_upper", config.get("str_to_upper"))
    if lower or upper:
        if lower and upper:
            raise Unsupported("'str' with to_lower and to_upper")
        node["letters"] = "lower" if lower else "upper"
        reader.with_fallback(node, schema, config)
    if schema.get("coerce_numbers_to_str", config.get("coerce_numbers_to_str")):
        node["coerces"] = True
        reader.with_fallback(node, schema, config)
    return node


def _literal(reader: Reader, schema: Schema, config: Schema) -> Node:
    reader.only(schema, {"expected"})
    expected = list(schema["expected"])
    members = [value for value in expected if isinstance(value, Enum)]
    for value in expected:
        if isinstance(value, Enum):
            continue
        if value is not None and type(value) not in (str, int, bool):
            raise Unsupported(f"a literal of type {type(value).__name__}")
        _require_plain(value)
    if {bool, int} <= {type(v) for v in expected}:
        raise Unsupported("a literal with bool and int alternatives, which are equal to each other")
    if len(set(expected)) != len(expected):
        raise Unsupported("a literal with equal alternatives")
    if not members:
        return {"kind": "literal", "expected": expected}
    if reader.decoding:
        # What is equal to no value of JSON is never taken from one.
        expected = [value for value in expected if not isinstance(value, Enum) or _equals_its_value(value)]
    values = [value.value if isinstance(value, Enum) else value for value in expected]
    for value in values:
        if value is not None and type(value) not in (str, int, bool):
            raise Unsupported(f"a literal with an enum of type {type(value).__name__}")
        _require_plain(value)
    node: Node = {"kind": "literal", "expected": values, "members": expected, "name": "literal"}
    return reader.with_fallback(node, schema, config)


def _equals_its_value(member: Enum) -> bool:
    """Whether a member is found in a dict by its value."""
    cls, value = type(member), type(member.value)
    return value in (str, int) and all(
        getattr(cls, name) is getattr(value, name) for name in ("__eq__", "__hash__")
    )


def _enum(reader: Reader, schema: Schema, config: Schema) -> Node:
    reader.only(schema, {"cls", "members", "sub_type", "missing"})
    members = list(schema["members"])
    values = [member.value for member in members]
    for value in values:
        if type(value) not in (str, int):
            raise Unsupported(f"an enum with a value of type {type(value).__name__}")
        _require_plain(value)
    if len(set(values)) != len(values):
        raise Unsupported("an enum with equal values")
    node: Node = {"kind": "literal", "expected": values, "members": members, "name": schema["cls"].__name__}
    return reader.with_fallback(node, schema, config)


def _require_plain(value: object) -> None:
    if type(value) is int and value not in _INT64:
        raise Unsupported("an alternative beyond 64 bits")
    if type(value) is str:
        require_utf8(value)


def _spelled(reader: Reader, schema: Schema, config: Schema) -> Node:
    kind, known = _SPELLED[schema["type"]]
    if not reader.decoding:
        known = set(schema)
    reader.only(schema, known)
    return reader.with_fallback({"kind": kind}, schema, config)


def _bytes(reader: Reader, schema: Schema, config: Schema) -> Node:
    reader.only(schema, {"min_length", "max_length"})
    if config.get("val_json_bytes") not in (None, "utf8"):
        raise Unsupported("bytes that JSON holds in another form than UTF-8")
    node: Node = {"kind": "bytes"}
    for key in ("min_length", "max_length"):
        if schema.get(key) is not None:
            node[key] = schema[key]
    return reader.with_fallback(node, schema, config)


def _is_instance(reader: Reader, schema: Schema, config: Schema) -> Node:
    reader.only(schema, {"cls", "cls_repr"})
    cls: Any = schema["cls"]
    if not reader.decoding or type(cls) is not type or any(issubclass(one, cls) for one in _JSON_TYPES):
        raise Unsupported("an instance of a class that values of JSON may belong to")
    return {"kind": "never"}


def _function_after(reader: Reader, schema: Schema, config: Schema) -> Node:
    reader.only(schema, {"function", "schema"})
    node: Node = {"kind": "after", "form": "function", "call": _without_info(schema)}
    node["first"] = reader.read(schema["schema"], config)
    if reader.nodes[node["first"]].get("kind") == "foreign":
        raise Unsupported(reader.nodes[node["first"]]["reason"])  # one call of pydantic does both
    return node


def _function_plain(reader: Reader, schema: Schema, config: Schema) -> Node:
    reader.only(schema, {"function"})
    if not reader.decoding or reader.mode == "json":
        raise Unsupported("a function that makes the value")
    function = _without_info(schema)
    name = getattr(function, "__name__", function)
    return {"kind": "foreign", "call": function, "reason": f"the validator {name!r}", "native": True}


def _function_before(reader: Reader, schema: Schema, config: Schema) -> Node:
    when = "before" if schema["type"] == "function-before" else "around"
    raise Unsupported(f"{_parts.reason_of(schema)} {when} it")


def _without_info(schema: Schema) -> Any:
    function: Schema = schema["function"]
    if function.get("type") != "no-info":
        raise Unsupported("a validator that asks for the context")
    return function["function"]


def _json(reader: Reader, schema: Schema, config: Schema) -> Node:
    reader.only(schema, {"schema"})
    if reader.mode == "json":
        raise Unsupported("JSON inside of JSON")
    rest = reader.handler(schema, config)
    if rest is None:
        raise Unsupported("'json' that depends on what surrounds it")
    nodes, root = reader.read_json(schema.get("schema") or {"type": "any"}, config)
    if nodes[root]["kind"] == "foreign":
        raise Unsupported(f"JSON in a string, of {nodes[root]['reason']}")  # one call of pydantic does both
    core = cast("Any", _core)
    try:
        plan = core.compile_plan(nodes, root, camelize=False, for_encoding=False, json_parts=True)
    except ValueError as error:
        raise Unsupported(str(error)) from None
    node: Node = {
        "kind": "foreign",
        "call": core.Decoder(plan, rest),
        "parsed": (nodes, root),
        "native": True,
    }
    node["reason"] = "JSON in a string"
    if reader.is_pure(schema):
        node["pure"] = True
    return node


def _url(reader: Reader, schema: Schema, config: Schema) -> Node:
    raise Unsupported("a URL, which only pydantic's parser decides")


READERS: dict[str, ReadPart] = {
    "any": _any,
    "none": _simple,
    "bool": _simple,
    "int": _int,
    "float": _float,
    "str": _str,
    "literal": _literal,
    "enum": _enum,
    "bytes": _bytes,
    "is-instance": _is_instance,
    "json": _json,
    "function-after": _function_after,
    "function-plain": _function_plain,
    "function-before": _function_before,
    "function-wrap": _function_before,
    "url": _url,
    "multi-host-url": _url,
    **dict.fromkeys(_SPELLED, _spelled),
}
