"""Messages and consumers that several tests of the consumer surface use."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Literal

from pydantic import BaseModel

from chanx.channels.websocket import AsyncJsonWebsocketConsumer
from chanx.core.decorators import event_handler, ws_handler
from chanx.core.topic import Topic
from chanx.messages.base import BaseMessage
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import PongMessage


class Note(BaseModel):
    some_text: str
    user_name: str = "x"


class NoteMessage(BaseMessage):
    action: Literal["note"] = "note"
    payload: Note


class FailMessage(BaseMessage):
    action: Literal["fail"] = "fail"
    payload: None = None


class BroadcastMessage(BaseMessage):
    action: Literal["broadcast"] = "broadcast"
    payload: bool = False


class CountMessage(BaseMessage):
    action: Literal["count"] = "count"
    payload: int


class SleepMessage(BaseMessage):
    action: Literal["sleep"] = "sleep"
    payload: float


class TokenEvent(BaseMessage):
    action: Literal["token"] = "token"
    payload: str


class StrayEvent(BaseMessage):
    action: Literal["stray"] = "stray"
    payload: None = None


class NotesConsumer(AsyncJsonWebsocketConsumer[TokenEvent]):
    groups = ["notes"]

    @ws_handler
    async def handle_ping(self, message: PingMessage) -> PongMessage:
        return PongMessage()

    @ws_handler
    async def handle_note(self, message: NoteMessage) -> NoteMessage:
        return message

    @ws_handler
    async def handle_fail(self, message: FailMessage) -> None:
        raise LookupError("as expected")

    @ws_handler(output_type=NoteMessage)
    async def handle_broadcast(self, message: BroadcastMessage) -> None:
        note = NoteMessage(payload=Note(some_text="to all"))
        await self.broadcast_message(note, exclude_current=message.payload)

    @ws_handler
    async def handle_count(self, message: CountMessage) -> AsyncIterator[CountMessage]:
        for number in range(message.payload):
            yield CountMessage(payload=number)

    @ws_handler
    async def handle_sleep(self, message: SleepMessage) -> list[SleepMessage]:
        await asyncio.sleep(message.payload)
        return [message, message]

    @event_handler
    async def on_token(self, event: TokenEvent) -> TokenEvent:
        if event.payload == "fail":
            raise LookupError("as expected")
        return event


class LongWayConsumer(NotesConsumer):
    """The same without the short way: it must answer alike."""

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        await super().receive_json(content, **kwargs)

    async def send_json(self, content: Any, close: bool | int = False) -> None:
        await super().send_json(content, close)


class RunTopic(Topic[TokenEvent]):
    pattern = "run:{pk}"

    async def authorize(self, **params: str) -> bool:
        if params["pk"] == "broken":
            raise LookupError("as expected")
        return params["pk"] != "secret"

    @ws_handler
    async def handle_ping(self, message: PingMessage) -> PongMessage:
        return PongMessage()

    @ws_handler
    async def handle_fail(self, message: FailMessage) -> None:
        raise LookupError("as expected")

    @event_handler
    async def on_token(self, event: TokenEvent) -> TokenEvent:
        return event
