"""Loops with a task factory of their own, such as one that starts tasks at once: order and liveness stay."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from channels.layers import channel_layers
from consumer_cases import LongWayConsumer, NotesConsumer, TokenEvent
from consumer_client import connected

LAYERS = ("chanx.layers.InMemoryChannelLayer", "channels.layers.InMemoryChannelLayer")


@pytest.fixture(params=LAYERS, autouse=True)
def layer(request: pytest.FixtureRequest, settings: Any) -> Any:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": request.param}}
    channel_layers.backends = {}
    yield
    channel_layers.backends = {}


@pytest.mark.parametrize("consumer", [NotesConsumer, LongWayConsumer])
async def test_a_connection_makes_its_tasks_by_itself(consumer: Any) -> None:
    """An eager factory (Python 3.12) runs a task before its maker knows it; before that, none is to be asked."""
    asked: list[Any] = []

    def factory(loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> Any:
        if "/chanx/" in coro.cr_code.co_filename:  # the layer of Channels makes its own
            asked.append(coro)
        return asyncio.Task(coro, loop=loop, **options)

    loop = asyncio.get_running_loop()
    async with connected(consumer) as client:
        loop.set_task_factory(getattr(asyncio, "eager_task_factory", factory))
        try:
            for number in range(3):
                await client.send({"action": "broadcast"})
                await client.send({"action": "count", "payload": 2})
                frames = await client.frames(3)
                assert sorted(frame["action"] for frame in frames) == ["count", "count", "note"]
                await consumer.broadcast_event(TokenEvent(payload=str(number)))
                assert await client.frame() == {"action": "token", "payload": str(number)}
        finally:
            loop.set_task_factory(None)
    assert asked == []


async def test_a_stream_of_events_runs_under_any_factory() -> None:
    loop = asyncio.get_running_loop()
    async with connected(NotesConsumer) as client:
        loop.set_task_factory(getattr(asyncio, "eager_task_factory", None))
        try:
            async with NotesConsumer.event_stream("notes", every=0.01) as stream:
                for word in "abc":
                    await stream.send(TokenEvent(payload=word))
                await asyncio.sleep(0.03)
            assert [(await client.frame())["payload"] for _ in range(2)] == ["a", "bc"]
        finally:
            loop.set_task_factory(None)
