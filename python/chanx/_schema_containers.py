"""Reads the schemas of containers and of unions."""

from __future__ import annotations

from typing import Any, cast

from chanx._schema import Node, Reader, ReadPart, Schema, Unsupported, require_utf8

_ITEMS = {"items_schema", "min_length", "max_length", "fail_fast"}
# Keys of a dict are strings in JSON; these kinds are made from one without pydantic.
_KEYS = {"str", "any", "int", "literal", "date", "time", "datetime", "uuid"}


def _nullable(reader: Reader, schema: Schema, config: Schema) -> Node:
    reader.only(schema, {"schema"})
    return {"kind": "nullable", "first": reader.read(schema["schema"], config)}


def _list(reader: Reader, schema: Schema, config: Schema) -> Node:
    reader.only(schema, _ITEMS)
    items = schema.get("items_schema") or {"type": "any"}
    node: Node = {"kind": "list", "first": reader.read(items, config)}
    return _with_lengths(reader, schema, node)


def _set(reader: Reader, schema: Schema, config: Schema) -> Node:
    reader.only(schema, _ITEMS)
    items = reader.read(schema.get("items_schema") or {"type": "any"}, config)
    form = "set" if schema["type"] == "set" else "frozen_set"
    return _with_lengths(reader, schema, {"kind": "collection", "form": form, "first": items})


def _tuple(reader: Reader, schema: Schema, config: Schema) -> Node:
    reader.only(schema, _ITEMS | {"variadic_item_index"})
    items: list[Schema] = schema["items_schema"]
    variadic = schema.get("variadic_item_index")
    if variadic is None:
        if schema.get("min_length") is not None or schema.get("max_length") is not None:
            raise Unsupported("a tuple of fixed size with lengths")
        return {"kind": "tuple", "form": "tuple", "items": [reader.read(one, config) for one in items]}
    if variadic != 0 or len(items) != 1:
        raise Unsupported("a tuple whose size and kinds both vary")
    node: Node = {"kind": "collection", "form": "tuple", "first": reader.read(items[0], config)}
    return _with_lengths(reader, schema, node)


def _named_tuple(reader: Reader, schema: Schema, config: Schema) -> Node:
    reader.only(schema, {"cls", "fields"})
    if not reader.decoding:
        raise Unsupported("a named tuple")
    items = list[int]()
    for field in schema["fields"]:
        inner: Schema = field["schema"]
        if inner.get("type") == "default":
            inner = inner["schema"]
        items.append(reader.read(inner, config))
    node: Node = {"kind": "tuple", "form": "named_tuple", "cls": schema["cls"], "items": items}
    node["any_object"] = True
    return reader.with_fallback(node, schema, config)


def _dict(reader: Reader, schema: Schema, config: Schema) -> Node:
    reader.only(schema, {"keys_schema", "values_schema", "min_length", "max_length", "fail_fast"})
    keys = reader.read(schema.get("keys_schema") or {"type": "any"}, config)
    kind = reader.nodes[keys].get("kind")
    allowed = _KEYS if reader.decoding else {"str", "any", "int"}
    if kind not in allowed or "letters" in reader.nodes[keys]:
        raise Unsupported("a dict whose keys only pydantic makes from strings")
    if reader.mode == "json" and "call" in reader.nodes[keys]:
        raise Unsupported("a dict whose keys are no plain strings")
    values = reader.read(schema.get("values_schema") or {"type": "any"}, config)
    return _with_lengths(reader, schema, {"kind": "dict", "first": keys, "second": values})


def _with_lengths(reader: Reader, schema: Schema, node: Node) -> Node:
    if reader.decoding:
        for key in ("min_length", "max_length"):
            if schema.get(key) is not None:
                node[key] = schema[key]
    return node


_UNION = {"choices", "custom_error_type", "custom_error_message", "custom_error_context"}


def _union(reader: Reader, schema: Schema, config: Schema) -> Node:
    reader.only(schema, _UNION | {"mode", "auto_collapse"})
    if config.get("strict"):
        raise Unsupported("strict mode")
    items = list[int]()
    for choice in cast("list[Any]", schema["choices"]):
        items.append(reader.read(choice[0] if isinstance(choice, tuple) else choice, config))
    members = [reader.nodes[index] for index in items]
    if any(not member for member in members):
        raise Unsupported("a union that contains itself")
    if all(member["kind"] == "foreign" for member in members):
        raise Unsupported(f"a union of which no member is native: {members[0]['reason']}")
    node: Node = {"kind": "choice", "items": items}
    if reader.decoding:
        if schema.get("mode", "smart") == "left_to_right":
            node["left_to_right"] = True
        elif reader.mode == "python":
            node["by_exactness"] = True
    else:
        types = [one for index in items for one in _python_types(reader.nodes, index)]
        if len(set(types)) != len(types):
            raise Unsupported("a union of which two members have the same type in Python")
    return reader.with_fallback(node, schema, config)


def _python_types(nodes: list[Node], index: int) -> list[str]:
    """What tells the values of a union's members apart."""
    node = nodes[index]
    match node["kind"]:
        case "nullable":
            return ["None", *_python_types(nodes, node["first"])]
        case "model" if node.get("form") == "typed_dict":
            raise Unsupported("a union with a TypedDict")
        case "model" | "after":
            return [f"{node['name']} {id(node['cls'])}"]
        case "literal" if "members" in node:
            return sorted({type(value).__name__ for value in node["members"]} - {"NoneType"})
        case "literal":
            return sorted({type(value).__name__ for value in node["expected"]} - {"NoneType"})
        case "collection":
            return [node["form"]]
        case "any" | "foreign" | "union" | "choice" | "never":
            raise Unsupported("a union whose members cannot be told apart by their type")
        case kind:
            return [kind]


def _tagged_union(reader: Reader, schema: Schema, config: Schema) -> Node:
    reader.only(schema, _UNION | {"discriminator", "from_attributes"})
    discriminator = schema["discriminator"]
    if not isinstance(discriminator, str):
        raise Unsupported("a discriminator that is a path or a function")
    choices: dict[str, int] = {}
    for tag, choice in cast("dict[Any, Any]", schema["choices"]).items():
        if type(tag) is not str or isinstance(choice, str):
            raise Unsupported("a tag that is not a string")
        require_utf8(tag)
        choices[tag] = reader.read(cast("Schema", choice), config)
    for index in choices.values():
        _check_member(reader, index, discriminator)
    node: Node = {"kind": "union", "discriminator": discriminator, "choices": choices}
    if schema.get("from_attributes"):
        node["any_object"] = True
    return node


def _check_member(reader: Reader, index: int, discriminator: str) -> None:
    """A member has to refuse a frame that names the discriminator twice."""
    member = reader.nodes[index]
    if not member:
        raise Unsupported("a union that contains itself")
    if member["kind"] in ("foreign", "after", "union"):
        return  # for these the core looks for a second one itself
    if member["kind"] != "model" or (
        reader.decoding and all(field["key"] != discriminator for field in member["fields"])
    ):
        raise Unsupported("a tagged member that is no model with the discriminator as a field")


READERS: dict[str, ReadPart] = {
    "nullable": _nullable,
    "list": _list,
    "set": _set,
    "frozenset": _set,
    "tuple": _tuple,
    "named-tuple": _named_tuple,
    "dict": _dict,
    "union": _union,
    "tagged-union": _tagged_union,
}
