"""One's own broadcast comes after the answers to the frame that asked for it, however late the layer answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any, Literal

import pytest
from channels.layers import channel_layers, get_channel_layer
from consumer_cases import BroadcastMessage, CountMessage, LongWayConsumer, Note, NoteMessage, NotesConsumer
from consumer_client import connected

from chanx.channels import connection
from chanx.core.decorators import ws_handler
from chanx.messages.base import BaseMessage

NOTE = {"action": "note", "payload": {"some_text": "to all", "user_name": "x"}}
COMPLETE = {"action": "complete", "payload": None}
GROUP_COMPLETE = {"action": "group_complete", "payload": None}


class TellMessage(BaseMessage):
    action: Literal["tell"] = "tell"
    payload: int


class Telling(NotesConsumer):
    send_completion = True

    @ws_handler(output_type=NoteMessage)
    async def handle_tell(self, message: TellMessage) -> AsyncIterator[CountMessage]:
        for number in range(message.payload):
            await self.broadcast_message(CountMessage(payload=number))
        yield CountMessage(payload=-1)
        await asyncio.sleep(0)
        yield CountMessage(payload=-2)

    @ws_handler(output_type=NoteMessage)
    async def handle_broadcast(self, message: BroadcastMessage) -> None:
        await self.broadcast_message(NoteMessage(payload=Note(some_text="to all")))
        if message.payload:
            await asyncio.get_running_loop().create_future()


class TellingTheLongWay(Telling, LongWayConsumer):
    pass


@pytest.fixture(autouse=True)
def answers(settings: Any) -> Iterator[asyncio.Event]:
    """A layer that has delivered long before it answers; it answers once this event is set."""
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "chanx.layers.InMemoryChannelLayer"}}
    channel_layers.backends = {}
    layer: Any = get_channel_layer()
    group_send, answered = layer.group_send, asyncio.Event()

    async def late(group: str, message: Any) -> None:
        await group_send(group, message)
        await answered.wait()

    layer.group_send = late
    yield answered
    channel_layers.backends = {}


CONSUMERS = pytest.mark.parametrize("consumer", [Telling, TellingTheLongWay])


@CONSUMERS
async def test_the_speaker_hears_itself_last(consumer: Any, answers: asyncio.Event) -> None:
    async with connected(consumer) as alice, connected(consumer) as bob:
        await alice.send({"action": "broadcast"})
        assert await bob.frames(2) == [NOTE, GROUP_COMPLETE]
        assert await alice.nothing()
        answers.set()
        assert await alice.frames(3) == [COMPLETE, NOTE, GROUP_COMPLETE]


@CONSUMERS
async def test_giving_the_loop_a_turn_is_not_waiting(consumer: Any, answers: asyncio.Event) -> None:
    async with connected(consumer) as alice, connected(consumer) as bob:
        answers.set()
        await alice.send({"action": "tell", "payload": 3})
        numbers = [frame.get("payload") for frame in await alice.frames(9)]
        assert numbers == [-1, -2, None, 0, None, 1, None, 2, None]
        assert [frame["payload"] for frame in await bob.frames(6)] == [0, None, 1, None, 2, None]


@CONSUMERS
async def test_a_handler_that_waits_for_something_else_holds_nothing_back(
    consumer: Any, answers: asyncio.Event
) -> None:
    async with connected(consumer) as alice, connected(consumer) as bob:
        await alice.send({"action": "broadcast", "payload": True})
        assert await bob.frames(2) == [NOTE, GROUP_COMPLETE]
        answers.set()
        assert await alice.frames(2) == [NOTE, GROUP_COMPLETE]
        await bob.send({"action": "broadcast"})
        assert await alice.frames(2) == [NOTE, GROUP_COMPLETE]


@CONSUMERS
async def test_what_is_held_back_is_bounded_and_in_order(
    consumer: Any, answers: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MAX_INBOX_BYTES", 2_000)
    layer: Any = get_channel_layer()
    async with connected(consumer) as alice:
        await alice.send({"action": "broadcast"})
        while layer.stats()["delivered"] < 1:
            await asyncio.sleep(0)
        for number in range(50):
            message = {"type": "handle_group_message", "message": {"action": "count", "payload": number}}
            await layer.send(alice_channel(layer), message)
            await asyncio.sleep(0)
        assert await alice.nothing()
        assert layer.stats()["delivered"] < 51
        answers.set()
        assert (await alice.frames(3))[:2] == [COMPLETE, NOTE]
        heard = [frame for frame in await alice.frames(100) if frame["action"] == "count"]
        assert [frame["payload"] for frame in heard] == list(range(50))


def alice_channel(layer: Any) -> str:
    (name,) = layer.groups["notes"]
    return str(name)
