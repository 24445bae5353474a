"""JSON schemas of pydantic models, taken apart into definitions that know their Python type."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

_OWNER = "x-chanx-owner"
_REF_TEMPLATE = "#/$defs/{model}"


class _OwnedJsonSchema(GenerateJsonSchema):
    """Marks each definition with the class it describes.

    Two classes of one name give definitions of one name in different documents; only the class
    tells them apart. The marks are taken out again before anybody sees the schema.
    """

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        return {**super().model_schema(schema), _OWNER: schema["cls"]}

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
        return {**super().dataclass_schema(schema), _OWNER: schema["cls"]}

    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> JsonSchemaValue:
        owned = super().typed_dict_schema(schema)
        cls = schema.get("cls")
        return owned if cls is None else {**owned, _OWNER: cls}

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        return {**super().enum_schema(schema), _OWNER: schema["cls"]}


@dataclass
class Definition:
    """One schema of a document's components.

    Attributes:
        owner: What tells it from others: the Python class, else (type aliases) name and content.
        ref: The reference by which the definitions described together mention it.
        title: The name it asks for.
        schema: The JSON schema.
    """

    owner: Hashable
    ref: str
    title: str
    schema: dict[str, Any]

    def resolved(self, refs: dict[str, str]) -> dict[str, Any]:
        """The schema for the document.

        Args:
            refs: New references by old ones.

        Returns:
            A copy without marks whose references are replaced.
        """
        resolved: dict[str, Any] = _resolve(self.schema, refs)
        return resolved


def describe_model(model: type[BaseModel]) -> list[Definition]:
    """Describe a model and every model, dataclass, enumeration and alias that it mentions.

    Args:
        model: A pydantic model.

    Returns:
        The definitions, the mentioned ones first, the model itself last.
    """
    schema = model.model_json_schema(
        ref_template=_REF_TEMPLATE, schema_generator=_OwnedJsonSchema, mode="validation"
    )
    definitions = [
        _definition(_REF_TEMPLATE.format(model=name), name, part)
        for name, part in schema.pop("$defs", {}).items()
    ]
    # A model that mentions itself is a definition already, and the root only points to it.
    root = next((d for d in definitions if d.owner is model), None)
    if root is None:
        definitions.append(_definition("#", model.__name__, schema))
    return definitions


def _definition(ref: str, name: str, schema: dict[str, Any]) -> Definition:
    title = str(schema.get("title", name))
    owner = schema.get(_OWNER)
    if owner is None:
        owner = (name, repr(schema))
    return Definition(owner=owner, ref=ref, title=title, schema=schema)


def _resolve(node: Any, refs: dict[str, str]) -> Any:
    if isinstance(node, list):
        return [_resolve(item, refs) for item in cast("Sequence[Any]", node)]
    if not isinstance(node, dict):
        return node
    resolved: dict[str, Any] = {}
    for key, value in cast("Mapping[str, Any]", node).items():
        if key == _OWNER:
            continue
        if key == "$ref" and isinstance(value, str):
            resolved[key] = refs.get(value, value)
        elif key == "discriminator" and isinstance(value, dict) and "propertyName" in value:
            # AsyncAPI's discriminator is the name of the property alone.
            resolved[key] = value["propertyName"]
        else:
            resolved[key] = _resolve(value, refs)
    return resolved
