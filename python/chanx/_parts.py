"""pydantic's own validators and serializers for single parts of a message.

A part may be handled on its own only when the result cannot depend on what surrounds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, cast

from pydantic_core import SchemaError, SchemaSerializer, SchemaValidator

# The fields of these have surroundings of their own: whatever they contain looks no further out.
_SCOPES = {"model-fields", "typed-dict", "dataclass-args"}
# A lazy value reports its errors later, from its place in the whole message.
_LAZY = {"generator"}


def handler(
    schema: Mapping[str, Any],
    config: Mapping[str, Any],
    definitions: Mapping[str, Mapping[str, Any]],
    decoding: bool,
) -> Callable[[Any], Any] | None:
    """Build what handles one part of a message.

    Args:
        schema: The part's core schema.
        config: The configuration of the model around it.
        definitions: The definitions that the part may refer to, by name.
        decoding: True for a validator, False for a serializer to JSON-compatible values.

    Returns:
        A function of one argument, or None when the part depends on what surrounds it.
    """
    needed: dict[str, Mapping[str, Any]] = {}
    pending = [schema]
    while pending:
        for ref in _references(pending.pop()):
            if ref not in needed and ref in definitions:
                needed[ref] = definitions[ref]
                pending.append(definitions[ref])
    depends = _validation_depends if decoding else _serialization_depends
    if depends(schema) or any(_is_lazy(one) for one in (schema, *needed.values())):
        return None
    if any(depends(one) for one in needed.values()):
        return None
    whole: Any = schema
    if needed:
        own = schema.get("ref")
        inner = {"type": "definition-ref", "schema_ref": own} if own in needed else schema
        whole = {"type": "definitions", "schema": inner, "definitions": list(needed.values())}
    settings = cast("Any", dict(config)) or None
    try:
        if decoding:
            return SchemaValidator(whole, settings).validate_python
        return partial(SchemaSerializer(whole, settings).to_python, mode="json")
    except SchemaError:
        return None


def _children(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for key, value in schema.items():
        if key in ("metadata", "default", "expected", "cls", "config"):
            continue
        pending: list[Any] = [value]
        while pending:
            one = pending.pop()
            if isinstance(one, Mapping):
                known = cast("Mapping[str, Any]", one)
                if isinstance(known.get("type"), str):
                    yield known
                else:
                    pending.extend(known.values())
            elif isinstance(one, (list, tuple)):
                pending.extend(cast("list[Any]", one))


def _references(schema: Mapping[str, Any]) -> Iterator[str]:
    if schema.get("type") == "definition-ref":
        yield schema["schema_ref"]
    for child in _children(schema):
        yield from _references(child)


def _is_lazy(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") in _LAZY or any(_is_lazy(child) for child in _children(schema))


def _validation_depends(schema: Mapping[str, Any]) -> bool:
    if schema.get("type") in _SCOPES:
        return False
    if schema.get("type") == "with-info" or schema.get("default_factory_takes_data"):
        return True
    return any(_validation_depends(child) for child in _children(schema))


def _serialization_depends(schema: Mapping[str, Any]) -> bool:
    if schema.get("type") in _SCOPES:
        return False
    if schema.get("is_field_serializer") or schema.get("info_arg"):
        return True
    return any(_serialization_depends(child) for child in _children(schema))
