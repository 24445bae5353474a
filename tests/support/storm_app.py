"""Rooms whose clients stall, leave and come back while Redis restarts; clients hear when messages may be missing."""

from __future__ import annotations

import os
from typing import Any, Literal

import django
from django.conf import settings


async def redis_is_back() -> None:
    await RoomConsumer.broadcast_event(GapEvent(), "all")


settings.configure(
    SECRET_KEY="only for tests",
    ALLOWED_HOSTS=["*"],
    USE_TZ=True,
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "channels", "chanx.channels"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": "chanx.layers.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [os.environ["TEST_REDIS"]], "on_reconnect": redis_is_back},
        }
    },
    LOGGING={"version": 1, "root": {"level": "ERROR"}},
)
django.setup()

from channels.layers import get_channel_layer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

from chanx.channels.stats import connection_stats
from chanx.channels.websocket import AsyncJsonWebsocketConsumer
from chanx.core.decorators import event_handler, ws_handler
from chanx.messages.base import BaseMessage
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import PongMessage


class LineMessage(BaseMessage):
    action: Literal["line"] = "line"
    payload: Any


class StatsMessage(BaseMessage):
    action: Literal["stats"] = "stats"
    payload: Any = None


class GapEvent(BaseMessage):
    action: Literal["gap"] = "gap"
    payload: None = None


class RoomConsumer(AsyncJsonWebsocketConsumer[GapEvent]):
    groups = ["all"]
    slow_client_policy = "drop_oldest"

    async def post_authentication(self) -> None:
        await self.join_group(self.url_params["room"])

    @ws_handler
    async def handle_ping(self, message: PingMessage) -> PongMessage:
        return PongMessage()

    @ws_handler(output_type=LineMessage)
    async def handle_line(self, message: LineMessage) -> None:
        await self.broadcast_message(message, self.url_params["room"])

    @ws_handler
    async def handle_stats(self, message: StatsMessage) -> StatsMessage:
        layer: Any = get_channel_layer()
        return StatsMessage(payload={**connection_stats(), "layer": layer.stats()})

    @event_handler
    async def on_gap(self, event: GapEvent) -> GapEvent:
        return event


class DisconnectingConsumer(RoomConsumer):
    slow_client_policy = "disconnect"


application = ProtocolTypeRouter(
    {
        "http": get_asgi_application(),
        "websocket": URLRouter(
            [
                path("ws/drop/<str:room>/", RoomConsumer.as_asgi()),
                path("ws/disconnect/<str:room>/", DisconnectingConsumer.as_asgi()),
            ]
        ),
    }
)
