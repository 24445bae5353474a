"""Camel case in AsyncAPI documents, for applications whose frames are camel-cased."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from chanx.utils.camel import camelize

_RENAMED_SECTIONS = ("channels", "operations")


def camelize_document(document: dict[str, Any]) -> dict[str, Any]:
    """Spell the names of a document as they are on the wire.

    Channels, operations, messages and the properties of schemas change their names, with all references
    to them. Titles of schemas stay.

    Args:
        document: A complete AsyncAPI document.

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
    components["schemas"] = {name: _schema(schema) for name, schema in components["schemas"].items()}
    return camelized


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
