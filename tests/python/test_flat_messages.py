"""Messages routed by another field than `action`, without a payload; and frames that nobody awaits."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

import pytest
from consumer_client import Client, connected
from pydantic import ValidationError

from chanx.asyncapi.parts import message_object
from chanx.channels.websocket import AsyncJsonWebsocketConsumer
from chanx.core.decorators import event_handler, ws_handler
from chanx.messages.base import BaseMessage
from chanx.messages.flat import FlatMessage


class Typing(FlatMessage):
    """Somebody types."""

    type: Literal["typing"] = "typing"
    user: str


class Ping(FlatMessage):
    type: Literal["ping"] = "ping"


class Pong(FlatMessage):
    type: Literal["pong"] = "pong"


class Failure(FlatMessage):
    type: Literal["error"] = "error"
    message: str


class FlatConsumer(AsyncJsonWebsocketConsumer[Typing]):
    discriminator_field = "type"
    camelize = False
    send_completion = False
    groups = ["everybody"]

    async def handle_validation_error(self, error: ValidationError) -> None:
        await self.send_message(Failure(message=str(error.errors()[0]["msg"])))

    @ws_handler
    async def handle_ping(self, _message: Ping) -> Pong:
        return Pong()

    @ws_handler(output_type=Typing)
    async def handle_typing(self, message: Typing) -> None:
        await self.broadcast_event(message, "everybody")

    @event_handler
    async def on_typing(self, event: Typing) -> Typing:
        return event


class LongWay(FlatConsumer):
    async def decode_json(self, text: str) -> Any:  # type: ignore[override]
        return await super().decode_json(text)


@pytest.mark.parametrize("consumer", [FlatConsumer, LongWay])
async def test_frames_are_flat_both_ways(consumer: type[FlatConsumer]) -> None:
    async with connected(consumer) as client:
        assert await client.ask({"type": "ping"}) == {"type": "pong"}
        assert await client.ask({"type": "typing", "user": "a"}) == {"type": "typing", "user": "a"}
        assert (await client.ask({"type": "typing"}))["message"] == "Field required"
        assert "'ping', 'typing'" in (await client.ask({"type": "nope"}))["message"]
        assert "Invalid JSON" in (await client.ask("{"))["message"]


def test_a_flat_message_has_no_field_of_its_base() -> None:
    assert list(Typing.model_fields) == ["type", "user"]
    assert isinstance(Ping(), BaseMessage)


def test_a_handler_without_the_field_is_refused_when_the_class_is_made() -> None:
    with pytest.raises(TypeError, match="Ping has no field 'kind' to be routed by"):

        class Wrong(FlatConsumer):
            discriminator_field = "kind"


def test_the_document_names_a_flat_message_by_its_constant() -> None:
    described = message_object(Typing, {"$ref": "x"}, Typing.model_json_schema())
    assert described["name"] == "typing"
    assert described["summary"] == "Somebody types."


class Pusher(FlatConsumer):
    """Pushes as it is told."""

    kept_up: list[bool]

    @ws_handler(output_type=Pong)
    async def handle_ping(self, _message: Ping) -> None:
        type(self).kept_up = [self.push("x" * 100_000) for _ in range(5)]
        assert self.keeps_up is self.kept_up[-1]


async def test_push_says_when_the_client_does_not_keep_up_and_loses_nothing() -> None:
    room = asyncio.Event()
    sent: list[str] = []

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "websocket.send":
            await room.wait()
            sent.append(message["text"])

    frames: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    scope = {"type": "websocket", "path": "/", "query_string": b"", "headers": [], "subprotocols": []}
    running = asyncio.create_task(Pusher.as_asgi()(scope, frames.get, send))
    await frames.put({"type": "websocket.connect"})
    await frames.put({"type": "websocket.receive", "text": '{"type": "ping"}'})
    await asyncio.sleep(0.05)
    assert Pusher.kept_up[0] is True
    assert Pusher.kept_up[-1] is False
    assert sent == []
    room.set()
    await asyncio.sleep(0.05)
    assert [len(text) for text in sent] == [100_000] * 5
    await frames.put({"type": "websocket.disconnect", "code": 1000})
    async with asyncio.timeout(2):
        await running


async def test_pushed_frames_of_a_connection_that_has_ended_go_nowhere() -> None:
    client = Client(Pusher)
    assert Pusher().push("nobody reads this") is True
    assert not client.ended
