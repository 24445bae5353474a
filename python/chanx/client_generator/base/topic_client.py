"""Several topics over one connection."""

import asyncio
import itertools
from contextlib import suppress
from typing import Any, Self, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from .client import BaseClient, dump, logger

ENVELOPE_VERSION = 1
ENVELOPE_FIELDS = ("version", "topic", "ref", "seq")

HandleT = TypeVar("HandleT", bound="BaseTopicHandle")


class ProtocolMessage(BaseModel):
    """An answer about the topic itself: subscribed, unsubscribed or an error."""

    action: str
    payload: Any = None


class BaseTopicHandle:
    """One topic on a connection.

    Attributes:
        pattern: The topic, parameters as ``{name}``.
        incoming_message: The message type that arrives, or a union of them.
    """

    pattern: str
    incoming_message: Any

    def __init__(self, connection: "BaseTopicConnection", **params: Any) -> None:
        """Bind the topic to a connection.

        Args:
            connection: The connection.
            **params: Values for the parameters of the pattern.
        """
        self.connection = connection
        self.params = params
        self.topic = self.pattern.format(**params)
        self.incoming_message_adapter: TypeAdapter[Any] = TypeAdapter(self.incoming_message)

    async def subscribe(self) -> BaseModel:
        """Subscribe; again after each reconnection by :meth:`BaseTopicConnection.resubscribe`.

        Returns:
            The answer: ``subscribed``, or an error.
        """
        answer = await self.connection.request(self.topic, {"action": "subscribe"})
        return self.validate(answer)

    async def unsubscribe(self) -> BaseModel:
        """Unsubscribe.

        Returns:
            The answer: ``unsubscribed``, or an error.
        """
        answer = await self.connection.request(self.topic, {"action": "unsubscribe"})
        return self.validate(answer)

    async def send_message(self, message: Any) -> None:
        """Send a message without waiting for an answer."""
        await self.connection.send_topic(self.topic, dump(message))

    async def request(self, message: Any) -> BaseModel:
        """Send a message and wait for its answer."""
        return self.validate(await self.connection.request(self.topic, dump(message)))

    def validate(self, frame: dict[str, Any]) -> BaseModel:
        """Read a frame as one of the topic's messages, else as one about the topic."""
        content = {key: value for key, value in frame.items() if key not in ENVELOPE_FIELDS}
        try:
            message: BaseModel = self.incoming_message_adapter.validate_python(content)
        except ValidationError:
            return ProtocolMessage.model_validate(content)
        return message

    async def dispatch_frame(self, py_object: dict[str, Any]) -> None:
        """Handle a frame of this topic that answers nothing."""
        message = self.validate(py_object)
        if isinstance(message, ProtocolMessage):
            await self.handle_invalid_message(py_object)
        else:
            await self.handle_message(message)

    async def handle_message(self, message: Any) -> None:
        """Called with each message of the topic; override it."""

    async def handle_invalid_message(self, py_object: dict[str, Any]) -> None:
        """Called with frames that are none of the topic's messages."""
        logger.warning("topic %s: no known message: %r", self.topic, py_object)


class BaseTopicConnection(BaseClient):
    """A connection that carries topics: ``async with Connection(...) as connection``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Prepare a connection; the arguments are those of :class:`BaseClient`."""
        super().__init__(*args, **kwargs)
        self._handles: dict[str, BaseTopicHandle] = {}
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._refs = itertools.count(1)
        self._running: asyncio.Task[None] | None = None
        self._connected = asyncio.Event()

    def topic(self, handle_class: type[HandleT], **params: Any) -> HandleT:
        """Get the handle of a topic; always the same one for a topic."""
        handle = handle_class(self, **params)
        known = self._handles.setdefault(handle.topic, handle)
        return known if isinstance(known, handle_class) else handle

    async def send_topic(self, topic: str, data: dict[str, Any], ref: str | None = None) -> None:
        """Send a frame to a topic."""
        await self.send_json({**data, "version": ENVELOPE_VERSION, "topic": topic, "ref": ref})

    async def request(self, topic: str, data: dict[str, Any], timeout: float = 10) -> dict[str, Any]:
        """Send a frame to a topic and wait for the answer with its reference.

        Args:
            topic: The topic.
            data: The frame without its envelope.
            timeout: Longest time to wait, in seconds.

        Raises:
            TimeoutError: No answer came.
            ConnectionError: The connection was closed before it came.
        """
        ref = str(next(self._refs))
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[ref] = answer
        try:
            await self.send_topic(topic, data, ref)
            return await asyncio.wait_for(answer, timeout)
        finally:
            del self._answers[ref]

    async def dispatch_frame(self, py_object: Any) -> None:
        """Hand a frame to who waits for it, to its topic, or to this connection."""
        if isinstance(py_object, dict):
            answer = self._answers.get(str(py_object.get("ref")))
            if answer is not None and not answer.done():
                answer.set_result(py_object)
                return
            handle = self._handles.get(str(py_object.get("topic")))
            if handle is not None:
                await handle.dispatch_frame(py_object)
                return
        await super().dispatch_frame(py_object)

    async def resubscribe(self) -> None:
        """Subscribe to every topic that has a handle, after connecting again."""
        for handle in list(self._handles.values()):
            await handle.subscribe()

    async def send_init_message(self) -> None:
        """Called once connected; call it from an override."""
        self._connected.set()

    async def handle(self) -> None:
        """Connect and handle messages until the connection is closed."""
        try:
            await super().handle()
        finally:
            self._connected.clear()
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(ConnectionError("closed before the answer came"))

    async def __aenter__(self) -> Self:
        """Connect and go on.

        Raises:
            ConnectionError: The connection cannot be made.
        """
        self._running = asyncio.create_task(self.handle())
        connected = asyncio.create_task(self._connected.wait())
        await asyncio.wait({self._running, connected}, return_when=asyncio.FIRST_COMPLETED)
        if not connected.done():
            connected.cancel()
            raise ConnectionError(f"cannot connect to {self.url}")
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Disconnect."""
        await self.disconnect()
        if self._running is not None:
            with suppress(asyncio.CancelledError):
                await self._running
