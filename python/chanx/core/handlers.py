"""What is derived from a consumer class when it is made: its handlers and its type adapters."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, Union

from pydantic import Field, TypeAdapter

from chanx.core.decorators import (
    EVENT_HANDLER_INFO,
    WS_HANDLER_INFO,
    actions_of,
    default_action,
    event_handler,
    members_of,
    require_message,
)
from chanx.core.naming import snake_case
from chanx.core.registry import message_registry
from chanx.messages.base import BaseMessage
from chanx.messages.outgoing import (
    CompleteMessage,
    ErrorMessage,
    EventCompleteMessage,
    GroupCompleteMessage,
)
from chanx.type_defs import AsyncAPIHandlerInfo

if TYPE_CHECKING:
    from chanx.core.consumer_base import ConsumerBase

HandlerMap = dict[str, AsyncAPIHandlerInfo]

PASSTHROUGH: Final = "_chanx_passthrough"
"""Attribute of the event handlers made here, which do nothing but hand the event on."""

BUILT_IN_MESSAGES: tuple[type[BaseMessage], ...] = (
    CompleteMessage,
    ErrorMessage,
    EventCompleteMessage,
    GroupCompleteMessage,
)


@dataclass(frozen=True, slots=True)
class ConsumerPlan:
    """Everything derived from a consumer class.

    Attributes:
        name: The class name without ``Consumer``.
        snake_name: The same in snake case.
        extra_groups: Groups that the class and its bases ask for.
        emits: Messages that the class and its bases say they send unasked.
        message_handlers: Handlers of frames by action.
        event_handlers: Handlers of events by action.
        message_methods: Method names by action, for every value of the actions' literals.
        event_methods: Likewise for events.
        incoming: Validator of received messages.
        events: Validator of events.
        sent: Messages that the class sends.
        outgoing: Validator of those.
    """

    name: str
    snake_name: str
    extra_groups: list[str]
    emits: list[type[BaseMessage]]
    message_handlers: HandlerMap
    event_handlers: HandlerMap
    message_methods: dict[str, str]
    event_methods: dict[str, str]
    incoming: TypeAdapter[BaseMessage] | None
    events: TypeAdapter[BaseMessage] | None
    sent: frozenset[type[BaseMessage]]
    outgoing: TypeAdapter[BaseMessage] | None


def plan_consumer(cls: "type[ConsumerBase[Any]]") -> ConsumerPlan:
    """Collect the handlers of a consumer class and build what it needs to use them.

    Args:
        cls: The class being made.

    Raises:
        TypeError: Two handlers claim one action, or something listed as a message is none.
    """
    field = cls.discriminator_field
    emits = [require_message(item, f"emits item {item}") for item in _merged(cls, "emits")]
    _add_passthrough_handlers(cls)
    handlers = _collect(cls, WS_HANDLER_INFO, "message", field)
    event_handlers = _collect(cls, EVENT_HANDLER_INFO, "event", field)

    incoming = _input_types(handlers)
    events = _input_types(event_handlers)
    outgoing = set(emits)
    for info in (*handlers.values(), *event_handlers.values()):
        outgoing.update(members_of(info["output_type"]))
    for message_type in (*incoming, *outgoing):
        message_registry.add(message_type, cls.__name__)
    sent = outgoing.union(item for item in BUILT_IN_MESSAGES if field in item.model_fields)
    name = cls.__name__.removesuffix("Consumer")
    return ConsumerPlan(
        name=name,
        snake_name=snake_case(name),
        extra_groups=_merged(cls, "extra_groups"),
        emits=emits,
        message_handlers=handlers,
        event_handlers=event_handlers,
        message_methods=_methods(handlers, field),
        event_methods=_methods(event_handlers, field),
        incoming=build_adapter(incoming, field),
        events=build_adapter(events, field),
        sent=frozenset(sent),
        outgoing=build_adapter(sent, field),
    )


def build_adapter(message_types: Iterable[type[BaseMessage]], field: str) -> TypeAdapter[BaseMessage] | None:
    """A validator for any of several messages, told apart by one field.

    Args:
        message_types: The message types; their order does not matter.
        field: The field whose value decides.

    Returns:
        The adapter, or None when there are no types.
    """
    ordered = sorted(set(message_types), key=lambda item: (default_action(item, field), item.__name__))
    if not ordered:
        return None
    union: Any = Union[tuple(ordered)]  # noqa: UP007  # made at run time from a list
    annotated: Any = Annotated[union, Field(discriminator=field)]
    return TypeAdapter(annotated)


def _merged(cls: type, attribute: str) -> list[Any]:
    """Join a list attribute over the class and its bases, nearest first, each item once."""
    items: dict[Any, None] = {}
    for base in cls.__mro__:
        items.update(dict.fromkeys(base.__dict__.get(attribute, ())))
    return list(items)


def _collect(cls: type, attribute: str, kind: str, field: str) -> HandlerMap:
    """Find the handlers of one kind, in the order of their names."""
    handlers: HandlerMap = {}
    for name in dir(cls):
        info: AsyncAPIHandlerInfo | None = getattr(getattr(cls, name, None), attribute, None)
        if info is None:
            continue
        input_type = info["input_type"]
        if input_type is None:
            raise TypeError(f"Handler {name} of {cls.__name__} has no input type.")
        action = default_action(input_type, field)
        other = handlers.get(action)
        if other is not None:
            raise TypeError(
                f"{cls.__name__} has two {kind} handlers for action '{action}': "
                f"{other['method_name']}() and {name}(). Actions must be unique within a consumer."
            )
        if info["method_name"] != name or info["message_action"] != action:
            info = {**info, "method_name": name, "message_action": action}
        handlers[action] = info
    return handlers


def _methods(handlers: HandlerMap, field: str) -> dict[str, str]:
    """Method names by action, for every value that the actions' literals allow."""
    methods: dict[str, str] = {}
    for action, info in handlers.items():
        input_type = info["input_type"]
        values = actions_of(input_type, field) if input_type is not None else ()
        methods.update(dict.fromkeys((action, *values), info["method_name"]))
    return methods


def _input_types(handlers: HandlerMap) -> list[type[BaseMessage]]:
    return [info["input_type"] for info in handlers.values() if info["input_type"] is not None]


def _add_passthrough_handlers(cls: "type[ConsumerBase[Any]]") -> None:
    """Give the class a handler for each event that it only hands on.

    An event that has a handler already keeps it.
    """
    declared = cls.__dict__.get("passthrough_events")
    if not declared:
        return
    field = cls.discriminator_field
    taken = {
        info["input_type"]
        for info in (getattr(getattr(cls, name, None), EVENT_HANDLER_INFO, None) for name in dir(cls))
        if info is not None
    }
    taken_actions = {default_action(item, field) for item in taken}
    for event_type in declared:
        require_message(event_type, f"passthrough_events item {event_type}")
        if default_action(event_type, field) in taken_actions:
            continue
        name = cls.passthrough_method_prefix + snake_case(event_type.__name__)
        setattr(cls, name, _passthrough(event_type, name, cls.__qualname__))


def _passthrough(
    event_type: type[BaseMessage], name: str, owner: str
) -> Callable[[Any, BaseMessage], Awaitable[BaseMessage]]:
    async def handler(self: Any, event: BaseMessage) -> BaseMessage:
        return event

    setattr(handler, PASSTHROUGH, True)
    handler.__name__ = name
    handler.__qualname__ = f"{owner}.{name}"
    return event_handler(
        input_type=event_type,
        output_type=event_type,
        description=f"Passthrough handler for {event_type.__name__}",
    )(handler)
