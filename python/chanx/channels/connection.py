"""Running one connection: the receive loop, and the deliveries of the channel layer.

Channels waits for the server and the layer with a task each and ``asyncio.wait`` for every message. Here the
connection's own task awaits the server directly. A layer of this package hands its messages over without any task;
for every other layer one task per connection awaits ``receive()``.

Tasks are made by their class, not by the loop: a loop whose task factory starts tasks at once would run them before
they are known here.
"""

import asyncio
import contextlib
import contextvars
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from channels.exceptions import StopConsumer

from chanx.channels.deliveries import deliver
from chanx.channels.flow import CLOSE_GRACE, abort
from chanx.channels.outbox import Outbox
from chanx.channels.stats import counters
from chanx.core.tasks import enter
from chanx.layers.base import NativeChannelLayer

if TYPE_CHECKING:
    from chanx.channels.websocket import AsyncJsonWebsocketConsumer

Message = dict[str, Any]

MAX_INBOX_BYTES: Final = 1024 * 1024
"""What may wait for ``dispatch`` before the connection's channel is paused, as the layer counts it."""


class Connection:
    """One connection of a consumer.

    Attributes:
        consumer: The consumer.
        outbox: Frames that nobody awaits.
        ended: No more deliveries are wanted.
        held: Broadcasts that are kept back, None when there are none: what comes now has to queue up behind them.
        worker: The task that takes the layer's messages to ``dispatch``, while there is one.
    """

    __slots__ = (
        "_close_code",
        "_context",
        "_failure",
        "_inbox",
        "_inbox_bytes",
        "_layer",
        "_lock",
        "_paused",
        "_receive",
        "_task",
        "consumer",
        "ended",
        "held",
        "outbox",
        "worker",
    )

    def __init__(
        self,
        consumer: "AsyncJsonWebsocketConsumer[Any]",
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        self.consumer = consumer
        self.outbox = Outbox(self, send)
        self.ended = False
        self.worker: asyncio.Task[None] | None = None
        self._receive = receive
        self._layer: Any = consumer.channel_layer
        self._lock: asyncio.Lock | None = None
        self._task: asyncio.Task[Any] | None = None
        self._context: contextvars.Context | None = None
        self._failure: BaseException | None = None
        self.held: list[tuple[Message, str | None, int]] | None = None
        self._inbox: deque[tuple[Message, int]] | None = None
        self._inbox_bytes = 0
        self._paused = False
        self._close_code: int | None = None

    async def run(self) -> None:
        """Take messages until the connection ends.

        Raises:
            Exception: What a method of the consumer raised.
        """
        self._task = asyncio.current_task()
        enter(self.consumer.chanx_tasks)
        counters.open += 1
        counters.opened += 1
        try:
            await self.consumer.chanx_begin()
            await self.consumer.dispatch(await self._receive())
            self._start_deliveries()
            while True:
                message = await self._receive()
                if message.get("type") == "websocket.disconnect":
                    await self._disconnected(message)
                else:
                    await self.consumer.dispatch(message)
        except StopConsumer:
            return
        except asyncio.CancelledError:
            if self._task is None or (self._failure is None and self._close_code is None):
                raise
            self._task.uncancel()
            await self._fail()
        finally:
            self._stop_deliveries()
            self.consumer.chanx_end()
            counters.open -= 1

    async def _disconnected(self, message: Message) -> None:
        """Have the consumer take its leave, after a delivery that is being handled."""
        if self._close_code is not None:
            # Servers differ in what they report when it was us who closed.
            message = {**message, "code": self._close_code}
        if self._lock is None:
            self.ended = True
            await self.consumer.dispatch(message)
            return
        async with self._lock:
            self.ended = True
            await self.consumer.dispatch(message)

    async def _fail(self) -> None:
        """End a connection that a delivery has failed in, or whose slow client cannot even be told."""
        if self._failure is None:
            try:
                await self.consumer.dispatch({"type": "websocket.disconnect", "code": self._close_code})
            except StopConsumer:
                return
        elif not isinstance(self._failure, StopConsumer):
            raise self._failure from None

    def _start_deliveries(self) -> None:
        layer = self._layer
        if layer is None:
            return
        self._context = contextvars.copy_context()
        if _hands_over(layer):
            layer.attach(self.consumer.channel_name, self, deliver)
        else:
            self._start_worker(self._pull())

    def _stop_deliveries(self) -> None:
        self.ended = True
        self.outbox.shut("gone")
        if self.worker is not None:
            self.worker.cancel()
        if self._paused:
            self._paused = False
            counters.paused -= 1
        if isinstance(self._layer, NativeChannelLayer) and hasattr(self.consumer, "channel_name"):
            self._layer.drop_channel(self.consumer.channel_name)

    def _start_worker(self, work: Any) -> None:
        self.worker = asyncio.Task(work, loop=asyncio.get_running_loop(), context=self._context)
        self.outbox.take_over()

    async def _pull(self) -> None:
        """Await the layer's messages, one after the other."""
        while True:
            message: Any = await self.consumer.channel_receive()
            if not await self._dispatch(message):
                return

    def hold(self, frame: Message, completion: str | None, size: int) -> bool:
        """Keep a broadcast back until the handlers that have published something are through.

        Args:
            frame: The frame.
            completion: The text of the message to send after it, if any.
            size: What it takes, in bytes.

        Returns:
            Whether it is kept; when too much is, the broadcast has to be handed over like any other message.
        """
        if self._inbox_bytes > MAX_INBOX_BYTES:
            return False
        if self.held is None:
            self.held = []
            self.consumer.chanx_tasks.when_settled(self._release)
        self.held.append((frame, completion, size))
        self._inbox_bytes += size
        return True

    def _release(self) -> None:
        """Send the broadcasts that were kept back."""
        held, self.held = self.held, None
        for frame, completion, size in held or ():
            self._inbox_bytes -= size
            if self.ended:
                continue
            self.outbox.put(frame)
            if completion is not None:
                self.outbox.put({"type": "websocket.send", "text": completion})

    def hand_over(self, message: Message, size: int) -> None:
        """Have a message of the layer go through ``dispatch``, after those that wait already.

        Args:
            message: The message; the consumer's own copy.
            size: What it takes, in bytes.
        """
        if self._inbox is None:
            self._inbox = deque()
        self._inbox.append((message, size))
        self._inbox_bytes += size
        if self.worker is None:
            self._start_worker(self._work_off())
        elif self._inbox_bytes > MAX_INBOX_BYTES:
            self._pause()

    async def _work_off(self) -> None:
        try:
            while self._inbox:
                message, size = self._inbox.popleft()
                self._inbox_bytes -= size
                if not await self._dispatch(message):
                    return
                if self._paused:
                    self._resume()
        finally:
            self.worker = None
            self.outbox.give_back()

    async def _dispatch(self, message: Message) -> bool:
        """Dispatch one message of the layer; a failure ends the connection."""
        if self.consumer.chanx_tasks.publishers:
            await self.consumer.chanx_tasks.settle()
        if self.held is not None:
            self._release()  # those came before
        if self._lock is None:
            self._lock = asyncio.Lock()
        async with self._lock:
            if self.ended:
                return False
            try:
                await self.consumer.dispatch(message)
            except Exception as error:
                self._failure = error
                self.ended = True
                if self._task is not None:
                    self._task.cancel()
                return False
        return True

    # What the outbox tells.

    def has_no_room(self) -> None:
        """The client does not read: its messages stay in its channel, where capacity and expiry count them."""
        self._pause()

    def has_room(self) -> None:
        """The client reads again."""
        self._resume()

    def caught_up(self, dropped: int) -> None:
        """Tell the consumer that frames were dropped."""
        consumer = self.consumer
        if not self.ended:
            consumer.chanx_tasks.start(consumer.handle_dropped_frames(dropped), self._context)

    def is_too_slow(self) -> None:
        """Close the connection of a client that reads too slowly."""
        if self.ended:
            return
        self.ended = True
        counters.disconnected += 1
        self._close_code = self.consumer.slow_client_close_code
        self.outbox.shut("disconnect")
        if isinstance(self._layer, NativeChannelLayer):
            self._layer.drop_channel(self.consumer.channel_name)
        closing = asyncio.Task(self._close(self._close_code), loop=asyncio.get_running_loop())
        _closing.add(closing)
        closing.add_done_callback(_closing.discard)

    async def _close(self, code: int) -> None:
        """Close in good order if the client takes the close frame in time, else break the connection."""
        frame = {"type": "websocket.close", "code": code, "reason": "reading too slowly"}
        with contextlib.suppress(Exception):
            async with asyncio.timeout(CLOSE_GRACE):
                await self.outbox.send_last(frame)
                # Servers take the frame long before the client has it.
                await asyncio.sleep(CLOSE_GRACE)
        self.outbox.give_up()
        abort(self.outbox.send)
        if self._task is not None and not self._task.done():
            await asyncio.wait([self._task], timeout=1)
            if not self._task.done():
                self._task.cancel()

    def _pause(self) -> None:
        if not self._paused and not self.ended and _hands_over(self._layer):
            self._paused = True
            counters.paused += 1
            self._layer.pause(self.consumer.channel_name)

    def _resume(self) -> None:
        """Take messages again, unless there is still a reason not to."""
        if self._paused and not self.ended and not self.outbox.paused:
            if self._inbox_bytes * 2 > MAX_INBOX_BYTES:
                return
            self._paused = False
            counters.paused -= 1
            self._layer.resume(self.consumer.channel_name)


_closing: set[asyncio.Task[None]] = set()


def _hands_over(layer: Any) -> bool:
    """Whether a layer delivers by itself; one whose ``receive`` was overridden has to be asked."""
    return (
        isinstance(layer, NativeChannelLayer)
        and type(layer).receive is NativeChannelLayer.receive
        and "receive" not in vars(layer)
    )
