"""Frames on their way to one client, when nobody awaits their sending.

A delivery is sent by stepping the server's ``send`` by hand: it has written the frame before it first suspends, or
suspends because the client does not read. What does suspend, and the ``send`` of middleware that needs a task, is
finished in a task. granian's ``send`` gives a future of the frame that it has taken already, which needs none. Either
is the one send in flight: what comes meanwhile waits for it, so that frames stay in order.

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
        "_sending",
        "_shut",
        "_turn",
        "_watched",
        "direct",
        "paused",
        "send",
    )

    def __init__(self, owner: Owner, send: Send) -> None:
        self._owner = owner
        self.send = send
        self._by_hand = is_stepped_by_hand(send)
        self._queue: SendQueue | None = None
        self._sending: asyncio.Future[None] | None = None  # the send in flight
        self._watched = False  # whether its end calls _sent; else it is asked when the next frame comes
        self._lock: asyncio.Lock | None = None  # held by the consumer's own send that waits, or is under way
        self._turn: asyncio.Future[None] | None = None  # what it waits for; done while it is under way
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
        if self.direct or (self._is_idle() and not self._shut):
            self._send(frame)
            if self._sending is not None:
                self.take_over()
        elif not self._shut:
            self._enqueue(frame)
            self._watch()

    def suspended(self, sending: Any, awaited: Any) -> None:
        """Finish, in a task, a send that suspended on its first step.

        Args:
            sending: The coroutine.
            awaited: What it yielded.
        """
        self._in_flight(_Resumed(sending, awaited))
        self.take_over()

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
        if not self._is_idle() and self._sending is not None:
            self._watch()
            self._sending.cancel()

    async def send_last(self, message: Frame) -> None:
        """Send a message to the server after the frame at hand.

        Args:
            message: The message.
        """
        await self._own(message, last=True)

    def take_over(self) -> None:
        """Have the consumer's sends pass here: a worker takes the layer's messages to it."""
        consumer = self._owner.consumer
        if consumer.base_send is self.send:
            consumer.base_send = self._ordered

    def give_back(self) -> None:
        """Have the consumer's sends go to the server, when neither a worker nor a frame stands in their way."""
        if self._owner.worker is None and self._is_idle():
            consumer = self._owner.consumer
            if consumer.base_send == self._ordered:
                consumer.base_send = self.send

    def _enqueue(self, frame: Frame) -> None:
        consumer = self._owner.consumer
        queue = self._queue
        if queue is None:
            latest = consumer.slow_client_policy == "keep_latest"
            self._queue = queue = LatestQueue(consumer.latest_key) if latest else SendQueue()
        before = queue.bytes
        superseded = queue.push(frame)
        excess = 0
        limit = consumer.send_queue_bytes
        if queue.bytes > limit:
            policy = consumer.slow_client_policy
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

    def _send(self, frame: Frame) -> None:
        """Send a frame; nothing is in flight."""
        try:
            sending: Any = self.send(frame)
            if self._by_hand:
                if type(sending) is CoroutineType:
                    sending = _Resumed(sending, sending.send(None))
                else:
                    self._by_hand = False
        except StopIteration:
            return
        except Exception as error:
            self.failed(error)
            return
        self._in_flight(sending)

    def _in_flight(self, sending: Any) -> None:
        self.direct = False
        if type(sending) in _futures or _is_future(sending):
            self._sending = sending
            return
        # Not by the loop's task factory: an eager one would run it before it is known as the send in flight.
        work = sending if type(sending) is CoroutineType else _awaited(sending)
        self._sending = asyncio.Task(work, loop=asyncio.get_running_loop())
        self._watch()

    def _is_idle(self) -> bool:
        """Whether nothing is in flight, and nothing waits."""
        sending = self._sending
        if sending is not None:
            if self._watched or not sending.done():
                return False
            self._end(sending)
        return not self._queue and self._turn is None

    def _watch(self) -> None:
        """Have the end of the send in flight be noticed; futures of granian's take one callback only."""
        if self._sending is not None and not self._watched:
            self._watched = True
            self._sending.add_done_callback(self._sent)

    def _end(self, sending: "asyncio.Future[None]") -> None:
        self._sending = None
        self._watched = False
        try:
            sending.result()
        except asyncio.CancelledError:
            self._clear("gone")
        except Exception as error:
            self.failed(error)

    def _sent(self, sending: "asyncio.Future[None]") -> None:
        """The send in flight has come to its end."""
        self._end(sending)
        self._next()

    def _next(self) -> None:
        """Send what waits; after it, it is the turn of the consumer's own send, if one waits."""
        while self._sending is None and self._queue:
            before = self._queue.bytes
            frame = self._queue.pop()
            left = self._queue.bytes
            counters.queued_bytes += left - before
            self._send(frame)
            if self.paused and left * 2 <= self._owner.consumer.send_queue_bytes:
                self._unpause()
        if self._sending is not None:
            if self._queue or self._dropped or self._turn is not None:
                self._watch()
            return
        if not self._shut and self._dropped:
            dropped, self._dropped = self._dropped, 0
            self._owner.caught_up(dropped)
        if self._turn is not None:
            if not self._turn.done():
                self._turn.set_result(None)
        elif not self._shut:
            self.direct = self._by_hand
            self.give_back()

    async def _ordered(self, message: Frame) -> None:
        """The connection's ``send`` while frames wait, or a worker sends: behind what waits."""
        if message["type"] == "websocket.send" and asyncio.current_task() is self._owner.worker:
            self.put(message)
            while self.paused:
                if self._room is None:
                    self._room = asyncio.get_running_loop().create_future()
                await self._room
        else:
            await self._own(message)

    async def _own(self, message: Frame, last: bool = False) -> None:
        """Send what the consumer awaits itself: behind what waits, and before what comes meanwhile."""
        if (self._lock is None or not self._lock.locked()) and self._is_idle():
            self.give_back()
            await self._send_own(message, last)
            return
        if self._lock is None:
            self._lock = asyncio.Lock()
        async with self._lock:
            idle = self._is_idle()
            self.direct = False
            self._turn = asyncio.get_running_loop().create_future()
            if idle:
                self._turn.set_result(None)
            self._watch()
            try:
                await self._turn
                await self._send_own(message, last)
            finally:
                self._turn = None
                self._next()

    def _send_own(self, message: Frame, last: bool) -> Awaitable[None]:
        refused = not last and self._owner.consumer.base_send is _refused  # it has been shut since
        return _refused(message) if refused else self.send(message)


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


_futures: set[type] = set()  # what _is_future has found to be some


def _is_future(sending: Any) -> bool:
    """Whether a send goes on when nobody awaits it: it is a task, or a future of work that is done elsewhere."""
    if not (asyncio.isfuture(sending) and hasattr(sending, "done")):
        return False
    _futures.add(type(sending))
    return True
