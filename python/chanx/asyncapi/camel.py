"""Camel case in AsyncAPI documents, for applications whose frames are camel-cased."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, cast

from chanx.utils.camel import camelize

_RENAMED_SECTIONS = ("channels", "operations")


def camelize_document(document: dict[str, Any], plain: Collection[str] = ()) -> dict[str, Any]:
    """Spell the names of a document as they are on the wire.

    Channels, operations, messages and the properties of schemas change their names, with all references
    to them. Titles of schemas stay.

    Args:
        document: A complete AsyncAPI document.
        plain: Keys of the schemas that are not renamed, for consumers that do not camel-case.

    Returns:
        A new document.
    """
    camelized: dict[str, Any] = _refs(document)
    for section in _RENAMED_SECTIONS:
        camelized[section] = _keys(camelized[section])
    for channel in camelized["channels"].values():
        channel["messages"] = _keys(channel["messages"])
    components = camelized["components"]
    components["messages"] = _keys(components["messages"])
    schemas = components["schemas"]
    components["schemas"] = {
        name: schema if name in plain else _schema(schema) for name, schema in schemas.items()
    }
    return camelized


def camelize_schemas(document: dict[str, Any], keys: Collection[str]) -> dict[str, Any]:
    """Rename the properties of some schemas only, for consumers that camel-case where others do not.

    Args:
        document: A complete AsyncAPI document.
        keys: Keys of the schemas.

    Returns:
        A new document.
    """
    components = document["components"]
    schemas = {
        name: _schema(schema) if name in keys else schema for name, schema in components["schemas"].items()
    }
    return {**document, "components": {**components, "schemas": schemas}}


def schemas_of(document: dict[str, Any], channels: Iterable[str]) -> set[str]:
    """Find the schemas that messages of some channels are made of.

    Args:
        document: A complete AsyncAPI document.
        channels: Keys of the channels.

    Returns:
        Keys of the schemas.
    """
    components = document["components"]
    found: set[str] = set()
    waiting: list[Any] = []
    for channel in channels:
        for message in document["channels"][channel]["messages"].values():
            waiting.append(components["messages"][_last(message["$ref"])]["payload"])
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            waiting += cast("dict[str, Any]", node).values()
            ref = node.get("$ref")
            if isinstance(ref, str) and ref.startswith("#/components/schemas/") and _last(ref) not in found:
                found.add(_last(ref))
                waiting.append(components["schemas"][_last(ref)])
    return found


def _last(ref: str) -> str:
    return ref.rpartition("/")[2]


def _name(name: str) -> str:
    return str(camelize(name))


def _keys(section: dict[str, Any]) -> dict[str, Any]:
    return {_name(key): value for key, value in section.items()}


def _refs(node: Any) -> Any:
    """Copy a tree with its references to renamed things renamed."""
    if isinstance(node, list):
        return [_refs(item) for item in cast("Sequence[Any]", node)]
    if not isinstance(node, dict):
        return node
    return {
        key: _ref(value) if key == "$ref" and isinstance(value, str) else _refs(value)
        for key, value in cast("Mapping[str, Any]", node).items()
    }


def _ref(ref: str) -> str:
    """Rename the parts of a reference that :func:`camelize_document` renames."""
    parts = ref.split("/")
    if parts[:2] == ["#", "channels"]:
        parts[2::2] = [_name(part) for part in parts[2::2]]
    elif parts[:2] == ["#", "operations"]:
        parts[2] = _name(parts[2])
    elif parts[:3] == ["#", "components", "messages"]:
        parts[3] = _name(parts[3])
    return "/".join(parts)


def _schema(schema: Any) -> Any:
    """Copy a JSON schema with its properties renamed."""
    if isinstance(schema, list):
        return [_schema(item) for item in cast("Sequence[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    renamed: dict[str, Any] = {}
    for key, value in cast("Mapping[str, Any]", schema).items():
        if key == "properties":
            renamed[key] = {_name(name): _schema(part) for name, part in value.items()}
        elif key == "required":
            renamed[key] = [_name(name) for name in value]
        elif key == "discriminator" and isinstance(value, str):
            renamed[key] = _name(value)
        elif key in ("default", "examples", "const", "enum"):
            renamed[key] = value
        else:
            renamed[key] = _schema(value)
    return renamed
