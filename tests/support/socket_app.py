"""A chat and a stream, served over real sockets by the tests of servers and of bad input."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Hashable
from typing import Any, Literal

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="only for tests",
    ALLOWED_HOSTS=["*"],
    USE_TZ=True,
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "channels", "chanx.channels"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": os.environ.get("TEST_LAYER", "chanx.layers.InMemoryChannelLayer"),
            "CONFIG": {"hosts": [os.environ["TEST_REDIS"]]} if "TEST_REDIS" in os.environ else {},
        }
    },
)
django.setup()

from channels.generic.websocket import AsyncJsonWebsocketConsumer as PlainAsyncConsumer
from channels.generic.websocket import JsonWebsocketConsumer as PlainSyncConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path
from pydantic import BaseModel

from chanx.channels.stats import connection_stats
from chanx.channels.websocket import AsyncJsonWebsocketConsumer
from chanx.core.decorators import event_handler, ws_handler
from chanx.messages.base import BaseMessage
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import PongMessage


class Line(BaseModel):
    name: str
    text: str


class LineMessage(BaseMessage):
    action: Literal["line"] = "line"
    payload: Line


class AskMessage(BaseMessage):
    action: Literal["ask"] = "ask"
    payload: int


class StopMessage(BaseMessage):
    action: Literal["stop"] = "stop"
    payload: None = None


class TokenMessage(BaseMessage):
    action: Literal["token"] = "token"
    payload: int


class NestedMessage(BaseMessage):
    action: Literal["nested"] = "nested"
    payload: Any


class NoticeEvent(BaseMessage):
    action: Literal["notice"] = "notice"
    payload: str


class ChatConsumer(AsyncJsonWebsocketConsumer[NoticeEvent]):
    stopped = False

    async def post_authentication(self) -> None:
        await self.join_group(self.url_params["room"])

    @ws_handler
    async def handle_ping(self, message: PingMessage) -> PongMessage:
        return PongMessage()

    @ws_handler(output_type=LineMessage)
    async def handle_line(self, message: LineMessage) -> None:
        await self.broadcast_message(message, exclude_current=True)

    @ws_handler
    async def handle_ask(self, message: AskMessage) -> AsyncIterator[TokenMessage]:
        for number in range(message.payload):
            if self.stopped:
                return
            await asyncio.sleep(0.005)
            yield TokenMessage(payload=number)

    @ws_handler
    async def handle_stop(self, message: StopMessage) -> None:
        self.stopped = True

    @ws_handler
    async def handle_nested(self, message: NestedMessage) -> PongMessage:
        return PongMessage()

    @event_handler
    async def on_notice(self, event: NoticeEvent) -> NoticeEvent:
        return event


class StatsMessage(BaseMessage):
    action: Literal["stats"] = "stats"
    payload: Any = None


class MissedMessage(BaseMessage):
    action: Literal["missed"] = "missed"
    payload: int


class SlowClientConsumer(ChatConsumer):
    """The chat, with what it does to clients that read too slowly made visible; one class a policy below."""

    @ws_handler
    async def handle_stats(self, message: StatsMessage) -> StatsMessage:
        return StatsMessage(payload={**connection_stats(), "layer": self.channel_layer.stats()})

    async def handle_dropped_frames(self, count: int) -> None:
        await self.send_message(MissedMessage(payload=count))

    @classmethod
    def latest_key(cls, message: dict[str, Any]) -> Hashable:
        return message["action"], message["payload"]["name"] if message["action"] == "line" else None


class PausingConsumer(SlowClientConsumer):
    slow_client_policy = "pause"


class DisconnectingConsumer(SlowClientConsumer):
    slow_client_policy = "disconnect"


class DroppingConsumer(SlowClientConsumer):
    slow_client_policy = "drop_oldest"


class LatestConsumer(SlowClientConsumer):
    slow_client_policy = "keep_latest"


class PlainAsync(PlainAsyncConsumer):  # type: ignore[misc]  # Channels is untyped
    """A consumer of Channels itself, in the rooms of the chat."""

    async def connect(self) -> None:
        self.room = self.scope["url_route"]["kwargs"]["room"]
        await self.channel_layer.group_add(self.room, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(self.room, self.channel_name)

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        await self.channel_layer.group_send(self.room, group_message(content, self.channel_name))

    async def handle_group_message(self, event: dict[str, Any]) -> None:
        if event["from_channel"] != self.channel_name:
            await self.send_json(event["message"])


class PlainSync(PlainSyncConsumer):  # type: ignore[misc]  # Channels is untyped
    """Likewise, synchronous."""

    def connect(self) -> None:
        from asgiref.sync import async_to_sync

        self.room = self.scope["url_route"]["kwargs"]["room"]
        async_to_sync(self.channel_layer.group_add)(self.room, self.channel_name)
        self.accept()

    def receive_json(self, content: Any, **kwargs: Any) -> None:
        from asgiref.sync import async_to_sync

        message = group_message(content, self.channel_name)
        async_to_sync(self.channel_layer.group_send)(self.room, message)

    def handle_group_message(self, event: dict[str, Any]) -> None:
        if event["from_channel"] != self.channel_name:
            self.send_json(event["message"])


def group_message(content: Any, channel: str) -> dict[str, Any]:
    return {
        "type": "handle_group_message",
        "message": content,
        "exclude_current": True,
        "from_channel": channel,
    }


application = ProtocolTypeRouter(
    {
        "http": get_asgi_application(),
        "websocket": URLRouter(
            [
                path("ws/chat/<str:room>/", ChatConsumer.as_asgi()),
                path("ws/pause/<str:room>/", PausingConsumer.as_asgi()),
                path("ws/disconnect/<str:room>/", DisconnectingConsumer.as_asgi()),
                path("ws/drop_oldest/<str:room>/", DroppingConsumer.as_asgi()),
                path("ws/keep_latest/<str:room>/", LatestConsumer.as_asgi()),
                path("ws/plain/<str:room>/", PlainAsync.as_asgi()),
                path("ws/sync/<str:room>/", PlainSync.as_asgi()),
            ]
        ),
    }
)
