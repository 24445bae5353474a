"""How the keys of a consumer's frames are spelt on the wire."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

from chanx.core.field_case import FIELDS, FieldCase
from chanx.messages.base import BaseMessage
from chanx.type_defs import Camelize
from chanx.utils.camel import camelize, decamelize

if TYPE_CHECKING:
    from chanx.core.consumer_base import ConsumerBase


class WireCase(Protocol):
    """Spells keys for the wire, and back."""

    def outgoing(self, content: Any) -> Any:
        """Spell the keys of what is sent."""

    def incoming(self, content: Any) -> Any:
        """Spell the keys of what was received."""


class KeyCase:
    """Every key is in camel case on the wire, those of data dictionaries too."""

    def outgoing(self, content: Any) -> Any:
        """Spell every key in camel case."""
        return camelize(content)

    def incoming(self, content: Any) -> Any:
        """Spell every key in snake case."""
        return decamelize(content)


_every_key = KeyCase()


def wire_case(cls: "type[ConsumerBase[Any]]", mode: Camelize) -> WireCase | None:
    """How a consumer class, or a topic class, spells its keys.

    Args:
        cls: The class, whose messages say which fields there are.
        mode: What is configured.

    Returns:
        None when keys go as they are.
    """
    if mode != FIELDS:
        return _every_key if mode else None
    case: FieldCase | None = cls.__dict__.get("chanx_field_case")
    if case is None:
        cls.chanx_field_case = case = FieldCase(lambda: _messages_of(cls), cls.discriminator_field)
    return case


def _messages_of(cls: "type[ConsumerBase[Any]]") -> Iterable[type[BaseMessage]]:
    classes: list[type[ConsumerBase[Any]]] = [cls, *getattr(cls, "topics", ())]
    for item in classes:
        for info in item._MESSAGE_HANDLER_INFO_MAP.values():
            if info["input_type"] is not None:
                yield info["input_type"]
        yield from item.chanx_sent_messages
