"""What consumers take from Django Channels, under the import path of chanx 1.x."""

from asgiref.typing import WebSocketConnectEvent, WebSocketDisconnectEvent
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.layers import BaseChannelLayer, get_channel_layer
from channels.testing.websocket import WebsocketCommunicator

from chanx.core.check import IS_USING_DJANGO

__all__ = [
    "IS_USING_DJANGO",
    "AsyncJsonWebsocketConsumer",
    "BaseChannelLayer",
    "WebSocketConnectEvent",
    "WebSocketDisconnectEvent",
    "WebsocketCommunicator",
    "get_channel_layer",
]
