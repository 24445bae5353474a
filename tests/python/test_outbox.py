"""Frames that nobody awaits: their order, and what becomes of them when the client does not read."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Hashable
from typing import Any

import pytest

from chanx.channels.outbox import Outbox
from chanx.channels.send_queue import FRAME_OVERHEAD, LatestQueue, SendQueue, frame_bytes
from chanx.channels.stats import counters
from chanx.core.slow_clients import SEND_QUEUE_BYTES
from chanx.exceptions import ConfigurationError, SlowClientError

LIMIT = 64 * 1024


class Sender:
    """A server's send that writes at once, and suspends while the client does not read."""

    def __init__(self, module: str = "uvicorn.test") -> None:
        self.sent: list[str] = []
        self.in_flight = 0
        self.reading = asyncio.Event()
        self.reading.set()

        async def send(message: dict[str, Any]) -> None:
            assert self.in_flight == 0, "two sends at once"
            self.in_flight += 1
            self.sent.append(message["text"])
            try:
                await self.reading.wait()
            finally:
                self.in_flight -= 1

        send.__module__ = module
        self.send = send


class Owner:
    """The connection, as its outbox sees it."""

    class Consumer:
        slow_client_policy = "pause"
        send_queue_bytes = LIMIT

        def latest_key(self, message: dict[str, Any]) -> Hashable:
            key: Hashable = message["key"]
            return key

    def __init__(self, sender: Sender, policy: str = "pause") -> None:
        self.consumer: Any = self.Consumer()
        self.consumer.base_send = sender.send
        self.consumer.slow_client_policy = policy
        self.worker: asyncio.Task[None] | None = None
        self.told: list[Any] = []
        self.outbox = Outbox(self, sender.send)

    def has_no_room(self) -> None:
        self.told.append("no room")

    def has_room(self) -> None:
        self.told.append("room")

    def is_too_slow(self) -> None:
        self.told.append("too slow")
        self.outbox.shut("disconnect")

    def caught_up(self, dropped: int) -> None:
        self.told.append(dropped)


def frame(text: str) -> dict[str, Any]:
    return {"type": "websocket.send", "text": text}


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.mark.parametrize("module", ["uvicorn.test", "granian.test"])
async def test_frames_stay_in_order_with_one_send_in_flight(module: str) -> None:
    sender = Sender(module)
    owner = Owner(sender)
    owner.outbox.put(frame("0"))
    await settled()
    assert sender.sent == ["0"]
    sender.reading.clear()
    for number in range(1, 5):
        owner.outbox.put(frame(str(number)))
    answer = asyncio.create_task(owner.consumer.base_send(frame("5")))
    await settled()
    sender.reading.set()
    await answer
    await settled()
    assert sender.sent == [str(number) for number in range(6)]
    assert owner.consumer.base_send is sender.send


# What a frame of 1,000 bytes takes; a str's own share differs between versions of Python.
FRAME_SIZE = FRAME_OVERHEAD + sys.getsizeof("x" * 1000)


async def fill(owner: Owner, count: int) -> int:
    """Puts that many frames of 1,000 bytes and gives what one of them takes."""
    for number in range(count):
        owner.outbox.put(frame(json.dumps({"key": number % 5, "number": number}).ljust(1000)))
    await settled()
    return FRAME_SIZE


async def test_a_client_that_does_not_read_is_paused_until_half_of_it_is_gone() -> None:
    sender = Sender()
    owner = Owner(sender)
    sender.reading.clear()
    before = counters.queued_bytes
    size = await fill(owner, 1 + LIMIT // FRAME_SIZE)
    assert owner.told == []
    await fill(owner, 1)
    assert owner.told == ["no room"]
    await fill(owner, 5)
    assert owner.told == ["no room"]
    assert counters.queued_bytes - before == size * (LIMIT // FRAME_SIZE + 6)
    sender.reading.set()
    await settled()
    await asyncio.sleep(0.01)
    assert owner.told == ["no room", "room"]
    assert len(sender.sent) == LIMIT // FRAME_SIZE + 7
    assert counters.queued_bytes == before
    assert not owner.outbox.paused


async def test_the_oldest_frames_are_dropped_and_the_gap_is_told() -> None:
    sender = Sender()
    owner = Owner(sender, "drop_oldest")
    sender.reading.clear()
    before, dropped = counters.queued_bytes, counters.dropped["drop_oldest"]
    await fill(owner, 200)
    assert counters.queued_bytes - before <= LIMIT
    sender.reading.set()
    await asyncio.sleep(0.01)
    numbers = [json.loads(text)["number"] for text in sender.sent]
    kept = LIMIT // FRAME_SIZE
    assert numbers == [0, *range(200 - kept, 200)]
    assert owner.told == [199 - kept]
    assert counters.dropped["drop_oldest"] - dropped == 199 - kept
    await fill(owner, 3)
    assert owner.told == [199 - kept]


async def test_a_frame_larger_than_the_bound_is_kept_alone() -> None:
    sender = Sender()
    owner = Owner(sender, "drop_oldest")
    sender.reading.clear()
    for text in ("first", "small", "x" * (LIMIT + 1), "y" * (LIMIT + 1)):
        owner.outbox.put(frame(text))
    sender.reading.set()
    await asyncio.sleep(0.01)
    assert [text[0] for text in sender.sent] == ["f", "y"]


async def test_the_latest_frame_of_each_key_is_kept() -> None:
    sender = Sender()
    owner = Owner(sender, "keep_latest")
    sender.reading.clear()
    await fill(owner, 200)
    owner.outbox.put(frame("no object"))
    owner.outbox.put(frame("no object"))
    sender.reading.set()
    await asyncio.sleep(0.01)
    assert [json.loads(text)["number"] for text in sender.sent[:-2]] == [0, 195, 196, 197, 198, 199]
    assert sender.sent[-2:] == ["no object", "no object"]
    assert owner.told == [194]


async def test_keys_without_end_stay_within_the_bound() -> None:
    queue = LatestQueue(lambda message: message["key"])
    for number in range(1000):
        queue.push(frame(json.dumps({"key": number})))
        queue.shrink(LIMIT)
    assert queue.bytes <= LIMIT
    assert len(queue) == LIMIT // frame_bytes(frame(json.dumps({"key": 999})))
    while len(queue):
        queue.pop()
    assert queue.bytes == 0


@pytest.mark.parametrize("queue", [SendQueue(), LatestQueue(lambda message: id(message))])
def test_binary_frames_are_counted_too(queue: SendQueue) -> None:
    queue.push({"type": "websocket.send", "bytes": bytes(1000)})
    assert queue.bytes == FRAME_OVERHEAD + 1000 + 33


async def test_disconnecting_drops_what_waits_and_refuses_what_comes() -> None:
    sender = Sender()
    owner = Owner(sender, "disconnect")
    sender.reading.clear()
    before, dropped = counters.queued_bytes, counters.dropped["disconnect"]
    await fill(owner, 100)
    assert owner.told == ["too slow"]
    assert counters.queued_bytes == before
    assert counters.dropped["disconnect"] - dropped == LIMIT // FRAME_SIZE + 1
    with pytest.raises(SlowClientError):
        await owner.consumer.base_send(frame("an answer"))
    await owner.consumer.base_send({"type": "websocket.close"})  # it is being closed
    sender.reading.set()
    await asyncio.sleep(0.01)
    assert len(sender.sent) == 1


async def test_a_worker_is_not_held_up_unless_its_client_is_paused() -> None:
    sender = Sender()
    owner = Owner(sender)
    sender.reading.clear()
    sent = 0

    async def work() -> None:
        nonlocal sent
        for _ in range(100):
            await owner.consumer.base_send(frame("x" * 1000))
            sent += 1
        owner.worker = None
        owner.outbox.give_back()

    owner.worker = asyncio.create_task(work())
    owner.outbox.take_over()
    await asyncio.sleep(0.01)
    assert sent == LIMIT // FRAME_SIZE + 1
    assert owner.told == ["no room"]
    sender.reading.set()
    await asyncio.sleep(0.05)
    assert sent == len(sender.sent) == 100
    assert owner.consumer.base_send is sender.send


@pytest.mark.parametrize("module", ["uvicorn.test", "other"])
async def test_a_send_that_fails_is_given_up(module: str) -> None:
    async def send(message: dict[str, Any]) -> None:
        raise ConnectionResetError

    send.__module__ = module
    sender = Sender()
    sender.send = send
    owner = Owner(sender)
    before = counters.queued_bytes
    for _ in range(3):
        owner.outbox.put(frame("0"))
        await settled()
    assert counters.queued_bytes == before


def test_what_makes_no_sense_is_refused_by_name(settings: Any) -> None:
    from chanx.channels.websocket import AsyncJsonWebsocketConsumer

    for name, value in (
        ("slow_client_policy", "dorp_oldest"),
        ("send_queue_bytes", 0),
        ("slow_client_close_code", 1006),
    ):
        with pytest.raises(ConfigurationError, match=f"Slow.{name} is"):
            type("Slow", (AsyncJsonWebsocketConsumer,), {name: value})
    settings.CHANX = {"SLOW_CLIENT_POLICY": "drop_oldest", "SEND_QUEUE_BYTES": 1000}
    assert AsyncJsonWebsocketConsumer.slow_client_policy == "drop_oldest"
    assert AsyncJsonWebsocketConsumer.send_queue_bytes == 1000
    settings.CHANX = {"SLOW_CLIENT_POLICY": "drop"}
    with pytest.raises(ConfigurationError, match=r"CHANX.*SLOW_CLIENT_POLICY.*'keep_latest'"):
        _ = AsyncJsonWebsocketConsumer.slow_client_policy
    settings.CHANX = {}
    assert AsyncJsonWebsocketConsumer.send_queue_bytes == SEND_QUEUE_BYTES
