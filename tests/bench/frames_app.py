"""Frames through a consumer without a socket, on whichever `chanx` is on the path.

Prints frames per second of CPU time as JSON.

usage: python frames_app.py SECONDS
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any, Literal

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="benchmark",
    USE_TZ=True,
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "channels", "chanx.channels"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    CHANX={"SEND_MESSAGE_IMMEDIATELY": False},
)
django.setup()

from pydantic import BaseModel

from chanx.channels.websocket import AsyncJsonWebsocketConsumer
from chanx.core.decorators import event_handler, ws_handler
from chanx.messages.base import BaseMessage
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import PongMessage


class ChatPayload(BaseModel):
    message: str
    name: str


class NewChatMessage(BaseMessage):
    action: Literal["new_chat_message"] = "new_chat_message"
    payload: ChatPayload


class Item(BaseModel):
    id: int
    title: str
    price: float
    tags: list[str]
    active: bool


class BulkPayload(BaseModel):
    items: list[Item]


class BulkMessage(BaseMessage):
    action: Literal["bulk"] = "bulk"
    payload: BulkPayload


class CountMessage(BaseMessage):
    action: Literal["count"] = "count"
    payload: int


class TokenEvent(BaseMessage):
    action: Literal["token"] = "token"
    payload: str


class Consumer(AsyncJsonWebsocketConsumer):
    send_message_immediately = False

    @ws_handler
    async def handle_ping(self, message: PingMessage) -> PongMessage:
        return PongMessage()

    @ws_handler
    async def handle_chat(self, message: NewChatMessage) -> NewChatMessage:
        return message

    @ws_handler
    async def handle_bulk(self, message: BulkMessage) -> CountMessage:
        return CountMessage(payload=len(message.payload.items))

    @event_handler
    async def on_token(self, event: TokenEvent) -> TokenEvent:
        return event


def frame(action: str, payload: Any = None) -> dict[str, Any]:
    return {"type": "websocket.receive", "text": json.dumps({"action": action, "payload": payload})}


ITEM = {"id": 7, "title": "title 7", "price": 10.5, "tags": ["a", "bb", "ccc"], "active": True}
CASES: dict[str, dict[str, Any]] = {
    "ping": frame("ping"),
    "chat": frame("new_chat_message", {"message": "hello there, how are you?", "name": "alice"}),
    "bulk of 50": frame("bulk", {"items": [ITEM] * 50}),
    "invalid": frame("new_chat_message", {"message": 1}),
    "event": {"type": "handle_channel_event", "event_data": {"action": "token", "payload": "tok"}},
}
BATCH = 200


class Sink:
    """Counts the frames sent."""

    def __init__(self) -> None:
        self.count = 0

    async def __call__(self, message: dict[str, Any]) -> None:
        self.count += 1


async def drive(message: dict[str, Any], seconds: float) -> float:
    """Sends one message again and again; gives the frames answered a second."""
    consumer = Consumer()
    consumer.scope = {"type": "websocket", "path": "/", "headers": [], "url_route": {"kwargs": {}}}
    consumer.channel_layer = None
    consumer.channel_name = "benchmark"
    consumer.base_send = sink = Sink()
    await batch(consumer, sink, message)
    done, start = 0, time.process_time()
    while (spent := time.process_time() - start) < seconds:
        await batch(consumer, sink, message)
        done += BATCH
    return done / spent


async def batch(consumer: Consumer, sink: Sink, message: dict[str, Any]) -> None:
    due = sink.count + BATCH
    for _ in range(BATCH):
        await consumer.dispatch(dict(message))
    while sink.count < due:  # an event would cost what is measured
        await asyncio.sleep(0)


rates = {name: asyncio.run(drive(message, float(sys.argv[1]))) for name, message in CASES.items()}
print(json.dumps(rates))
