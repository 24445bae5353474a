"""Helpers for tests of consumers: typed frames for a communicator, and captured broadcasts."""

import asyncio
import json
from collections.abc import Collection, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from pydantic import ValidationError

from chanx.constants import (
    COMPLETE_ACTIONS,
    COMPLETE_ACTIONS_TYPE,
    ENVELOPE_FIELDS,
    ENVELOPE_VERSION,
    MESSAGE_ACTION_COMPLETE,
)
from chanx.core.config import config
from chanx.core.websocket import ChanxWebsocketConsumerMixin
from chanx.core.wire_case import WireCase, wire_case
from chanx.messages.base import BaseMessage
from chanx.messages.outgoing import AuthenticationMessage

if TYPE_CHECKING:
    from channels.testing.websocket import WebsocketCommunicator as _Communicator
else:
    _Communicator = object  # this module has to import without Channels

_CLOSE = "websocket.close"
_AUTHENTICATION = "authentication"


@dataclass
class CapturedTopicBroadcast:
    """A broadcast to a topic.

    Attributes:
        topic: The topic, for example ``run:1``.
        event: The event.
        seq: The sequence number it was given.
    """

    topic: str
    event: BaseMessage
    seq: int | None


@dataclass
class CapturedBroadcastEvent:
    """An event sent to groups.

    Attributes:
        event: The event.
        groups: The groups as the caller named them; None stands for the consumer's own.
    """

    event: BaseMessage
    groups: Collection[str] | str | None


@contextmanager
def capture_topic_broadcasts(
    topic_class: Any, *, suppress: bool = True
) -> Generator[list[CapturedTopicBroadcast]]:
    """Record what is broadcast to a topic within a ``with`` block.

    Args:
        topic_class: The topic.
        suppress: Whether nothing reaches the channel layer.

    Yields:
        The list that grows with each broadcast.
    """
    captured: list[CapturedTopicBroadcast] = []
    original = topic_class.broadcast

    async def broadcast(topic: str, event: BaseMessage, *, seq: int | None = None) -> None:
        captured.append(CapturedTopicBroadcast(topic, event, seq))
        if not suppress:
            await original(topic, event, seq=seq)

    with _replaced(topic_class, broadcast=staticmethod(broadcast)):
        yield captured


@contextmanager
def capture_broadcast_events(
    consumer: type[ChanxWebsocketConsumerMixin[Any]], suppress: bool = True
) -> Generator[list[CapturedBroadcastEvent], None, None]:
    """Record the events that a consumer class broadcasts within a ``with`` block.

    Args:
        consumer: The consumer; ``broadcast_event`` and ``broadcast_event_sync`` are watched.
        suppress: Whether nothing reaches the channel layer.

    Yields:
        The list that grows with each broadcast.
    """
    captured: list[CapturedBroadcastEvent] = []
    original, original_sync = consumer.broadcast_event, consumer.broadcast_event_sync
    passing_on = False  # one of the two may be written in terms of the other

    @wraps(original)
    async def broadcast_event(event: BaseMessage, groups: Collection[str] | str | None = None) -> None:
        if not passing_on:
            captured.append(CapturedBroadcastEvent(event, groups))
        if not suppress:
            await original(event, groups)

    @wraps(original_sync)
    def broadcast_event_sync(event: BaseMessage, groups: Collection[str] | str | None = None) -> None:
        nonlocal passing_on
        captured.append(CapturedBroadcastEvent(event, groups))
        if not suppress:
            passing_on = True
            try:
                original_sync(event, groups)
            finally:
                passing_on = False

    with _replaced(
        consumer,
        broadcast_event=staticmethod(broadcast_event),
        broadcast_event_sync=staticmethod(broadcast_event_sync),
    ):
        yield captured


@contextmanager
def _replaced(owner: type, **attributes: Any) -> Generator[None]:
    """Set attributes of a class for a while; inherited ones are inherited again afterwards."""
    own = {name: vars(owner)[name] for name in attributes if name in vars(owner)}
    for name, value in attributes.items():
        setattr(owner, name, value)
    try:
        yield
    finally:
        for name in attributes:
            if name in own:
                setattr(owner, name, own[name])
            else:
                delattr(owner, name)


class WebsocketCommunicatorMixin(_Communicator):
    """Typed messages, topics and completion frames for a communicator of Channels.

    Attributes:
        application: The ASGI application under test.
        action_key: The field of frames that names the action.
        consumer: The consumer expected behind the path; its messages are what comes back.
    """

    application: Any
    action_key: str = "action"
    consumer: type[ChanxWebsocketConsumerMixin[Any]]

    def __init__(
        self,
        application: Any,
        path: str,
        headers: list[tuple[bytes, bytes]] | None = None,
        subprotocols: list[str] | None = None,
        spec_version: int | None = None,
        *,
        consumer: type[ChanxWebsocketConsumerMixin[Any]],
    ) -> None:
        super().__init__(application, path, headers, subprotocols, spec_version)
        self.consumer = consumer
        self._connected = False
        self._close: dict[str, Any] | None = None  # the server's, once received

    async def connect(self, timeout: float = 1) -> tuple[bool, int | str | None]:
        """Open the connection.

        Args:
            timeout: Longest time to wait for the answer, in seconds.

        Returns:
            Whether it was accepted, and the subprotocol chosen or the close code.
        """
        connected, detail = await super().connect(timeout)
        self._connected = connected
        return connected, detail

    async def disconnect(self, code: int = 1000, timeout: float = 1) -> None:
        """Close the connection from the client's side; nothing happens when it is closed already."""
        if self._connected:
            self._connected = False
            await super().disconnect(code, timeout)

    async def receive_output(self, timeout: float = 1) -> Any:
        """Wait for what the application sends next.

        Unlike the communicator of Channels this leaves the application running when nothing comes.

        Args:
            timeout: Longest time to wait, in seconds.

        Raises:
            TimeoutError: Nothing came in time.
        """
        output = await self._next_output(timeout)
        if output.get("type") == _CLOSE:
            self._close = output
        return output

    async def _next_output(self, timeout: float) -> dict[str, Any]:
        future: asyncio.Future[Any] = cast(Any, self).future
        queue: asyncio.Queue[dict[str, Any]] = cast(Any, self).output_queue
        if queue.empty() and not future.done():
            waiting = asyncio.ensure_future(queue.get())
            await asyncio.wait({waiting, future}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                return waiting.result()
            waiting.cancel()  # an item that it was about to take stays in the queue
        if not queue.empty():
            return queue.get_nowait()
        if future.done():
            future.result()  # what made the application end is the reason that nothing comes
            raise TimeoutError("The application has ended and sends nothing any more")
        raise TimeoutError(f"The application sent nothing within {timeout} s")

    async def receive_json_from(self, timeout: float = 1) -> Any:
        """Wait for the next frame.

        Args:
            timeout: Longest time to wait, in seconds.

        Returns:
            The frame as it travels: its keys in camel case when the consumer camel-cases.

        Raises:
            TimeoutError: Nothing came in time.
            AssertionError: The connection was closed instead.
        """
        return await super().receive_json_from(timeout)

    async def send_json_to(self, data: dict[str, Any]) -> None:
        """Send a frame as it is."""
        await self.send_to(text_data=json.dumps(data))

    @property
    def _wire_case(self) -> WireCase | None:
        return wire_case(self.consumer, getattr(self.consumer, "camelize", config.camelize))

    def _in_snake_case(self, frame: Any) -> Any:
        case = self._wire_case
        return frame if case is None else case.incoming(frame)

    async def receive_all_json(self, timeout: float = 1) -> list[dict[str, Any]]:
        """Collect frames until none comes for a while.

        Args:
            timeout: How long no frame has to come, in seconds.
        """
        frames: list[dict[str, Any]] = []
        while True:
            try:
                frames.append(await self.receive_json_from(timeout))
            except TimeoutError:
                return frames

    async def receive_all_messages(
        self,
        stop_action: COMPLETE_ACTIONS_TYPE | str = MESSAGE_ACTION_COMPLETE,
        timeout: float = 1,
    ) -> list[BaseMessage]:
        """Collect messages up to the one that ends a unit of work.

        Args:
            stop_action: The action to stop at: ``complete`` comes after each frame handled,
                ``group_complete`` and ``event_complete`` after each broadcast and event delivered
                (all with ``SEND_COMPLETION``); any other action is that of a message.
            timeout: How long no frame has to come to stop as well, in seconds.

        Returns:
            The messages in order, completion messages left out.
        """
        received: list[BaseMessage] = []
        while True:
            try:
                frame = self._in_snake_case(await self.receive_json_from(timeout))
            except TimeoutError:
                return received
            action = frame.get(self.action_key)
            if action not in COMPLETE_ACTIONS:
                received.append(self._parse(frame))
            if action == stop_action:
                return received

    def _parse(self, frame: dict[str, Any]) -> BaseMessage:
        """Make the message of a frame, be it the consumer's, one of its topics', or a standard one."""
        content = {key: value for key, value in frame.items() if key not in ENVELOPE_FIELDS}
        if content.get(self.action_key) == _AUTHENTICATION:
            try:
                return AuthenticationMessage.model_validate(content)
            except ValidationError:
                pass  # a message of the application's own by that name
        senders: list[type[ChanxWebsocketConsumerMixin[Any]]] = [self.consumer]
        if (topic := frame.get("topic")) is not None:
            senders = [t for t in self.consumer.topics if t.parse(topic) is not None] + senders
        for sender in senders[:-1]:
            try:
                return sender.outgoing_message_adapter.validate_python(content)
            except ValidationError:
                continue
        return senders[-1].outgoing_message_adapter.validate_python(content)

    async def send_message(
        self, message: BaseMessage, *, topic: str | None = None, ref: str | None = None
    ) -> None:
        """Send a message, its keys in camel case when the consumer camel-cases.

        Args:
            message: The message.
            topic: The topic to send it to.
            ref: What the reply is to repeat.
        """
        content = message.model_dump(mode="json", by_alias=True)
        if (case := self._wire_case) is not None:
            content = case.outgoing(content)
        if topic is not None or ref is not None:
            content |= {"version": ENVELOPE_VERSION, "topic": topic, "ref": ref}
        await self.send_json_to({k: v for k, v in content.items() if k != "topic" or v is not None})

    async def subscribe(self, topic: str, ref: str = "1") -> dict[str, Any]:
        """Subscribe to a topic.

        Returns:
            The frame that answers: ``subscribed``, or an error.
        """
        return await self._ask_topic("subscribe", topic, ref)

    async def unsubscribe(self, topic: str, ref: str = "1") -> dict[str, Any]:
        """Unsubscribe from a topic.

        Returns:
            The frame that answers: ``unsubscribed``, or an error.
        """
        return await self._ask_topic("unsubscribe", topic, ref)

    async def _ask_topic(self, action: str, topic: str, ref: str) -> dict[str, Any]:
        envelope = {"version": ENVELOPE_VERSION, "topic": topic, "ref": ref}
        await self.send_json_to({self.action_key: action, **envelope})
        answer: dict[str, Any] = await self.receive_json_from()
        return answer

    async def receive_topic_message(self, topic_class: Any, timeout: float = 1) -> BaseMessage:
        """Wait for the next frame and read it as a message of a topic.

        Args:
            topic_class: The topic.
            timeout: Longest time to wait, in seconds.
        """
        frame = self._in_snake_case(await self.receive_json_from(timeout))
        content = {key: value for key, value in frame.items() if key not in ENVELOPE_FIELDS}
        message: BaseMessage = topic_class.outgoing_message_adapter.validate_python(content)
        return message

    async def assert_closed(self, code: int | None = None) -> None:
        """Check that the server closes the connection, or has done so; frames before that are skipped.

        Args:
            code: The close code expected, None for any.

        Raises:
            AssertionError: It is closed with another code.
            TimeoutError: It stays open.
        """
        while self._close is None:
            await self.receive_output()
        self._connected = False
        found = self._close.get("code")
        assert code is None or found == code, f"closed with {found}, not {code}"

    async def __aenter__(self) -> Self:
        """Connect."""
        connected, detail = await self.connect()
        assert connected, f"the connection was refused: {detail}"
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        """Disconnect."""
        await self.disconnect()
