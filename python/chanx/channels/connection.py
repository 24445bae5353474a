"""Running one connection: the receive loop, and the deliveries of the channel layer.

Channels waits for the server and the layer with a task each and ``asyncio.wait`` for every message. Here the
connection's own task awaits the server directly. A layer of this package hands its messages over without any task;
for every other layer one task per connection awaits ``receive()``.
"""

import asyncio
import contextvars
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from channels.exceptions import StopConsumer

from chanx.channels.deliveries import deliver
from chanx.channels.outbox import Outbox
from chanx.core.tasks import enter
from chanx.layers.base import NativeChannelLayer

if TYPE_CHECKING:
    from chanx.channels.websocket import AsyncJsonWebsocketConsumer

Message = dict[str, Any]


class Connection:
    """One connection of a consumer.

    Attributes:
        consumer: The consumer.
        outbox: Frames that nobody awaits.
        inbox: Messages of the layer that wait for ``dispatch``.
        ended: No more deliveries are wanted.
        worker: The task that takes the layer's messages to ``dispatch``, while there is one.
    """

    __slots__ = (
        "_context",
        "_failure",
        "_layer",
        "_lock",
        "_paused",
        "_receive",
        "_task",
        "consumer",
        "ended",
        "inbox",
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
        self.outbox = Outbox(consumer, send, self._has_room)
        self.inbox: deque[Message] | None = None
        self.ended = False
        self._receive = receive
        self._layer: Any = consumer.channel_layer
        self._lock = asyncio.Lock()
        self._task = asyncio.current_task()
        self.worker: asyncio.Task[None] | None = None
        self._context: contextvars.Context | None = None
        self._failure: BaseException | None = None
        self._paused = False

    async def run(self) -> None:
        """Take messages until the connection ends.

        Raises:
            Exception: What a method of the consumer raised.
        """
        enter(self.consumer.chanx_tasks)
        try:
            await self.consumer.dispatch(await self._receive())
            self._start_deliveries()
            while True:
                message = await self._receive()
                if message.get("type") == "websocket.disconnect":
                    async with self._lock:  # a delivery that is being handled comes first
                        self.ended = True
                        await self.consumer.dispatch(message)
                else:
                    await self.consumer.dispatch(message)
        except StopConsumer:
            return
        except asyncio.CancelledError:
            if self._failure is None or self._task is None:
                raise
            self._task.uncancel()
            if not isinstance(self._failure, StopConsumer):
                raise self._failure from None
        finally:
            self._stop_deliveries()

    def _start_deliveries(self) -> None:
        layer = self._layer
        if layer is None:
            return
        self._context = contextvars.copy_context()
        if _hands_over(layer):
            layer.attach(self.consumer.channel_name, self, deliver)
        else:
            self.worker = asyncio.create_task(self._pull(), context=self._context)

    def _stop_deliveries(self) -> None:
        self.ended = True
        self.outbox.cancel()
        if self.worker is not None:
            self.worker.cancel()
        if isinstance(self._layer, NativeChannelLayer):
            self._layer.drop_channel(self.consumer.channel_name)

    async def _pull(self) -> None:
        """Await the layer's messages, one after the other."""
        while True:
            message: Any = await self.consumer.channel_receive()
            if not await self._dispatch(message):
                return

    def hand_over(self, message: Message) -> None:
        """Have a message of the layer go through ``dispatch``, after those that wait already.

        Args:
            message: The message; the consumer's own copy.
        """
        if self.inbox is None:
            self.inbox = deque()
        self.inbox.append(message)
        if self.worker is None:
            loop = asyncio.get_running_loop()
            self.worker = loop.create_task(self._work_off(), context=self._context)

    async def _work_off(self) -> None:
        try:
            while self.inbox and await self._dispatch(self.inbox.popleft()):
                pass
        finally:
            self.worker = None

    async def _dispatch(self, message: Message) -> bool:
        """Dispatch one message of the layer; a failure ends the connection."""
        if self.consumer.chanx_tasks.publishers:
            await self.consumer.chanx_tasks.settle()
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

    def send(self, frame: Message) -> None:
        """Send a frame that nobody awaits; a client that does not read has its channel paused."""
        self.outbox.put(frame)
        if self.outbox.paused and not self._paused:
            self._paused = True
            self._layer.pause(self.consumer.channel_name)

    def _has_room(self) -> None:
        if self._paused and not self.ended:
            self._paused = False
            self._layer.resume(self.consumer.channel_name)


def _hands_over(layer: Any) -> bool:
    """Whether a layer delivers by itself; one whose ``receive`` was overridden has to be asked."""
    return (
        isinstance(layer, NativeChannelLayer)
        and type(layer).receive is NativeChannelLayer.receive
        and "receive" not in vars(layer)
    )
