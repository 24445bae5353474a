"""The consumer for Django Channels."""

import asyncio
import functools
from collections.abc import Coroutine
from secrets import token_hex
from typing import Any

from asgiref.sync import markcoroutinefunction
from channels.consumer import get_handler_name
from channels.exceptions import InvalidChannelLayerError, StopConsumer
from channels.generic.websocket import (
    AsyncJsonWebsocketConsumer as ChannelsAsyncJsonWebsocketConsumer,
)
from channels.layers import get_channel_layer

from chanx.channels.collector import tune_once
from chanx.channels.connection import Connection
from chanx.channels.database import connections
from chanx.channels.flow import controlled
from chanx.channels.settings import follow_setting
from chanx.core.consumer_base import ReceiveEvent
from chanx.core.frame_plan import GUARD_CLEAR, current_plan, follow_log_level
from chanx.core.tasks import LARGE_FRAME
from chanx.core.websocket import ChanxWebsocketConsumerMixin
from chanx.utils.logging import bind_log_context

__all__ = ["AsyncJsonWebsocketConsumer", "ReceiveEvent"]

follow_setting()


class AsyncJsonWebsocketConsumer(
    ChanxWebsocketConsumerMixin[ReceiveEvent], ChannelsAsyncJsonWebsocketConsumer
):
    """A WebSocket consumer of typed messages.

    Give it the type of the events it receives, ``AsyncJsonWebsocketConsumer[MyEvent]``, to have
    ``broadcast_event`` and ``send_event`` checked by type checkers.
    """

    get_channel_layer = staticmethod(get_channel_layer)
    _chanx_connection: Connection | None = None

    def _chanx_no_groups_error(self) -> Exception:
        return InvalidChannelLayerError(self._chanx_no_groups_text())

    @classmethod
    def as_asgi(cls, **initkwargs: Any) -> Any:
        """The ASGI application that serves each connection with a consumer of its own.

        As Channels' own, but without a coroutine of its own around each connection.

        Args:
            **initkwargs: Given to the consumer when it is made.
        """

        def application(scope: Any, receive: Any, send: Any) -> Any:
            return cls(**initkwargs)(scope, receive, send)

        served: Any = functools.update_wrapper(application, cls, updated=())
        served.consumer_class = cls
        served.consumer_initkwargs = initkwargs
        return markcoroutinefunction(served)

    def __call__(  # pyright: ignore[reportIncompatibleMethodOverride]  # a coroutine all the same
        self, scope: Any, receive: Any, send: Any
    ) -> Coroutine[Any, Any, None]:
        """Serve one connection.

        Args:
            scope: The ASGI scope.
            receive: The server's ``receive``.
            send: The server's ``send``.

        Returns:
            The coroutine that serves it; no other stands around it, which would cost each connection memory.
        """
        tune_once(scope)
        self.scope = scope
        self.channel_layer = get_channel_layer(self.channel_layer_alias)
        self.base_send = send = controlled(send)
        self._chanx_connection = connection = Connection(self, receive, send)
        return connection.run()

    async def chanx_begin(self) -> None:
        """Take a channel of the layer, and what the log tells of the connection."""
        if self.channel_layer is not None:
            self.channel_name = await self.channel_layer.new_channel()
        bind_log_context(connection_id=token_hex(4))
        if self.log_websocket_message:
            follow_log_level()

    def chanx_end(self) -> None:
        """Let go of the connection: the two refer to each other."""
        self._chanx_connection = None

    async def channel_receive(self) -> Any:
        """The next message of this connection's channel."""
        return await self.channel_layer.receive(self.channel_name)

    def push(self, text: str) -> bool:
        """Send a frame that nobody awaits; for producers that must not wait for a slow client.

        Args:
            text: The frame.

        Returns:
            Whether the client keeps up. When it does not, more than ``send_queue_bytes`` wait for it, or frames were
            dropped, and a producer should hold back or leave something out.
        """
        connection = self._chanx_connection
        if connection is None or connection.ended:
            return True  # nobody is there to keep up
        connection.outbox.put({"type": "websocket.send", "text": text})
        return connection.outbox.keeps_up

    @property
    def keeps_up(self) -> bool:
        """Whether no more than ``send_queue_bytes`` of frames wait for the client, and none was dropped lately."""
        connection = self._chanx_connection
        return connection is None or connection.outbox.keeps_up

    async def dispatch(self, message: Any) -> None:
        """Take one message of the server or the channel layer.

        Frames go from text to handler at once unless a method on that way is overridden; everything else goes to
        the method named by its type.

        Args:
            message: The message, a dictionary with a ``type``.

        Raises:
            ValueError: There is no method for its type.
        """
        if connections.open and connections.are_due():
            await connections.close_due()
        if message.get("type") == "websocket.receive":
            if self._chanx_refused:
                return
            text = message.get("text")
            plan = self.chanx_plan
            if plan is None or plan.guard(self) != GUARD_CLEAR:
                plan = current_plan(self)
            if plan is not None and plan.decode is not None and type(text) is str and plan.adapter_is_own():
                received = plan.decode(text)
                if received is not None:
                    tasks, size = self.chanx_tasks, len(text)
                    if len(tasks.running) >= plan.limit or size >= LARGE_FRAME:
                        await tasks.admit(size)
                    handler = getattr(self, plan.methods[type(received)])
                    task = asyncio.Task(
                        self._chanx_answer(plan, handler, received), loop=asyncio.get_running_loop()
                    )
                    tasks.add(task)
                    if size >= LARGE_FRAME:
                        tasks.weigh(task, size)
                    return
        handler = getattr(self, get_handler_name(message), None)
        if handler is None:
            raise ValueError(f"No handler for message type {message['type']}")
        await handler(message)

    async def websocket_disconnect(self, message: Any) -> None:
        """Leave topics and groups, then call ``disconnect``.

        Channels' own method would visit the database thread for each connection that ends.

        Args:
            message: The server's ``websocket.disconnect``.

        Raises:
            StopConsumer: Always: the connection has ended.
        """
        await self._chanx_leave()
        for group in list(self.groups):
            try:
                await self.channel_layer.group_discard(group, self.channel_name)
            except AttributeError:
                raise self._chanx_no_groups_error() from None
        await self.disconnect(message["code"])
        if connections.open and connections.are_due():
            await connections.close_due()
        raise StopConsumer

    async def websocket_receive(self, message: Any) -> None:
        """Take a frame of the client: text, or bytes when there is none.

        Args:
            message: The server's ``websocket.receive``.
        """
        text = message.get("text")
        if text is not None:
            await self.receive(text_data=text)
        else:
            await self.receive(bytes_data=message.get("bytes"))
