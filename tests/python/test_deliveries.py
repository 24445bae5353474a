"""Deliveries of a batch: the short one in C++ and the long one in Python do the same to each connection."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from consumer_cases import NotesConsumer, TokenEvent

from chanx._core import Deliver
from chanx.channels.connection import Connection
from chanx.channels.deliveries import Broadcast, deliver, deliver_each, log_failure
from chanx.layers import InMemoryChannelLayer

Send = Callable[[Any], Awaitable[None]]

BROADCAST = {"type": "handle_group_message", "message": {"action": "note", "payload": "é"}}
FROM_SECOND = {**BROADCAST, "exclude_current": True, "from_channel": "channel-1"}
EVENT = {"type": "handle_channel_event", "event_data": {"action": "token", "payload": "a"}}
NOTE = r'{"action": "note", "payload": "\u00e9"}'
OTHER = {"type": "handle_group_message", "message": {"action": "note", "payload": 2}}


class Passing(NotesConsumer):
    passthrough_events = [TokenEvent]
    on_token = None  # type: ignore[assignment]  # its handler would be the other one


class Completing(Passing):
    send_completion = True


class Spelling(Passing):
    camelize = True


class Own(Passing):
    async def handle_group_message(self, event: Any) -> None:
        await self.send(text_data="own")


class Wire:
    """What a server's `send` was called with."""

    def __init__(self) -> None:
        self.frames: list[Any] = []
        self.error: BaseException | None = None
        self.at_once: BaseException | None = None
        self.suspends: asyncio.Future[None] | None = None

    @property
    def texts(self) -> list[Any]:
        return [frame["text"] for frame in self.frames]

    def sender(self, module: str = "uvicorn.test") -> Send:
        async def sending(frame: Any) -> None:
            self.frames.append(frame)
            if self.error is not None:
                raise self.error
            if self.suspends is not None:
                await self.suspends

        def send(frame: Any) -> Awaitable[None]:
            if self.at_once is not None:
                raise self.at_once
            return sending(frame)

        send.__module__ = module
        return send


class Room:
    """Three connections, as the layer's deliveries find them."""

    def __init__(self, consumer: type[Any] = Passing, module: str = "uvicorn.test") -> None:
        self.wires = [Wire() for _ in range(3)]
        self.connections: list[Connection] = []
        for number, wire in enumerate(self.wires):
            made = consumer()
            made.scope, made.channel_layer, made.channel_name = {}, None, f"channel-{number}"
            made.base_send = send = wire.sender(module)
            self.connections.append(Connection(made, never, send))
        self.middle = self.connections[1]

    @property
    def texts(self) -> list[list[Any]]:
        return [wire.texts for wire in self.wires]


async def never() -> Any:
    raise AssertionError


async def shared(message: Any) -> Any:
    """The message as a layer hands it over."""
    layer, got = InMemoryChannelLayer(), asyncio.get_running_loop().create_future()
    name = await layer.new_channel()
    layer.attach(name, object(), lambda batch: got.set_result(batch[0][1]))
    await layer.send(name, message)
    return await got


def ended(room: Room) -> None:
    room.middle.ended = True


def held(room: Room) -> None:
    room.middle.hold({"type": "websocket.send", "text": "earlier"}, None, 1)


def publishing(room: Room) -> None:
    async def publish() -> None:
        await asyncio.sleep(0)

    tasks = room.middle.consumer.chanx_tasks
    task = asyncio.ensure_future(publish())
    tasks.add(task)
    task.add_done_callback(tasks.leave)
    tasks.publishers = {task: False}


def working(room: Room) -> None:
    room.middle.hand_over({"type": "handle_group_message", "message": "earlier"}, 1)


def overridden(room: Room) -> None:
    consumer, stock = room.middle.consumer, room.middle.consumer.send_json

    async def send_json(content: Any, close: bool = False) -> None:
        await stock({"mine": content}, close)

    consumer.send_json = send_json


def suspending(room: Room) -> None:
    future = asyncio.get_running_loop().create_future()
    room.wires[1].suspends = future
    asyncio.get_running_loop().call_later(0.01, future.set_result, None)


def failing(room: Room) -> None:
    room.wires[1].error = ConnectionError("as expected")


def failing_at_once(room: Room) -> None:
    room.wires[1].at_once = ConnectionError("as expected")


def untouched(room: Room) -> None:
    pass


@pytest.mark.parametrize("consumer", [Passing, Completing, Spelling, Own])
@pytest.mark.parametrize("module", ["uvicorn.test", "granian"])
@pytest.mark.parametrize(
    "state",
    [untouched, ended, held, publishing, working, overridden, suspending, failing, failing_at_once],
)
async def test_both_ways_send_the_same(consumer: Any, module: str, state: Callable[[Room], None]) -> None:
    sent = []
    for function in (deliver, deliver_each):
        room = Room(consumer, module)
        state(room)
        messages = [await shared(each) for each in (BROADCAST, FROM_SECOND, EVENT, OTHER)]
        function([(connection, message) for message in messages for connection in room.connections])
        function([(connection, message) for connection in room.connections for message in messages])
        async with asyncio.timeout(2):
            await asyncio.sleep(0.03)
        sent.append(room.texts)
    assert sent[0] == sent[1]
    assert len(sent[0][0]) >= 8


async def test_all_are_sent_one_frame_without_the_long_way() -> None:
    room, message = Room(), await shared(FROM_SECOND)
    deliver_each([(room.middle, await shared(BROADCAST))])  # makes the plan of the class
    short: Any = Deliver(Broadcast, refuse, refuse)
    short([(connection, message) for connection in room.connections])
    assert room.texts == [[NOTE], [NOTE], [NOTE]]
    first, second, third = (wire.frames for wire in room.wires)
    assert first[0] is third[0]
    assert len(second) == 1  # of the message that made the plan
    short([(room.middle, await shared(EVENT))])
    assert room.wires[1].texts[1:] == ['{"action":"token","payload":"a"}']


def refuse(*_: Any) -> None:
    raise AssertionError


@pytest.mark.parametrize("failure", [failing, failing_at_once])
async def test_the_trouble_of_one_connection_is_not_its_neighbours(
    failure: Callable[[Room], None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    room = Room()
    failure(room)
    deliver([(connection, await shared(BROADCAST)) for connection in room.connections])
    assert room.wires[0].texts == room.wires[2].texts == [NOTE]


async def test_what_ends_the_process_is_not_swallowed() -> None:
    room, message = Room(), await shared(BROADCAST)
    room.wires[1].error = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        deliver([(connection, message) for connection in room.connections])
    assert room.texts == [[NOTE], [NOTE], []]


async def test_content_that_is_no_json_is_logged_for_each_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    room, message = Room(), await shared({**BROADCAST, "message": {"a": b"\xff"}})
    errors: list[Exception] = []

    short: Any = Deliver(Broadcast, deliver_each, refuse)
    monkeypatch.setattr("chanx.channels.deliveries.log_failure", errors.append)
    short([(connection, message) for connection in room.connections])
    assert [type(error) for error in errors] == [TypeError] * 3


async def test_a_class_changed_between_two_members_is_noticed() -> None:
    class Changing(Passing):
        pass

    room, message = Room(Changing), await shared(BROADCAST)
    stock = room.wires[0].sender()

    async def changing(frame: Any) -> None:
        Changing.handle_group_message = Own.handle_group_message  # type: ignore[method-assign]  # a patch
        await stock(frame)

    changing.__module__ = "uvicorn.test"
    room.connections[0].outbox.send = changing
    deliver([(connection, message) for connection in room.connections])
    await asyncio.sleep(0.01)
    assert room.texts == [[NOTE], ["own"], ["own"]]


@pytest.mark.parametrize("batch", [(), [1], [(1,)], [(1, 2, 3)], None])
def test_what_is_no_batch_is_refused(batch: Any) -> None:
    with pytest.raises(TypeError):
        deliver(batch)
    with pytest.raises(TypeError):
        deliver()
    with pytest.raises(RuntimeError):
        Deliver.__init__(deliver, Broadcast, deliver_each, log_failure)
