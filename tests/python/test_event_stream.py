"""Streams of small events: order, joining by time and number, failures; events that are only handed on."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

import pytest
from channels.layers import channel_layers, get_channel_layer
from consumer_cases import NotesConsumer, TokenEvent
from consumer_client import connected
from pydantic import BaseModel

from chanx.channels.websocket import AsyncJsonWebsocketConsumer
from chanx.core.event_stream import EventStream
from chanx.layers.base import NativeChannelLayer
from chanx.messages.base import BaseMessage


class Piece(BaseModel):
    message: int
    text: str


class PieceEvent(BaseMessage):
    action: Literal["piece"] = "piece"
    payload: Piece

    def join(self, later: PieceEvent) -> PieceEvent | None:
        if later.payload.message != self.payload.message:
            return None
        text = self.payload.text + later.payload.text
        return PieceEvent(payload=Piece(message=self.payload.message, text=text))


class PassingConsumer(AsyncJsonWebsocketConsumer[TokenEvent]):
    groups = ["notes"]
    passthrough_events = [TokenEvent, PieceEvent]


LAYERS = ("chanx.layers.InMemoryChannelLayer", "channels.layers.InMemoryChannelLayer")


@pytest.fixture(params=LAYERS, autouse=True)
def layer(request: pytest.FixtureRequest, settings: Any) -> Any:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": request.param, "CONFIG": {"capacity": 1000}}}
    channel_layers.backends = {}
    yield get_channel_layer()
    channel_layers.backends = {}


@pytest.mark.parametrize("consumer", [NotesConsumer, PassingConsumer])
async def test_tokens_arrive_in_order_and_in_fewer_frames(consumer: Any) -> None:
    words = [f"{number} " for number in range(200)]
    async with connected(consumer) as client:
        async with consumer.event_stream("notes", every=0.02, max_events=50) as stream:
            for word in words:
                await stream.send(TokenEvent(payload=word))
                await asyncio.sleep(0.0005)
        assert stream.taken == 200
        assert 4 <= stream.published < 100
        frames = await client.frames(stream.published)
        assert await client.nothing()
    assert "".join(frame["payload"] for frame in frames) == "".join(words)
    assert frames[0]["payload"] == "0 "  # at once


async def test_without_waiting_each_event_goes_by_itself() -> None:
    sent: list[Any] = []

    async def publish(event: Any) -> None:
        sent.append(event.payload)

    async with EventStream(publish, every=0) as stream:
        for word in "abc":
            await stream.send(TokenEvent(payload=word))
    assert sent == ["a", "b", "c"]


async def test_events_that_stay_apart_and_the_number_that_is_joined() -> None:
    sent: list[Any] = []

    async def publish(event: Any) -> None:
        sent.append((event.payload.message, event.payload.text))

    async with EventStream(publish, every=60, max_events=3) as stream:
        for message, text in [(1, "a"), (1, "b"), (2, "c"), (2, "d"), (2, "e"), (2, "f")]:
            await stream.send(PieceEvent(payload=Piece(message=message, text=text)))
        assert sent == [(1, "a"), (1, "b"), (2, "cde")]
    assert sent[-1] == (2, "f")


async def test_what_waits_is_published_when_the_block_fails() -> None:
    sent: list[str] = []

    async def publish(event: Any) -> None:
        sent.append(event.payload)

    async def answer() -> None:
        async with EventStream(publish, every=60) as stream:
            for word in "abc":
                await stream.send(TokenEvent(payload=word))
            raise LookupError("as expected")

    with pytest.raises(LookupError):
        await answer()
    assert sent == ["a", "bc"]


async def test_a_failure_to_publish_later_is_raised_by_the_next_call() -> None:
    sent: list[str] = []

    async def publish(event: Any) -> None:
        if sent:
            raise ConnectionError("as expected")
        sent.append(event.payload)

    async with EventStream(publish, every=0.01) as stream:
        await stream.send(TokenEvent(payload="a"))
        await stream.send(TokenEvent(payload="b"))
        await asyncio.sleep(0.05)
        with pytest.raises(ConnectionError):
            await stream.send(TokenEvent(payload="c"))


async def test_what_cannot_be_joined_names_the_way() -> None:
    class NumberEvent(BaseMessage):
        action: Literal["number"] = "number"
        payload: int

    async def publish(event: Any) -> None: ...

    async with EventStream(publish, every=60) as stream:
        await stream.send(NumberEvent(payload=1))
        await stream.send(NumberEvent(payload=2))
        with pytest.raises(TypeError, match=r"NumberEvent.*join\(self, later\)"):
            await stream.send(NumberEvent(payload=3))
    with pytest.raises(ValueError, match="max_events=0"):
        EventStream(publish, max_events=0)


@pytest.mark.parametrize("completes", [False, True])
async def test_an_event_that_is_only_handed_on_is_encoded_once_for_all(completes: bool, layer: Any) -> None:
    class Passing(PassingConsumer):
        send_completion = completes
        camelize = True

    async with connected(Passing) as one, connected(Passing) as two, connected(NotesConsumer) as other:
        await Passing.broadcast_event(TokenEvent(payload="x"))
        texts = [(await client.message())["text"] for client in (one, two)]
        assert texts == ['{"action":"token","payload":"x"}'] * 2
        if isinstance(layer, NativeChannelLayer):
            assert texts[0] is texts[1]
        assert await other.frame() == {"action": "token", "payload": "x"}
        if completes:
            assert (await one.frame())["action"] == "event_complete"
            assert (await two.frame())["action"] == "event_complete"
        assert await one.nothing()


INVALID = {"type": "handle_channel_event", "event_data": {"action": "token", "payload": 1}}


async def test_hooks_on_the_way_of_such_an_event_are_called(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []

    class Overriding(PassingConsumer):
        async def receive_event(self, event: BaseMessage) -> None:
            called.append("receive_event")
            await super().receive_event(event)

    async with connected(Overriding) as client:
        await Overriding.broadcast_event(TokenEvent(payload="x"))
        assert await client.frame() == {"action": "token", "payload": "x"}
    assert called == ["receive_event"]

    async def patched(self: Any, event: TokenEvent) -> TokenEvent:
        return TokenEvent(payload=event.payload * 2)

    class Plain(PassingConsumer):
        pass

    async with connected(Plain) as client:
        await Plain.broadcast_event(TokenEvent(payload="x"))
        assert (await client.frame())["payload"] == "x"
        monkeypatch.setattr(Plain, "handle_passthrough_token_event", patched)
        await Plain.broadcast_event(TokenEvent(payload="x"))
        assert (await client.frame())["payload"] == "xx"


async def test_an_invalid_event_does_not_reach_the_client(layer: Any) -> None:
    async with connected(PassingConsumer) as client:
        await layer.group_send("notes", INVALID)
        await layer.group_send("notes", {"type": "handle_channel_event"})
        await PassingConsumer.broadcast_event(TokenEvent(payload="valid"))
        assert (await client.frame())["payload"] == "valid"
        assert await client.nothing()
