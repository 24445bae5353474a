"""pydantic's own validators and serializers for single parts of a message.

A part may be handled on its own only when the result cannot depend on what surrounds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, TypeAlias, cast

from pydantic_core import SchemaError, SchemaSerializer, SchemaValidator

Schema: TypeAlias = Mapping[str, Any]

# The fields of these have surroundings of their own: whatever they contain looks no further out.
_SCOPES = {"model-fields", "typed-dict", "dataclass-args"}
# Validating these runs no code but pydantic's.
_PURE = {
    "any", "none", "bool", "int", "float", "str", "bytes", "date", "time", "datetime", "timedelta", "literal",
    "enum", "list", "tuple", "set", "frozenset", "dict", "nullable", "union", "tagged-union", "json", "url",
    "multi-host-url", "uuid", "decimal", "complex", "lax-or-strict", "json-or-python", "definition-ref", "default",
    "named-tuple", "named-tuple-field",
}  # fmt: skip
# Of a configuration, what is about the model or dataclass alone that it belongs to.
_OWN_CONFIG = {
    "title", "frozen", "extra_fields_behavior", "hide_input_in_errors", "loc_by_alias", "revalidate_instances",
    "validation_error_cause", "cache_strings", "from_attributes", "use_attribute_docstrings", "validate_by_name",
    "validate_by_alias", "populate_by_name",
}  # fmt: skip
# A lazy value reports its errors later, from its place in the whole message.
_LAZY = {"generator"}


def handler(
    schema: Schema,
    config: Schema,
    definitions: Mapping[str, Schema],
    decoding: bool,
    mode: str = "python",
) -> Callable[[Any], Any] | None:
    """Build what handles one part of a message.

    Args:
        schema: The part's core schema.
        config: The configuration of the model around it.
        definitions: The definitions that the part may refer to, by name.
        decoding: True for a validator, False for a serializer to JSON-compatible values.
        mode: With ``"json"`` a validator takes JSON text instead of a value.

    Returns:
        A function of one argument, or None when the part depends on what surrounds it.
    """
    needed = _needed(schema, definitions)
    depends = validation_depends if decoding else _serialization_depends
    if any(depends(one) or _is_lazy(one) for one in (schema, *needed.values())):
        return None
    whole = _whole(schema, needed)
    settings = cast("Any", dict(config)) or None
    try:
        if not decoding:
            return partial(SchemaSerializer(whole, settings).to_python, mode="json")
        validator = SchemaValidator(whole, settings)
    except SchemaError:
        return None
    return validator.validate_json if mode == "json" else validator.validate_python


def field_handler(
    name: str, schema: Schema, config: Schema, definitions: Mapping[str, Schema]
) -> Callable[[dict[str, Any], Any], Any] | None:
    """Build what validates one field in view of the fields before it.

    Args:
        name: The field's name.
        schema: Its core schema, without its default.
        config: The configuration of its model.
        definitions: The definitions that it may refer to, by name.

    Returns:
        A function of the values before it by name, and of its own value as it was received. None when it cannot be
        handled outside of its message.
    """
    needed = _needed(schema, definitions)
    if any(_is_lazy(one) for one in (schema, *needed.values())):
        return None
    field = {"type": "model-field", "schema": _referring(schema, needed)}
    whole: Any = {"type": "model-fields", "fields": {name: field}}
    if needed:
        whole = {"type": "definitions", "schema": whole, "definitions": list(needed.values())}
    try:
        assign = SchemaValidator(whole, cast("Any", dict(config)) or None).validate_assignment
    except SchemaError:
        return None

    def validate(before: dict[str, Any], value: Any) -> Any:
        made: Any = assign(cast("Any", before), name, value)
        return made[0][name]

    return validate


def default_maker(
    schema: Schema, check: Callable[[dict[str, Any], Any], Any] | None
) -> Callable[[dict[str, Any]], Any]:
    """Build what makes a default from the fields before it.

    Args:
        schema: A schema of type ``default``.
        check: Validates the default, as :func:`field_handler` builds it; None for a default that is taken as it is.

    Returns:
        A function of the values before it by name.
    """
    factory: Any = schema.get("default_factory")
    takes_data = bool(schema.get("default_factory_takes_data"))
    constant: Any = schema.get("default")

    def make(before: dict[str, Any]) -> Any:
        if factory is None:
            value: Any = constant
        else:
            value = factory(dict(before)) if takes_data else factory()
        return value if check is None else check(before, value)

    return make


def only_sets_private(cls: type[Any]) -> bool:
    """Whether what a model does after validation runs no code of the application."""
    function: Any = getattr(cls, "model_post_init", None)
    own = str(getattr(function, "__module__", "")).startswith("pydantic.")
    attributes: Mapping[str, Any] = getattr(cls, "__private_attributes__", {})
    return own and all(attribute.default_factory is None for attribute in attributes.values())


def is_pure(schema: Schema, definitions: Mapping[str, Schema]) -> bool:
    """Whether validating a part runs no code of the application."""
    return all(_is_pure(one) for one in (schema, *_needed(schema, definitions).values()))


def effective(config: Schema) -> dict[str, Any]:
    """What of a configuration may reach the parts inside that have none of their own."""
    return {k: v for k, v in config.items() if k not in _OWN_CONFIG and v is not None and v is not False}


def has_own_configuration(schema: Schema) -> bool:
    """Whether a part goes by a configuration of its own, or by none, wherever it stands."""
    while str(schema.get("type")).startswith("function-") and "schema" in schema:
        schema = schema["schema"]
    return schema.get("type") in ("model", "dataclass", "typed-dict", "enum")


def has_own_configurations(schema: Schema, definitions: Mapping[str, Schema]) -> bool:
    """Whether all definitions that a part refers to have configurations of their own."""
    return all(has_own_configuration(one) for one in _needed(schema, definitions).values())


def reason_of(schema: Schema) -> str:
    """What to call the validator of a part that is left to pydantic."""
    function: Any = schema.get("function")
    if not isinstance(function, Mapping):
        return "a validator that may look at other fields"
    of = cast("Mapping[str, Any]", function)
    called: Any = of.get("function")
    name = f"the validator {getattr(called, '__name__', called)!r}"
    return f"{name}, which may look at other fields" if of.get("type") == "with-info" else name


def _is_pure(schema: Schema) -> bool:
    if schema.get("type") not in _PURE or schema.get("missing") or schema.get("default_factory"):
        return False
    return callable(schema.get("discriminator")) is False and all(_is_pure(one) for one in _children(schema))


def _needed(schema: Schema, definitions: Mapping[str, Schema]) -> dict[str, Schema]:
    needed: dict[str, Schema] = {}
    pending = [schema]
    while pending:
        for ref in _references(pending.pop()):
            if ref not in needed and ref in definitions:
                needed[ref] = definitions[ref]
                pending.append(definitions[ref])
    return needed


def _referring(schema: Schema, needed: Mapping[str, Schema]) -> Any:
    own = schema.get("ref")
    return {"type": "definition-ref", "schema_ref": own} if own in needed else schema


def _whole(schema: Schema, needed: Mapping[str, Schema]) -> Any:
    if not needed:
        return schema
    return {
        "type": "definitions",
        "schema": _referring(schema, needed),
        "definitions": list(needed.values()),
    }


def _children(schema: Schema) -> Iterator[Mapping[str, Any]]:
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


def _references(schema: Schema) -> Iterator[str]:
    if schema.get("type") == "definition-ref":
        yield schema["schema_ref"]
    for child in _children(schema):
        yield from _references(child)


def _is_lazy(schema: Schema) -> bool:
    return schema.get("type") in _LAZY or any(_is_lazy(child) for child in _children(schema))


def validation_depends(schema: Schema) -> bool:
    """Whether validating a part looks at the fields around it."""
    if schema.get("type") in _SCOPES:
        return False
    if schema.get("type") == "with-info" or schema.get("default_factory_takes_data"):
        return True
    return any(validation_depends(child) for child in _children(schema))


def _serialization_depends(schema: Schema) -> bool:
    if schema.get("type") in _SCOPES:
        return False
    # Others that ask for the context find in it what is the same for a part as for the whole message.
    if schema.get("is_field_serializer"):
        return True
    return any(_serialization_depends(child) for child in _children(schema))
