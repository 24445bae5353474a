"""Pydantic models written from JSON schemas."""

import keyword
import re
from collections.abc import Iterator
from typing import Any, Final

from pydantic import BaseModel

from chanx.client_generator.analyzer import pascal_case
from chanx.core.naming import snake_case

_FORMATS: Final = {
    "date-time": "datetime",
    "date": "date",
    "time": "time",
    "duration": "timedelta",
    "uuid": "UUID",
}
_TYPES: Final = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
_CONSTRAINTS: Final = {
    "minimum": "ge",
    "maximum": "le",
    "exclusiveMinimum": "gt",
    "exclusiveMaximum": "lt",
    "multipleOf": "multiple_of",
    "minLength": "min_length",
    "maxLength": "max_length",
    "pattern": "pattern",
    "minItems": "min_length",
    "maxItems": "max_length",
}
_RESERVED: Final = frozenset(dir(BaseModel))

HEADER: Final = '''\
"""The messages of every channel, and what they are made of."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class Model(BaseModel):
    """Takes names of Python and names of the wire alike."""

    model_config = ConfigDict(populate_by_name=True, protected_namespaces=())
'''


class PythonTypes:
    """Names and sources of the types of a document.

    Attributes:
        names: The class name of each schema by its key.
    """

    def __init__(self, schemas: dict[str, dict[str, Any]]) -> None:
        self._schemas = schemas
        self.names = _class_names(schemas)

    def source(self) -> str:
        """Write the module with all types."""
        models = [key for key in self._schemas if self._is_model(key)]
        aliases = [key for key in self._schemas if not self._is_model(key)]
        parts = [HEADER, *(self._model(key) for key in models)]
        # Classes first: the annotations of models are read late, aliases are evaluated at once.
        parts += [self._alias(key) for key in self._in_order(aliases)]
        return "\n\n".join(parts)

    def _is_model(self, key: str) -> bool:
        schema = self._schemas[key]
        return schema.get("type") == "object" and ("properties" in schema or not _is_mapping(schema))

    def _in_order(self, aliases: list[str]) -> Iterator[str]:
        """Aliases after those they mention."""
        done: set[str] = set()

        def visit(key: str) -> Iterator[str]:
            if key in done or key not in aliases:
                return
            done.add(key)
            for mentioned in _mentioned(self._schemas[key]):
                yield from visit(mentioned)
            yield key

        for key in aliases:
            yield from visit(key)

    def _alias(self, key: str) -> str:
        return f"{self.names[key]}: TypeAlias = {self.type_of(self._schemas[key])}\n"

    def _model(self, key: str) -> str:
        schema = self._schemas[key]
        lines = [f"class {self.names[key]}(Model):"]
        lines += ["    " + docstring(str(schema.get("description") or key), "    "), ""]
        required = set(schema.get("required", ()))
        taken: set[str] = set()
        for name, part in schema.get("properties", {}).items():
            lines.append(f"    {self._field(name, part, name in required, taken)}")
        return "\n".join(lines).rstrip() + "\n"

    def _field(self, name: str, schema: dict[str, Any], required: bool, taken: set[str]) -> str:
        written = field_name(name)
        while written in taken:
            written += "_"
        taken.add(written)
        annotation = self.type_of(schema)
        arguments: list[str] = []
        if "default" in schema:
            arguments.append(f"default={schema['default']!r}")
        elif "const" in schema:
            arguments.append(f"default={schema['const']!r}")
        elif not required:
            annotation += " | None"
            arguments.append("default=None")
        if written != name:
            arguments.append(f"alias={name!r}")
        if schema.get("description"):
            arguments.append(f"description={schema['description']!r}")
        if not arguments:
            return f"{written}: {annotation}"
        if len(arguments) == 1 and arguments[0].startswith("default="):
            return f"{written}: {annotation} = {arguments[0].removeprefix('default=')}"
        return f"{written}: {annotation} = Field({', '.join(arguments)})"

    def type_of(self, schema: Any) -> str:
        """Write the annotation for a JSON schema."""
        if not isinstance(schema, dict) or not schema:
            return "Any"
        plain = self._plain_type(schema)
        limits = [f"{argument}={schema[key]!r}" for key, argument in _CONSTRAINTS.items() if key in schema]
        return f"Annotated[{plain}, Field({', '.join(limits)})]" if limits else plain

    def _plain_type(self, schema: dict[str, Any]) -> str:
        if "$ref" in schema:
            return self.names.get(str(schema["$ref"]).rpartition("/")[2], "Any")
        if "const" in schema:
            return "None" if schema["const"] is None else f"Literal[{schema['const']!r}]"
        if "enum" in schema:
            return f"Literal[{', '.join(repr(value) for value in schema['enum'])}]"
        if union := schema.get("oneOf") or schema.get("anyOf"):
            return self._union(union, schema.get("discriminator"))
        if all_of := schema.get("allOf"):
            return self.type_of(all_of[0]) if len(all_of) == 1 else "Any"
        kind = schema.get("type")
        if isinstance(kind, list):
            return " | ".join(self._plain_type({**schema, "type": each}) for each in kind)
        if kind == "null":
            return "None"
        if kind == "array":
            return self._array(schema)
        if kind == "object":
            return f"dict[str, {self.type_of(schema.get('additionalProperties'))}]"
        if kind == "string" and schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        return _TYPES.get(str(kind), "Any")

    def _union(self, members: list[Any], discriminator: Any) -> str:
        union = " | ".join(dict.fromkeys(self.type_of(member) for member in members))
        if isinstance(discriminator, str) and len(members) > 1:
            return f"Annotated[{union}, Field(discriminator={field_name(discriminator)!r})]"
        return union

    def _array(self, schema: dict[str, Any]) -> str:
        if items := schema.get("prefixItems"):
            return f"tuple[{', '.join(self.type_of(item) for item in items)}]"
        container = "set" if schema.get("uniqueItems") else "list"
        return f"{container}[{self.type_of(schema.get('items'))}]"


def _class_names(schemas: dict[str, dict[str, Any]]) -> dict[str, str]:
    names: dict[str, str] = {}
    taken = {"Any", "Literal", "Field", "Model", "UUID", "Annotated", "BaseModel"}
    for key in schemas:
        name = key if key.isidentifier() and key[0].isupper() and "_" not in key else pascal_case(key)
        while name in taken:
            name += "_"
        taken.add(name)
        names[key] = name
    return names


def _is_mapping(schema: dict[str, Any]) -> bool:
    return isinstance(schema.get("additionalProperties"), dict)


def _mentioned(schema: Any) -> Iterator[str]:
    if isinstance(schema, list):
        for item in schema:
            yield from _mentioned(item)
    elif isinstance(schema, dict):
        if isinstance(ref := schema.get("$ref"), str):
            yield ref.rpartition("/")[2]
        for value in schema.values():
            yield from _mentioned(value)


def field_name(name: str) -> str:
    """Write a property as a field: snake case, an identifier, none that pydantic has a use for."""
    written = re.sub(r"\W", "_", snake_case(name), flags=re.ASCII).lstrip("_") or "field"
    if written[0].isdigit():
        written = f"f{written}"
    return f"{written}_" if keyword.iskeyword(written) or written in _RESERVED else written


def docstring(text: str, indent: str = "") -> str:
    """Write text as a docstring that holds it, whatever it is.

    Args:
        text: The text.
        indent: What stands before the docstring, and so before each of its lines.
    """
    escaped = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    first, *rest = escaped.splitlines() or [""]
    if not rest:
        return f'"""{first} """' if first.endswith('"') else f'"""{first}"""'
    lines = [first, *(f"{indent}{line}".rstrip() for line in rest)]
    return '"""' + "\n".join(lines) + f'\n{indent}"""'
