"""Frames on their way to one client, when nobody awaits their sending.

A delivery is sent by stepping the server's ``send`` by hand: it has written the frame before it first suspends, or
suspends because the client does not read. What does suspend, and the ``send`` of servers and middleware that need a
task, goes to one writer task per connection, so that frames stay in order and only one send is in flight.

What waits behind it is bounded by ``send_queue_bytes`` of the consumer; beyond that its ``slow_client_policy`` decides.
"""

import asyncio
from collections.abc import Awaitable, Generator
from types import CoroutineType
from typing import Any, Protocol

from chanx.channels.flow import Send, is_stepped_by_hand
from chanx.channels.send_queue import Frame, LatestQueue, SendQueue
from chanx.channels.stats import DropReason, counters
from chanx.exceptions import SlowClientError
from chanx.utils.logging import logger


class Owner(Protocol):
    """The connection that an outbox belongs to."""

    @property
    def consumer(self) -> Any:
        """The consumer."""

    @property
    def worker(self) -> "asyncio.Task[None] | None":
        """The task whose sends go through the outbox without being awaited."""

    def has_no_room(self) -> None:
        """More than the bound waits, and the consumer's policy is to pause."""

    def has_room(self) -> None:
        """Half of the bound, or less, waits again."""

    def is_too_slow(self) -> None:
        """More than the bound waits, and the consumer's policy is to disconnect."""

    def caught_up(self, dropped: int) -> None:
        """Nothing waits any more; this many frames were dropped before."""


class Outbox:
    """The frames of one connection that wait for its client.

    Attributes:
        send: The server's ``send``.
        direct: Whether ``send`` may be stepped by hand now: nothing waits.
        paused: Whether more waits than the bound allows.
    """

    __slots__ = (
        "_by_hand",
        "_dropped",
        "_lock",
        "_owner",
        "_queue",
        "_room",
        "_shut",
        "_writer",
        "direct",
        "paused",
        "send",
    )

    def __init__(self, owner: Owner, send: Send) -> None:
        self._owner = owner
        self.send = send
        self._by_hand = is_stepped_by_hand(send)
        self._queue: SendQueue | None = None
        self._lock: asyncio.Lock | None = None
        self._writer: asyncio.Task[None] | None = None
        self._room: asyncio.Future[None] | None = None
        self._dropped = 0
        self._shut = False
        self.direct = self._by_hand
        self.paused = False

    @property
    def keeps_up(self) -> bool:
        """Whether the client takes what is sent: nothing is paused, and nothing was dropped since it fell behind."""
        return not (self.paused or self._dropped or self._shut)

    def put(self, frame: Frame) -> None:
        """Send a frame now, or after those that wait.

        Args:
            frame: A message to the server; it must not be changed any more.
        """
        if not self.direct:
            if self._shut:
                return
            if self._writer is not None:
                self._enqueue(frame)
                return
            try:
                self._start(self.send(frame))
            except Exception as error:
                self.failed(error)
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

    def failed(self, error: Exception) -> None:
        """Forget what waits, for the client is gone; the server says so to the consumer as well."""
        self._clear("gone")
        logger.debug("Websocket send failed", error=repr(error))

    def shut(self, reason: DropReason) -> None:
        """Drop what waits, and whatever comes: the connection has ended, or is about to.

        Args:
            reason: Why.
        """
        if self._shut:
            return
        self._shut = True
        self.direct = False
        self._clear(reason)
        consumer = self._owner.consumer
        if reason == "disconnect":
            consumer.base_send = _refused
        elif consumer.base_send == self._ordered:
            consumer.base_send = self.send
        if reason != "disconnect":
            self.give_up()

    def give_up(self) -> None:
        """Stop waiting for the client to take the frame at hand."""
        if self._writer is not None:
            self._writer.cancel()

    async def send_last(self, message: Frame) -> None:
        """Send a message to the server after the frame at hand.

        Args:
            message: The message.
        """
        if self._lock is None:
            await self.send(message)
        else:
            async with self._lock:
                await self.send(message)

    def take_over(self) -> None:
        """Have the consumer's sends pass here: a worker takes the layer's messages to it."""
        consumer = self._owner.consumer
        if consumer.base_send is self.send:
            consumer.base_send = self._ordered

    def give_back(self) -> None:
        """Have the consumer's sends go to the server, when neither a worker nor a frame stands in their way."""
        if self._writer is None and self._owner.worker is None:
            consumer = self._owner.consumer
            if consumer.base_send == self._ordered:
                consumer.base_send = self.send

    def _enqueue(self, frame: Frame) -> None:
        consumer = self._owner.consumer
        policy, limit = consumer.slow_client_policy, consumer.send_queue_bytes
        queue = self._queue
        if queue is None:
            queue = LatestQueue(consumer.latest_key) if policy == "keep_latest" else SendQueue()
            self._queue = queue
        before = queue.bytes
        superseded = queue.push(frame)
        excess = 0
        if queue.bytes > limit:
            if policy == "disconnect":
                counters.queued_bytes += queue.bytes - before
                self._owner.is_too_slow()
                if not self._shut:
                    self._clear("gone")
                return
            if policy == "pause":
                if not self.paused:
                    self.paused = True
                    self._owner.has_no_room()
            else:
                excess = queue.shrink(limit)
        counters.queued_bytes += queue.bytes - before
        if superseded or excess:
            self._dropped += superseded + excess
            counters.drop("keep_latest", superseded)
            counters.drop("drop_oldest", excess)

    def _clear(self, reason: DropReason) -> None:
        queue, self._queue = self._queue, None
        if queue is not None:
            counters.queued_bytes -= queue.bytes
            counters.drop(reason, len(queue))
        self._unpause()

    def _unpause(self) -> None:
        if self.paused:
            self.paused = False
            self._owner.has_room()
        if self._room is not None:
            if not self._room.done():
                self._room.set_result(None)
            self._room = None

    def _start(self, first: "Awaitable[None] | None") -> None:
        if self._lock is None:
            self._lock = asyncio.Lock()
        self.take_over()
        self.direct = False
        # Not by the loop's task factory: an eager one would run it before it is known as the writer.
        self._writer = asyncio.Task(self._write(first), loop=asyncio.get_running_loop())

    async def _ordered(self, message: Frame) -> None:
        """The connection's ``send`` while frames wait, or a worker sends: behind what waits."""
        if message["type"] == "websocket.send" and asyncio.current_task() is self._owner.worker:
            self.put(message)
            while self.paused:
                if self._room is None:
                    self._room = asyncio.get_running_loop().create_future()
                await self._room
        elif self._lock is None:
            await self.send(message)
        else:
            async with self._lock:
                await self._owner.consumer.base_send(message) if self._shut else await self.send(message)

    async def _write(self, first: "Awaitable[None] | None") -> None:
        assert self._lock is not None  # made before the task
        try:
            async with self._lock:
                if first is not None:
                    await first
                while self._queue:
                    before = self._queue.bytes
                    frame = self._queue.pop()
                    counters.queued_bytes += self._queue.bytes - before
                    if self.paused and self._queue.bytes * 2 <= self._owner.consumer.send_queue_bytes:
                        self._unpause()
                    await self.send(frame)
        except Exception as error:
            self.failed(error)
        finally:
            self._writer = None
            if not self._shut:
                self._clear("gone")
                self.direct = self._by_hand
                self.give_back()
                if self._dropped:
                    dropped, self._dropped = self._dropped, 0
                    self._owner.caught_up(dropped)


async def _refused(message: Frame) -> None:
    """The ``send`` of a connection that is being closed because its client reads too slowly.

    Raises:
        SlowClientError: Always, but for closing it once more.
    """
    if message["type"] == "websocket.send":
        raise SlowClientError("the client reads too slowly and is being disconnected")


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
