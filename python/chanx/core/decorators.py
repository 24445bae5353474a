"""Decorators that turn methods into handlers and describe consumers."""

import inspect
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Iterable, Sequence
from types import NoneType, UnionType
from typing import Any, Literal, TypeAlias, TypeVar, Union, cast, get_args, get_origin, overload

from chanx.core.registry import UNION_TYPES
from chanx.messages.base import BaseMessage
from chanx.type_defs import AsyncAPIHandlerInfo, ChannelInfo

OutputType: TypeAlias = (
    type[BaseMessage] | UnionType | list[type[BaseMessage]] | tuple[type[BaseMessage], ...] | None
)
HandlerKind: TypeAlias = Literal["ws", "event"]

WS_HANDLER_INFO = "_ws_handler_info"
EVENT_HANDLER_INFO = "_event_handler_info"

_Handler = TypeVar("_Handler", bound=Callable[..., Any])
_T = TypeVar("_T")
_SEVERAL = (list, tuple, Sequence, Iterable, AsyncIterator, AsyncIterable, AsyncGenerator)


@overload
def ws_handler(func: _Handler) -> _Handler: ...
@overload
def ws_handler(
    func: None = None,
    *,
    action: str | None = None,
    input_type: type[BaseMessage] | None = None,
    output_type: OutputType = None,
    description: str | None = None,
    summary: str | None = None,
    tags: list[str] | None = None,
) -> Callable[[_Handler], _Handler]: ...
def ws_handler(
    func: _Handler | None = None,
    *,
    action: str | None = None,
    input_type: type[BaseMessage] | None = None,
    output_type: OutputType = None,
    description: str | None = None,
    summary: str | None = None,
    tags: list[str] | None = None,
) -> _Handler | Callable[[_Handler], _Handler]:
    """Have a method handle the frames of one action.

    The action is the one that the parameter's message type declares. The method may return a message,
    a list of messages or None, or be an async generator of messages; each is sent to the client.

    Args:
        func: The method, when used without parentheses.
        action: Name of the operation in the documentation; the method's name by default.
        input_type: Message type received; by default the parameter's annotation.
        output_type: Message types sent; by default the return annotation.
        description: Description in the AsyncAPI document.
        summary: Summary in the AsyncAPI document.
        tags: Tags in the AsyncAPI document.

    Raises:
        TypeError: The input or an output is no message type.
        ValueError: There is neither a parameter nor an ``input_type``.
    """
    described = (action, input_type, output_type, description, summary, tags)
    return _decorated(func, WS_HANDLER_INFO, *described)


@overload
def event_handler(func: _Handler) -> _Handler: ...
@overload
def event_handler(
    func: None = None,
    *,
    input_type: type[BaseMessage] | None = None,
    output_type: OutputType = None,
    description: str | None = None,
    summary: str | None = None,
    tags: list[str] | None = None,
) -> Callable[[_Handler], _Handler]: ...
def event_handler(
    func: _Handler | None = None,
    *,
    input_type: type[BaseMessage] | None = None,
    output_type: OutputType = None,
    description: str | None = None,
    summary: str | None = None,
    tags: list[str] | None = None,
) -> _Handler | Callable[[_Handler], _Handler]:
    """Have a method handle events that come through the channel layer.

    Args:
        func: The method, when used without parentheses.
        input_type: Event type received; by default the parameter's annotation.
        output_type: Message types sent; by default the return annotation.
        description: Description in the AsyncAPI document.
        summary: Summary in the AsyncAPI document.
        tags: Tags in the AsyncAPI document.

    Raises:
        TypeError: The input or an output is no message type.
        ValueError: There is neither a parameter nor an ``input_type``.
    """
    described = (None, input_type, output_type, description, summary, tags)
    return _decorated(func, EVENT_HANDLER_INFO, *described)


def _decorated(
    func: _Handler | None, attribute: str, *described: Any
) -> _Handler | Callable[[_Handler], _Handler]:
    """Describe a method in an attribute of its own, now or when it is given."""

    def decorate(method: _Handler) -> _Handler:
        setattr(method, attribute, _describe(method, *described))
        return method

    return decorate if func is None else decorate(func)


def channel(
    *,
    name: str | None = None,
    description: str | None = None,
    tags: list[str] | None = None,
) -> Callable[[_T], _T]:
    """Describe a consumer in the AsyncAPI document.

    Args:
        name: Name of the channel; derived from the class name by default.
        description: What the channel is for; the class docstring by default.
        tags: Tags of the channel.
    """
    info = ChannelInfo(name=name, description=description, tags=tags)

    def decorate(cls: _T) -> _T:
        cls._channel_info = info  # type: ignore[attr-defined]  # any class may be described
        return cls

    return decorate


def require_message(candidate: Any, what: str) -> type[BaseMessage]:
    """Return a message type unchanged.

    Args:
        candidate: What should be a subclass of BaseMessage.
        what: What it is, for the error.

    Raises:
        TypeError: It is something else.
    """
    if not (isinstance(candidate, type) and issubclass(candidate, BaseMessage)):
        raise TypeError(f"{what} must be a BaseMessage subclass.")
    return candidate


def default_action(message_type: type[BaseMessage], field: str) -> str:
    """The action that a message type is routed by.

    Args:
        message_type: The message type.
        field: Name of the field that holds the action.

    Returns:
        The field's default, else the only value its ``Literal`` has.

    Raises:
        TypeError: There is no such field, or it allows several values and has no default.
    """
    info = message_type.model_fields.get(field)
    if info is None:
        raise TypeError(f"{message_type.__name__} has no field {field!r} to be routed by.")
    if isinstance(info.default, str):
        return info.default
    values = actions_of(message_type, field)
    if len(values) != 1:
        raise TypeError(
            f"{message_type.__name__}.{field} needs a default: it may be any of {sorted(values)}."
        )
    return values[0]


def actions_of(message_type: type[BaseMessage], field: str) -> list[str]:
    """Every value that the ``Literal`` of a message type's action allows."""
    info = message_type.model_fields.get(field)
    if info is None or get_origin(info.annotation) is not Literal:
        return []
    return [value for value in get_args(info.annotation) if isinstance(value, str)]


def _describe(
    method: Callable[..., Any],
    action: str | None,
    input_type: type[BaseMessage] | None,
    output_type: OutputType,
    description: str | None,
    summary: str | None,
    tags: list[str] | None,
) -> AsyncAPIHandlerInfo:
    annotations = _annotations(method)
    name = method.__name__
    if input_type is None:
        parameters = list(inspect.signature(method).parameters.values())[1:]
        if not parameters:
            raise ValueError("Must provide input type either by annotate function or input_type parameter")
        input_type = annotations.get(parameters[0].name, inspect.Parameter.empty)
    input_type = require_message(input_type, f"Input type {input_type} for {name}")
    if input_type is BaseMessage:
        raise TypeError(f"Input type of {name} must be one message type, not BaseMessage itself.")
    if output_type is None:
        output_type = _returned(annotations.get("return"), name)
    else:
        for member in members_of(output_type):
            require_message(member, f"Output type {member} for {name}")
    return AsyncAPIHandlerInfo(
        action=action or name,
        # Of a message routed by another field it is found when the consumer, which names the field, is made.
        message_action=default_action(input_type, "action") if "action" in input_type.model_fields else "",
        input_type=input_type,
        output_type=output_type,
        method_name=name,
        description=description,
        summary=summary,
        tags=tags,
        consumer_name=method.__qualname__.split(".")[0],
    )


def _annotations(method: Callable[..., Any]) -> dict[str, Any]:
    """The method's annotations; those that cannot be evaluated stay strings."""
    try:
        return inspect.get_annotations(method, eval_str=True)
    except NameError:
        pass
    resolved: dict[str, Any] = {}
    for name, annotation in inspect.get_annotations(method).items():
        resolved[name] = _evaluated(annotation, method) if isinstance(annotation, str) else annotation
    return resolved


def _evaluated(annotation: str, method: Callable[..., Any]) -> Any:
    """The type that a string names where the handler is defined, or the string when none is found.

    A class within a function names types that only the function knows.
    """
    frame = inspect.currentframe()
    while frame is not None:
        try:
            return eval(annotation, getattr(method, "__globals__", {}), dict(frame.f_locals))
        except NameError:
            frame = frame.f_back
    return annotation


def _returned(annotation: Any, name: str) -> OutputType:
    """The output types that a return annotation declares, None when it says nothing about them."""
    if annotation in (None, NoneType, Any, BaseMessage, inspect.Parameter.empty):
        return None
    if isinstance(annotation, str):
        return None
    if get_origin(annotation) in _SEVERAL:
        return _returned(get_args(annotation)[0], name)
    members = [member for member in members_of(annotation) if member is not BaseMessage]
    for member in members:
        require_message(member, f"Return type {member} for {name}")
    union: Any = Union[tuple(members)] if members else None  # noqa: UP007  # made at run time
    return cast(OutputType, union)


def members_of(declared: Any) -> list[Any]:
    """Flatten a union, or a list or tuple of types; ``None`` is left out."""
    if declared is None or declared is NoneType:
        return []
    parts: Any
    if isinstance(declared, list | tuple):
        parts = cast(Any, declared)
    elif get_origin(declared) in UNION_TYPES:
        parts = get_args(declared)
    else:
        return [declared]
    return list(dict.fromkeys(member for part in parts for member in members_of(part)))
