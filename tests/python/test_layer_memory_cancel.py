"""A task cancelled at any await loses or doubles nothing."""

import asyncio
import random

import pytest

from chanx.layers import InMemoryChannelLayer

CANCELLATIONS = 10_000


async def test_readers_cancelled_at_random_lose_and_double_nothing():
    layer = InMemoryChannelLayer(capacity=1_000_000)
    rng = random.Random(7)
    got: list[int] = []
    sent = cancelled = 0

    async def reader():
        while True:
            got.append((await layer.receive("c"))["n"])

    task = asyncio.create_task(reader())
    while cancelled < CANCELLATIONS:
        for _ in range(rng.randrange(4)):
            await layer.send("c", {"type": "n", "n": sent})
            sent += 1
        for _ in range(rng.randrange(4)):
            await asyncio.sleep(0)
        if rng.random() < 0.8:
            task.cancel()
            cancelled += 1
            if rng.random() < 0.5:  # the next reader starts before the last one has ended
                task = asyncio.create_task(reader())
            else:
                with pytest.raises(asyncio.CancelledError):
                    await task
                task = asyncio.create_task(reader())
    await asyncio.sleep(0.05)
    task.cancel()
    assert got == list(range(sent))


async def test_wait_for_with_random_timeouts_loses_nothing():
    layer = InMemoryChannelLayer(capacity=1_000_000)
    rng = random.Random(3)
    got: list[int] = []
    total = 3000

    async def reader():
        while len(got) < total:
            try:
                got.append(
                    (await asyncio.wait_for(layer.receive("c"), rng.choice([0, 0.00001, 0.0001, 0.001])))["n"]
                )
            except TimeoutError:
                await asyncio.sleep(0)

    task = asyncio.create_task(reader())
    for number in range(total):
        await layer.send("c", {"type": "n", "n": number})
        if rng.random() < 0.5:
            await asyncio.sleep(0)
    await asyncio.wait_for(task, 30)
    assert got == list(range(total))


async def test_a_message_handed_to_a_cancelled_task_goes_back_to_the_front():
    layer = InMemoryChannelLayer()
    reader = asyncio.create_task(layer.receive("c"))
    await asyncio.sleep(0)
    await layer.send("c", {"type": "1"})
    await layer.send("c", {"type": "2"})
    reader.cancel()  # the message is there, the drain has not run
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert [(await layer.receive("c"))["type"] for _ in range(2)] == ["1", "2"]


async def test_the_cancel_message_reaches_the_exception():
    layer = InMemoryChannelLayer()
    reader = asyncio.create_task(layer.receive("c"))
    await asyncio.sleep(0)
    reader.cancel("because")
    with pytest.raises(asyncio.CancelledError, match="because"):
        await reader


async def test_timeout_blocks_and_task_groups_work_around_receive():
    layer = InMemoryChannelLayer()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await layer.receive("c")

    async def two_readers():
        async with asyncio.TaskGroup() as group:
            group.create_task(layer.receive("c"))
            group.create_task(layer.receive(""))

    with pytest.raises(ExceptionGroup):
        await two_readers()
    assert layer.channels == {}


def step(coroutine):
    return coroutine.send(None)


async def test_stepped_by_hand_it_is_a_coroutine_and_a_future():
    layer = InMemoryChannelLayer()
    coroutine = layer.receive("c")
    assert asyncio.iscoroutine(coroutine)
    assert not asyncio.isfuture(coroutine)
    waits_on = step(coroutine)
    assert waits_on._asyncio_future_blocking is True
    assert waits_on.get_loop() is asyncio.get_running_loop()
    await layer.send("c", {"type": "x"})
    await asyncio.sleep(0)
    with pytest.raises(StopIteration) as stop:
        step(coroutine)
    assert stop.value.value == {"type": "x"}
    with pytest.raises(RuntimeError, match="cannot reuse"):
        step(coroutine)


async def test_an_operation_that_is_closed_gives_its_message_back():
    layer = InMemoryChannelLayer()
    for end in ("close", "throw", "del"):
        coroutine = layer.receive("c")
        step(coroutine)
        await layer.send("c", {"type": end})
        await asyncio.sleep(0)  # it has the message now, and nobody took it
        assert layer.channels == {}
        if end == "close":
            coroutine.close()
        elif end == "throw":
            with pytest.raises(ValueError, match="stop"):
                coroutine.throw(ValueError("stop"))
        del coroutine
        assert await asyncio.wait_for(layer.receive("c"), 1) == {"type": end}


async def test_a_reader_that_never_runs_dry_lets_the_loop_have_its_turn():
    layer = InMemoryChannelLayer(capacity=1_000_000)
    for number in range(20_000):
        await layer.send("c", {"type": "n", "n": number})
    turns = 0

    async def count():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counter = asyncio.create_task(count())
    for number in range(20_000):
        assert (await layer.receive("c"))["n"] == number
    counter.cancel()
    assert turns >= 15
