"""Frames on their way to one client, when nobody awaits their sending.

A delivery is sent by stepping the server's ``send`` by hand: it has written the frame before it first suspends, if it
suspends at all. What does suspend, and the ``send`` of servers and middleware that need a task, goes to one writer
task per connection, so that frames stay in order and only one send is in flight.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Generator
from types import CoroutineType
from typing import Any, Final

from chanx.utils.logging import logger

Frame = dict[str, Any]
Send = Callable[[Frame], Awaitable[None]]

_STEPPED_BY_HAND: Final = ("uvicorn.", "daphne.")
"""Modules whose ``send`` needs no task around it."""

MAX_QUEUED_BYTES: Final = 256 * 1024
"""What a connection may have waiting here before its channel is paused."""


class Outbox:
    """The frames of one connection that wait for its client.

    Attributes:
        send: The server's ``send``.
        direct: Whether ``send`` may be stepped by hand now: nothing waits.
        paused: Whether more than ``MAX_QUEUED_BYTES`` wait.
    """

    __slots__ = (
        "_by_hand",
        "_bytes",
        "_consumer",
        "_lock",
        "_on_room",
        "_queue",
        "_writer",
        "direct",
        "paused",
        "send",
    )

    def __init__(self, consumer: Any, send: Send, on_room: Callable[[], None]) -> None:
        self._consumer = consumer
        self.send = send
        self._on_room = on_room
        self._by_hand = getattr(send, "__module__", "").startswith(_STEPPED_BY_HAND)
        self._queue: deque[Frame] | None = None
        self._bytes = 0
        self._lock: asyncio.Lock | None = None
        self._writer: asyncio.Task[None] | None = None
        self.direct = self._by_hand
        self.paused = False

    def put(self, frame: Frame) -> None:
        """Send a frame now, or after those that wait.

        Args:
            frame: A message to the server.
        """
        if not self.direct:
            self._enqueue(frame)
            if self._writer is None:
                self._start(None)
            return
        sending: Any = self.send(frame)
        if type(sending) is not CoroutineType:
            self._by_hand = False
            self._start(_awaited(sending))
            return
        try:
            awaited = sending.send(None)
        except StopIteration:
            return
        except Exception as error:
            self.failed(error)
            return
        self.suspended(sending, awaited)

    def suspended(self, sending: Any, awaited: Any) -> None:
        """Finish, in the writer task, a send that suspended on its first step.

        Args:
            sending: The coroutine.
            awaited: What it yielded.
        """
        self._start(_Resumed(sending, awaited))

    def cancel(self) -> None:
        """Give up what waits: the connection has ended."""
        if self._writer is not None:
            self._writer.cancel()

    def _enqueue(self, frame: Frame) -> None:
        if self._queue is None:
            self._queue = deque()
        self._queue.append(frame)
        self._bytes += len(frame["text"])
        self.paused = self._bytes > MAX_QUEUED_BYTES

    def _start(self, first: "Awaitable[None] | None") -> None:
        if self._lock is None:
            self._lock = asyncio.Lock()
        if self._consumer.base_send is self.send:
            self._consumer.base_send = self._ordered
        self.direct = False
        self._writer = asyncio.get_running_loop().create_task(self._write(first))

    async def _ordered(self, message: Frame) -> None:
        """The connection's ``send`` while frames wait: behind them."""
        assert self._lock is not None  # made before this is used
        async with self._lock:
            await self.send(message)

    async def _write(self, first: "Awaitable[None] | None") -> None:
        assert self._lock is not None  # made before the task
        try:
            async with self._lock:
                if first is not None:
                    await first
                while self._queue:
                    frame = self._queue.popleft()
                    self._bytes -= len(frame["text"])
                    await self.send(frame)
        except Exception as error:
            self.failed(error)
        finally:
            self._writer = None
            self.direct = self._by_hand
            if self._consumer.base_send == self._ordered:
                self._consumer.base_send = self.send
            if self.paused:
                self.paused = False
                self._on_room()

    def failed(self, error: Exception) -> None:
        """The client is gone; the server says so to the consumer as well."""
        self._queue = None
        self._bytes = 0
        logger.debug("Websocket send failed", error=repr(error))


class _Resumed:
    """A coroutine whose first step has been made, as something to await."""

    __slots__ = ("_awaited", "_coroutine")

    def __init__(self, coroutine: Any, awaited: Any) -> None:
        self._coroutine = coroutine
        self._awaited = awaited

    def __await__(self) -> Generator[Any, Any, None]:
        awaited = self._awaited
        try:
            while True:
                try:
                    value = yield awaited
                except GeneratorExit:
                    self._coroutine.close()
                    raise
                except BaseException as error:
                    awaited = self._coroutine.throw(error)
                else:
                    awaited = self._coroutine.send(value)
        except StopIteration:
            return


async def _awaited(sending: Awaitable[None]) -> None:
    await sending
