"""A chat room as an ASGI application, on whichever `chanx` the path holds and the layer that BENCH_LAYER names."""

import os
from typing import Literal

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat_settings")
import django

django.setup()
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path
from pydantic import BaseModel

from chanx.channels.websocket import AsyncJsonWebsocketConsumer
from chanx.core.decorators import ws_handler
from chanx.messages.base import BaseMessage
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import PongMessage


class ChatPayload(BaseModel):
    message: str
    name: str


class NewChatMessage(BaseMessage):
    action: Literal["new_chat_message"] = "new_chat_message"
    payload: ChatPayload


class ChatConsumer(AsyncJsonWebsocketConsumer):
    async def post_authentication(self) -> None:
        room = self.scope["url_route"]["kwargs"]["room"]
        await self.channel_layer.group_add(room, self.channel_name)
        self.groups.append(room)

    @ws_handler
    async def handle_ping(self, message: PingMessage) -> PongMessage:
        return PongMessage()

    @ws_handler(output_type=NewChatMessage)
    async def handle_chat(self, message: NewChatMessage) -> None:
        await self.broadcast_message(message)


application = ProtocolTypeRouter(
    {
        "http": get_asgi_application(),
        "websocket": URLRouter([path("ws/chat/<str:room>/", ChatConsumer.as_asgi())]),
    }
)
