"""Frames that nobody awaits: their order, and what becomes of them when the client does not read."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import warnings
from collections.abc import Hashable
from typing import Any

import pytest

from chanx.channels import outbox as outbox_module
from chanx.channels.outbox import Outbox
from chanx.channels.send_queue import FRAME_OVERHEAD, LatestQueue, SendQueue, frame_bytes
from chanx.channels.stats import counters
from chanx.core.slow_clients import SEND_QUEUE_BYTES
from chanx.exceptions import ConfigurationError, SlowClientError

LIMIT = 64 * 1024
FUTURES = "futures"
MODULES = ("uvicorn.test", "other", FUTURES)
"""Whose send is stepped by hand, needs a task, needs none."""

each_send = pytest.mark.parametrize("module", MODULES)


class Taken:
    """What granian's send gives: a future of a frame that is on its way already, which takes one callback."""

    _asyncio_future_blocking = True

    def __init__(self) -> None:
        self._callback: Any = None
        self._end: BaseException | None = None

    def __await__(self) -> Taken:
        return self

    def __iter__(self) -> Taken:
        return self

    def __next__(self) -> Taken:
        if self._end is not None:
            raise self._end
        return self

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    def add_done_callback(self, callback: Any, context: Any = None) -> None:
        assert self._callback is None, "a second callback takes the place of the first"
        self._callback = callback
        if self.done():
            asyncio.get_running_loop().call_soon(callback, self)

    def done(self) -> bool:
        return self._end is not None

    def result(self) -> None:
        assert self._end is not None
        if not isinstance(self._end, StopIteration):
            raise self._end

    def cancel(self, msg: Any = None) -> bool:
        return self.finish(asyncio.CancelledError())

    def finish(self, end: BaseException) -> bool:
        if self.done():
            return False
        self._end = end
        if self._callback is not None:
            asyncio.get_running_loop().call_soon(self._callback, self)
        return True


class Sender:
    """A server's send that writes at once, and suspends while the client does not read."""

    def __init__(self, module: str = "uvicorn.test") -> None:
        self.sent: list[str] = []
        self.taken: list[Taken] = []
        self.in_flight = 0
        self.reading = asyncio.Event()
        self.reading.set()
        self._finishing: set[asyncio.Task[None]] = set()

        async def send(message: dict[str, Any]) -> None:
            assert self.in_flight == 0, "two sends at once"
            self.in_flight += 1
            self.sent.append(message["text"])
            try:
                await self.reading.wait()
            finally:
                self.in_flight -= 1

        send.__module__ = module
        self.send: Any = self.take if module == FUTURES else send

    def take(self, message: dict[str, Any]) -> Taken:
        """Send as granian does."""
        assert self.in_flight == 0, "two sends at once"
        self.in_flight += 1
        self.sent.append(message["text"])
        taken = Taken()
        self.taken.append(taken)
        finishing = asyncio.ensure_future(self._finish(taken))
        self._finishing.add(finishing)
        finishing.add_done_callback(self._finishing.discard)
        return taken

    async def _finish(self, taken: Taken) -> None:
        while not (taken.done() or self.reading.is_set()):
            await asyncio.sleep(0)
        self.in_flight -= 1
        taken.finish(StopIteration())


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


@each_send
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


@each_send
async def test_a_client_that_does_not_read_is_paused_until_half_of_it_is_gone(module: str) -> None:
    sender = Sender(module)
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


@each_send
async def test_the_oldest_frames_are_dropped_and_the_gap_is_told(module: str) -> None:
    sender = Sender(module)
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


@each_send
async def test_a_frame_larger_than_the_bound_is_kept_alone(module: str) -> None:
    sender = Sender(module)
    owner = Owner(sender, "drop_oldest")
    sender.reading.clear()
    for text in ("first", "small", "x" * (LIMIT + 1), "y" * (LIMIT + 1)):
        owner.outbox.put(frame(text))
    sender.reading.set()
    await asyncio.sleep(0.01)
    assert [text[0] for text in sender.sent] == ["f", "y"]


@each_send
async def test_the_latest_frame_of_each_key_is_kept(module: str) -> None:
    sender = Sender(module)
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


@each_send
async def test_disconnecting_drops_what_waits_and_refuses_what_comes(module: str) -> None:
    sender = Sender(module)
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


@each_send
async def test_a_worker_is_not_held_up_unless_its_client_is_paused(module: str) -> None:
    sender = Sender(module)
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
    await owner.consumer.base_send(frame("more"))
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


@pytest.fixture
def failures(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The failures that were logged."""
    logged: list[str] = []
    monkeypatch.setattr(outbox_module.logger, "debug", lambda event, error: logged.append(error))
    return logged


async def test_a_future_that_ends_before_the_next_frame_needs_no_task_and_no_callback() -> None:
    sender = Sender(FUTURES)
    owner = Owner(sender)
    for number in range(3):
        owner.outbox.put(frame(str(number)))
        assert asyncio.all_tasks() == {asyncio.current_task(), *sender._finishing}
        await settled()
    assert sender.sent == ["0", "1", "2"]
    assert not any(taken._callback for taken in sender.taken)
    assert not owner.outbox.direct  # nobody else steps it by hand
    await owner.consumer.base_send(frame("3"))
    assert owner.consumer.base_send is sender.send


async def test_a_task_of_a_middleware_is_a_future_too() -> None:
    sender = Sender("other")
    inner = sender.send
    sender.send = lambda message: asyncio.ensure_future(inner(message))
    owner = Owner(sender)
    sender.reading.clear()
    for number in range(3):
        owner.outbox.put(frame(str(number)))
    await settled()
    assert sender.sent == ["0"]
    sender.reading.set()
    await asyncio.sleep(0.01)
    assert sender.sent == ["0", "1", "2"]


@each_send
async def test_the_consumers_own_sends_come_in_their_turn(module: str) -> None:
    sender = Sender(module)
    owner = Owner(sender)
    sender.reading.clear()
    owner.outbox.put(frame("0"))
    answers = [asyncio.create_task(owner.consumer.base_send(frame(f"answer {n}"))) for n in range(3)]
    await settled()
    assert sender.sent == ["0"]
    answers.pop(1).cancel()
    for text in ("1", "2"):
        owner.outbox.put(frame(text))  # come before the answers: these wait until nothing else does
    sender.reading.set()
    await asyncio.gather(*answers)
    await settled()
    assert sender.sent == ["0", "1", "2", "answer 0", "answer 2"]
    assert owner.consumer.base_send is sender.send


async def test_what_comes_during_the_consumers_own_send_waits_for_its_end() -> None:
    sender = Sender(FUTURES)
    owner = Owner(sender)
    sender.reading.clear()
    owner.outbox.put(frame("0"))
    answer = asyncio.create_task(owner.consumer.base_send(frame("answer")))
    await settled()
    sender.taken[0].finish(StopIteration())
    await settled()
    owner.outbox.put(frame("1"))
    await settled()
    assert sender.sent == ["0", "answer"]
    sender.taken[1].finish(StopIteration())
    await answer
    assert sender.sent == ["0", "answer", "1"]


async def test_a_turn_that_is_given_up_when_it_has_come_is_passed_on() -> None:
    sender = Sender(FUTURES)
    owner = Owner(sender)
    sender.reading.clear()
    owner.outbox.put(frame("0"))
    answer = asyncio.create_task(owner.consumer.base_send(frame("answer")))
    await settled()
    sender.reading.set()
    while owner.outbox._turn is None or not owner.outbox._turn.done():
        await asyncio.sleep(0)
    answer.cancel()
    owner.outbox.put(frame("1"))
    await settled()
    assert sender.sent == ["0", "1"]
    assert answer.cancelled()


async def test_a_future_that_fails_is_told_of_once(failures: list[str]) -> None:
    sender = Sender(FUTURES)
    owner = Owner(sender)
    owner.outbox.put(frame("0"))
    sender.taken[0].finish(ConnectionResetError("nobody watched"))
    assert failures == []
    sender.reading.clear()
    await settled()
    owner.outbox.put(frame("1"))
    assert failures == ["ConnectionResetError('nobody watched')"]
    before, dropped = counters.queued_bytes, counters.dropped["gone"]
    await fill(owner, 3)
    sender.taken[1].finish(ConnectionResetError("watched"))
    await settled()
    assert failures[1:] == ["ConnectionResetError('watched')"]
    assert counters.queued_bytes == before
    assert counters.dropped["gone"] - dropped == 3
    owner.outbox.put(frame("2"))
    sender.taken[2].finish(ConnectionResetError("the last"))
    owner.outbox.shut("gone")
    await settled()
    assert failures[2:] == ["ConnectionResetError('the last')"]
    assert sender.sent == ["0", "1", "2"]


@each_send
async def test_nothing_goes_on_when_the_connection_is_gone(module: str, failures: list[str]) -> None:
    sender = Sender(module)
    owner = Owner(sender)
    sender.reading.clear()
    await fill(owner, 3)
    owner.outbox.shut("gone")
    owner.outbox.put(frame("late"))
    await settled()
    assert sender.in_flight == 0  # the send in flight was cancelled
    assert len(sender.sent) == 1
    assert owner.consumer.base_send is sender.send
    assert failures == []


@each_send
async def test_the_last_message_comes_after_the_frame_at_hand(module: str) -> None:
    sender = Sender(module)
    owner = Owner(sender, "disconnect")
    sender.reading.clear()
    await fill(owner, 100)
    answer = asyncio.create_task(owner.outbox.send_last({"type": "websocket.close", "text": "close"}))
    await settled()
    assert len(sender.sent) == 1
    sender.reading.set()
    await answer
    assert sender.sent[1:] == ["close"]


async def test_the_last_message_to_a_client_that_takes_nothing_is_given_up() -> None:
    sender = Sender(FUTURES)
    owner = Owner(sender, "disconnect")
    sender.reading.clear()
    await fill(owner, 100)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await owner.outbox.send_last({"type": "websocket.close", "text": "close"})
    owner.outbox.give_up()
    await settled()
    assert sender.in_flight == 0
    assert len(sender.sent) == 1


async def test_a_send_that_is_cancelled_before_it_began_warns_of_nothing() -> None:
    sender = Sender("other")
    owner = Owner(sender)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        owner.outbox.put(frame("0"))
        owner.outbox.shut("gone")
        await settled()
        gc.collect()
    assert warned == []
    assert sender.sent == []
