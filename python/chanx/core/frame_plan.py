"""Which frames of a consumer class may take the short way through C++, and how.

The short way skips methods that applications may override. Every frame therefore asks a guard whether
each of them is still the package's own; when one is not, the frame goes through the methods, one by one.
"""

from collections.abc import Callable
from inspect import getattr_static
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet

from pydantic import BaseModel, TypeAdapter, ValidationError

from chanx import _core
from chanx.codec import FrameDecoder, FrameEncoder
from chanx.core.config import config
from chanx.core.field_case import FieldCase
from chanx.core.field_nodes import FieldNodes
from chanx.core.frame_limits import frame_limits
from chanx.core.handlers import PASSTHROUGH
from chanx.core.wire_case import WireCase, wire_case
from chanx.messages.base import BaseMessage
from chanx.messages.outgoing import CompleteMessage, EventCompleteMessage, GroupCompleteMessage
from chanx.type_defs import Camelize
from chanx.utils.logging import logs_info

if TYPE_CHECKING:
    from chanx.core.consumer_base import ConsumerBase
    from chanx.core.handlers import HandlerMap

RECEIVING: Final = (
    "websocket_receive",
    "receive",
    "decode_json",
    "receive_json",
    "handle_json",
    "receive_message",
)
"""Methods between a received frame and its handler."""

REPLYING: Final = ("handle_result", "send_message")
"""Methods between a handler's result and its JSON."""

SENDING: Final = ("send_json", "encode_json")
"""Methods between JSON and the frame sent."""

GROUPS: Final = ("dispatch", "handle_group_message")
"""Methods between a broadcast and the frame sent."""

EVENTS: Final = ("dispatch", "handle_channel_event", "receive_event", "send_message")
"""Methods between an event and the JSON of an event that is only handed on."""

PROPERTIES: Final = ("should_camelize", "should_send_completion", "all_log_ignored_actions")

SETTINGS: Final = (
    "camelize",
    "send_completion",
    "log_websocket_message",
    "send_message_immediately",
    "max_handlers",
    "discriminator_field",
    "default_topic",
    "incoming_message_adapter",
    "incoming_event_adapter",
)
"""Attributes that the short way reads once."""

WATCHED: Final = (*RECEIVING, *REPLYING, *SENDING, *GROUPS, *EVENTS, *PROPERTIES, *SETTINGS)

GUARD_CLEAR: Final = 1

_FRAMEWORK: Final = "channels."
_OWN_MODULES: Final = frozenset(
    {
        "chanx.channels.websocket",
        "chanx.core.consumer_base",
        "chanx.core.layer_messages",
        "chanx.core.sending",
        "chanx.core.topic_host",
        "chanx.core.websocket",
    }
)
# The stub of the core does not say what the guard's call returns.
_HookGuard: Any = _core.HookGuard
_adapter_guard: Any = _HookGuard(TypeAdapter, ("validate_python",))


class FramePlan:
    """The short way of one consumer class, as the class is now.

    Attributes:
        guard: Called with a consumer: ``GUARD_CLEAR`` while the plan holds for it.
        adapter: Validator of received messages, None without handlers.
        decode: Text of a frame to its message, or None for the long way; None when all must take it.
        encode: Message to the text of its frame, or None for the long way.
        methods: Names of the handlers by message type.
        reply: Results may be sent without the methods in between.
        send: Messages may be sent without the methods in between.
        case: How keys are spelt on the wire, None when they go as they are.
        group_completion: The text of the message after each broadcast, None when it is not sent.
        event_adapter: Validator of events, None without handlers of them.
        event_completion: The text of the message after each event, None when it is not sent.
        passed_on: Events that go from the layer to the client as they are, without the methods in between.
        group: Broadcasts may be sent without the methods in between.
        yield_after: Give the loop a turn after each frame sent.
        completion: The text of the completion message, None when it is not sent.
        logs: Each frame received is logged.
        limit: How many handlers of one connection may run at once.
    """

    __slots__ = (
        "__weakref__",
        "adapter",
        "case",
        "completion",
        "decode",
        "encode",
        "event_adapter",
        "event_completion",
        "group",
        "group_completion",
        "guard",
        "limit",
        "logs",
        "methods",
        "passed_on",
        "reply",
        "send",
        "yield_after",
    )

    guard: Any
    case: WireCase | None
    adapter: TypeAdapter[BaseMessage] | None
    decode: Callable[[str], BaseMessage | None] | None
    encode: Callable[[BaseModel], str | None]
    completion: str | None
    event_adapter: TypeAdapter[BaseMessage] | None
    passed_on: frozenset[type[BaseMessage]]

    def __init__(self, cls: "type[ConsumerBase[Any]]") -> None:
        passed_on = _passed_on(cls)
        self.guard = _HookGuard(cls, tuple(dict.fromkeys((*WATCHED, *passed_on.values()))))
        self.adapter = adapter = cls.incoming_message_adapter
        stock = {name for name in WATCHED if _is_stock(cls, name)}
        mode: Camelize | None = getattr(cls, "camelize", None)
        self.case = wire_case(cls, config.camelize if mode is None else mode)
        # Either the names of fields are spelt, or all keys.
        fields = FieldNodes(self.case) if isinstance(self.case, FieldCase) else None
        camelize = self.case is not None and fields is None
        completes = _setting(cls, "send_completion", config.send_completion)
        self.logs = bool(cls.log_websocket_message and _logging.on)
        self.yield_after = bool(cls.send_message_immediately)
        self.limit = cls.max_handlers
        handlers: HandlerMap = getattr(cls, "_MESSAGE_HANDLER_INFO_MAP")  # noqa: B009  # its own module's
        self.methods = {info["input_type"]: info["method_name"] for info in handlers.values()}
        self.encode = FrameEncoder(camelize=camelize, spell=fields.outgoing if fields else None)
        complete = FrameEncoder()  # their keys are the same in every spelling
        sending = stock.issuperset((*SENDING, "should_camelize"))
        self.send = sending and not self.logs
        self.reply = self.send and stock.issuperset(REPLYING)
        # Completion messages are never logged, unless a class has it otherwise.
        silent = not self.logs or "all_log_ignored_actions" in stock
        completing = sending and silent and stock.issuperset(REPLYING)
        self.group = (
            self.send
            and stock.issuperset((*GROUPS, "should_send_completion"))
            and (self.reply or not completes)
        )
        self.group_completion = complete(GroupCompleteMessage()) if completes else None
        self.event_adapter = cls.incoming_event_adapter
        self.event_completion = complete(EventCompleteMessage()) if completes else None
        passes = self.send and stock.issuperset((*EVENTS, "should_send_completion"))
        self.passed_on = frozenset(passed_on if passes else ())
        self.completion = None
        self.decode = None
        if (
            adapter is not None
            and cls.default_topic is None
            and stock.issuperset((*RECEIVING, "should_camelize", "should_send_completion"))
            and (completing or not completes)
        ):
            spell = fields.incoming if fields else None
            self.decode = FrameDecoder(adapter, camelize=camelize, limits=frame_limits(), spell=spell)
            self.completion = complete(CompleteMessage()) if completes else None
        _plans.add(self)

    def passed_on_text(self, event_data: Any) -> str | None:
        """The frame of an event that is only handed on.

        Args:
            event_data: The event as it came through the channel layer.

        Returns:
            Its text, None when the event has to go through the methods: it is invalid, or another handler's.
        """
        adapter = self.event_adapter
        if adapter is None or _adapter_guard(adapter) != GUARD_CLEAR:
            return None
        try:
            event = adapter.validate_python(event_data)
        except ValidationError:
            return None
        return self.encode(event) if type(event) in self.passed_on else None

    def adapter_is_own(self) -> bool:
        """Whether the validator of received messages still validates by its own method."""
        return bool(_adapter_guard(self.adapter) == GUARD_CLEAR)


_plans: WeakSet[FramePlan] = WeakSet()


def current_plan(consumer: "ConsumerBase[Any]") -> FramePlan | None:
    """The plan that holds for a consumer, made anew if its class has changed.

    Returns:
        The plan, or None when the consumer itself has methods of its own: it takes the long way.
    """
    cls = type(consumer)
    plan: FramePlan | None = cls.__dict__.get("chanx_plan")
    verdict = 0 if plan is None else plan.guard(consumer)
    if verdict == 0:
        plan = FramePlan(cls)
        cls.chanx_plan = plan
        verdict = plan.guard(consumer)
    return plan if verdict == GUARD_CLEAR else None


def _is_stock(cls: type, name: str) -> bool:
    """Whether a method is this package's or Channels', on every class that defines it."""
    for base in cls.__mro__:
        value = base.__dict__.get(name)
        if value is None:
            continue
        function = getattr(value, "__func__", None) or getattr(value, "fget", None) or value
        if not (_is_own(base.__module__) and _is_own(getattr(function, "__module__", None))):
            return False
    return True


def _passed_on(cls: "type[ConsumerBase[Any]]") -> dict[type[BaseMessage], str]:
    """The events whose handlers only hand them on, and the names of those."""
    handlers: HandlerMap = getattr(cls, "_EVENT_HANDLER_INFO_MAP")  # noqa: B009  # its own module's
    found: dict[type[BaseMessage], str] = {}
    for info in handlers.values():
        name, event_type = info["method_name"], info["input_type"]
        if event_type is not None and getattr(getattr_static(cls, name), PASSTHROUGH, False):
            found[event_type] = name
    return found


def _is_own(module: object) -> bool:
    return isinstance(module, str) and (module in _OWN_MODULES or module.startswith(_FRAMEWORK))


def _setting(cls: type, name: str, default: bool) -> bool:
    value: bool | None = getattr(cls, name, None)
    return bool(default if value is None else value)


class _Logging:
    """Whether lines of received and sent frames would be written."""

    on = True


_logging = _Logging()


def follow_log_level() -> None:
    """Have frames take the short way, or no longer, if the level of the log has changed."""
    on = logs_info()
    if on is not _logging.on:
        _logging.on = on
        _forget_plans()


def _forget_plans() -> None:
    """Make every plan anew: the settings have changed."""
    for plan in list(_plans):
        plan.guard.invalidate()


config.on_change(_forget_plans)
