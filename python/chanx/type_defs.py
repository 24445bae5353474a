"""Types of what handlers, consumers and channel layers exchange."""

from collections.abc import Awaitable, Callable
from types import UnionType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

if TYPE_CHECKING:
    from chanx.messages.base import BaseMessage

Camelize: TypeAlias = bool | Literal["fields"]
"""The setting of that name: no key, every key, or the names of declared fields in camel case."""


class HandlerInfo(TypedDict):
    """What a decorated handler says of itself.

    Attributes:
        action: The name the decorator was given, else the method's name.
        message_action: The action that frames are routed by.
        input_type: The message type received.
        output_type: The message type or types sent in answer.
        method_name: The attribute of the consumer to call.
    """

    action: str
    message_action: str
    input_type: "type[BaseMessage] | None"
    output_type: (
        "type[BaseMessage] | UnionType | list[type[BaseMessage]] | tuple[type[BaseMessage], ...] | None"
    )
    method_name: str


class AsyncAPIHandlerInfo(HandlerInfo):
    """A handler as the AsyncAPI document shows it."""

    description: str | None
    summary: str | None
    tags: list[str] | None
    consumer_name: str


class ChannelInfo(TypedDict):
    """What the ``channel`` decorator says of a consumer."""

    name: str | None
    description: str | None
    tags: list[str] | None


class GroupMessageEvent(TypedDict):
    """A broadcast message on its way through the channel layer."""

    message: dict[str, Any]
    kind: Literal["json", "message"]
    exclude_current: bool
    from_channel: str


class EventPayload(TypedDict):
    """An event on its way through the channel layer."""

    event_data: dict[str, Any]


SendMessageFn: TypeAlias = "Callable[[BaseMessage], Awaitable[None]]"
