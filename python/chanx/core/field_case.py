"""Camel case for declared fields only: ``camelize = "fields"``.

``camelize = True`` spells every key of a frame anew, those of users' own dictionaries too, as chanx does. Here the
types of the messages decide: names of fields are spelt in camel case on the wire, all other keys stay as they are.
"""

import dataclasses
import types
from collections import abc
from collections.abc import Callable, Iterable
from typing import (
    Annotated,
    Any,
    Final,
    NotRequired,
    Required,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from pydantic import AliasChoices, BaseModel, RootModel, TypeAdapter
from typing_extensions import is_typeddict

from chanx.messages.base import BaseMessage
from chanx.utils.camel import camelize

FIELDS: Final = "fields"
"""The value of ``camelize`` for this mode."""

ITEMS = (list, set, frozenset, tuple, abc.Sequence, abc.Iterable, abc.Set)
MAPPINGS = (dict, abc.Mapping, abc.MutableMapping)
_QUALIFIERS = (Annotated, Required, NotRequired)
Fields = dict[str, tuple[str, Any]]


class FieldCase:
    """Spells the fields of a set of message types for the wire, and back.

    Args:
        message_types: The messages, or a function that gives them when first asked.
        field: The field that tells messages apart.

    Attributes:
        field: The same.
    """

    __slots__ = ("_declared", "_types", "field")

    def __init__(
        self, message_types: Iterable[type[Any]] | Callable[[], Iterable[type[Any]]], field: str = "action"
    ) -> None:
        self._declared = message_types
        self.field = field
        self._types: dict[Any, type[Any]] | None = None

    def outgoing(self, content: Any) -> Any:
        """Spell the fields of a dumped message in camel case.

        Args:
            content: The message as a dictionary with its own names.
        """
        message_type = self._find(content, self.field)
        return content if message_type is None else _renamed(content, message_type, outgoing=True)

    def incoming(self, content: Any) -> Any:
        """Spell the fields of a received message as they are declared.

        Args:
            content: The frame's dictionary. Names in snake case are taken too.
        """
        message_type = self._find(content, camel(self.field)) or self._find(content, self.field)
        return content if message_type is None else _renamed(content, message_type, outgoing=False)

    def _find(self, content: Any, key: str) -> type[Any] | None:
        if not isinstance(content, dict):
            return None
        value = cast("dict[str, Any]", content).get(key)
        return self.type_of(value) if isinstance(value, str) else None

    def type_of(self, value: str) -> type[Any] | None:
        """The message type whose fields are spelt when this value tells messages apart.

        Args:
            value: What the field that tells messages apart holds.
        """
        if self._types is None:
            declared = self._declared
            self._types = _by_value(declared() if callable(declared) else declared, self.field)
        found = self._types.get(value)
        if found is None:
            # Not among the declared ones, as with a message that a handler sends all the same.
            found = _by_value(_subclasses(BaseMessage), self.field).get(value)
            if found is not None:
                self._types[value] = found
        return found


def _by_value(message_types: Iterable[type[Any]], field: str) -> dict[Any, type[Any]]:
    found: dict[Any, type[Any]] = {}
    for item in message_types:
        declared = item.model_fields.get(field)
        if declared is not None:
            for value in get_args(declared.annotation):
                found.setdefault(value, item)
    return found


def _subclasses(base: type[Any]) -> Iterable[type[Any]]:
    for item in base.__subclasses__():
        yield item
        yield from _subclasses(item)


def camel(name: str) -> str:
    """A name as it is spelt on the wire."""
    return str(camelize(name))


def _renamed(content: Any, declared: Any, *, outgoing: bool) -> Any:
    """Rename the keys of `content` that are fields of the declared type."""
    declared = plain(declared)
    if isinstance(content, dict):
        return _renamed_dict(cast("dict[str, Any]", content), declared, outgoing=outgoing)
    if isinstance(content, list):
        return [_renamed(item, item_type(declared, at), outgoing=outgoing) for at, item in enumerate(content)]
    return content


def _renamed_dict(content: dict[str, Any], declared: Any, *, outgoing: bool) -> dict[str, Any]:
    choices = choices_of(declared)
    if len(choices) == 1 and get_origin(choices[0]) in MAPPINGS:
        values = (*get_args(choices[0]), Any, Any)[1]
        return {key: _renamed(value, values, outgoing=outgoing) for key, value in content.items()}
    fields = _fields_of_any(choices, content, outgoing=outgoing)
    renamed: dict[str, Any] = {}
    for key, value in content.items():
        name, declared_value = fields.get(key, (key, Any))
        renamed[name] = _renamed(value, declared_value, outgoing=outgoing)
    return renamed


def _fields_of_any(choices: list[Any], content: dict[str, Any], *, outgoing: bool) -> Fields:
    """The fields of the first type that has every key of the content; those of all together if none has."""
    together: Fields = {}
    for choice in choices:
        fields = fields_of(choice, outgoing=outgoing)
        if fields and content.keys() <= fields.keys():
            return fields
        together = {**fields, **together}
    return together


def fields_of(declared: Any, *, outgoing: bool) -> Fields:
    """Key in the content -> key in the result, and the declared type of the value."""
    found: Fields = {}
    for name, declared_value in _declared_fields(declared, outgoing=outgoing).items():
        spelt = camel(name)
        if outgoing:
            found[name] = spelt, declared_value
        else:
            found.setdefault(name, (name, declared_value))
            found[spelt] = name, declared_value
    return found


def _declared_fields(declared: Any, *, outgoing: bool) -> dict[str, Any]:
    if not isinstance(declared, type):
        return {}
    if issubclass(declared, BaseModel):
        fields: dict[str, Any] = {}
        for name, field in declared.model_fields.items():
            fields[name] = field.annotation
            if not outgoing:
                aliases = field.validation_alias
                choices = aliases.choices if isinstance(aliases, AliasChoices) else [aliases]
                fields.update({alias: field.annotation for alias in choices if isinstance(alias, str)})
        # The testing helpers read what was sent, so computed fields come back as well.
        fields.update({name: field.return_type for name, field in declared.model_computed_fields.items()})
        return fields
    if is_typeddict(declared) or dataclasses.is_dataclass(declared):
        return get_type_hints(declared, include_extras=True)
    return {}


def plain(declared: Any) -> Any:
    """The type without what does not change its keys."""
    while True:
        if get_origin(declared) in _QUALIFIERS:
            declared = get_args(declared)[0]
        elif isinstance(declared, TypeAdapter):
            declared = declared._type
        elif isinstance(declared, type) and issubclass(declared, RootModel):
            declared = declared.model_fields["root"].annotation
        elif hasattr(declared, "__value__"):  # a type alias
            declared = declared.__value__
        else:
            return declared


def choices_of(declared: Any) -> list[Any]:
    """The members of a union but None; a type that is no union is its only member."""
    if get_origin(declared) in (Union, types.UnionType):
        found = [choice for item in get_args(declared) for choice in choices_of(plain(item))]
        return [choice for choice in found if choice is not types.NoneType] or [types.NoneType]
    return [declared]


def item_type(declared: Any, at: int) -> Any:
    """The type of one item of a list."""
    found: list[Any] = []
    for choice in choices_of(declared):
        origin, arguments = get_origin(choice), get_args(choice)
        if origin is tuple and Ellipsis not in arguments:
            found += arguments[at : at + 1]
        elif origin in ITEMS:
            found += arguments[:1]
    return Union[tuple(found)] if found else Any  # noqa: UP007  # made at run time
