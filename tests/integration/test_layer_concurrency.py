"""Both Redis layers with cancelled tasks, several loops, many threads, many channels, forked processes."""

import asyncio
import gc
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from layers import OURS, Reader, close, until, within
from redis_server import RedisServer

SUPPORT = Path(__file__).resolve().parents[1] / "support"
KINDS = pytest.mark.parametrize("kind", list(OURS))


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with RedisServer() as started:
        yield started


@KINDS
async def test_a_consumer_cancelled_ten_thousand_times_loses_and_doubles_nothing(
    server: RedisServer, kind: str
) -> None:
    """It shares its group, and its loop, with a consumer that is left in peace; both must get everything, in order."""
    layer = OURS[kind](hosts=[server.url], prefix="cancel", capacity=100_000)
    peaceful, troubled = Reader(layer, await layer.new_channel()), Reader(layer, await layer.new_channel())
    for reader in (peaceful, troubled):
        await layer.group_add("cancelled", reader.channel)
    rng = random.Random(7)
    sent = own = 0
    for turn in range(10_000):
        if rng.random() < 0.5:
            layer.group_send_sync("cancelled", {"type": "x", "n": sent}, wait=False)
            sent += 1
        if rng.random() < 0.2:
            layer.send_sync(troubled.channel, {"type": "x", "n": 1_000_000 + own}, wait=False)
            own += 1
        for _ in range(rng.randrange(4)):
            await asyncio.sleep(0)
        if turn % 500 == 0:
            await asyncio.sleep(0.002)  # answers of Redis arrive in the middle of it
        troubled.task.cancel()
        troubled.start()
    assert await until(lambda: len(peaceful.got) >= sent and len(troubled.got) >= sent + own, 30)
    await asyncio.sleep(0.1)
    assert await peaceful.stop() == list(range(sent))
    got = await troubled.stop()
    assert [n for n in got if n < 1_000_000] == list(range(sent))
    assert [n for n in got if n >= 1_000_000] == [1_000_000 + n for n in range(own)]
    assert sum(layer.stats()["dropped"].values()) == 0
    await close(layer)


@KINDS
def test_fifty_threads_publish_to_two_loops(server: RedisServer, kind: str) -> None:
    layer = OURS[kind](hosts=[server.url], prefix="threads", capacity=100_000)
    threads, each = 50, 40
    got: list[list[int]] = [[], []]
    ready = threading.Barrier(3)

    def run(index: int) -> None:
        async def main() -> None:
            channel = await layer.new_channel()
            await layer.group_add("threads", channel)
            await asyncio.to_thread(ready.wait)
            while len(got[index]) < threads * each:
                got[index].append((await within(layer.receive(channel), 30))["n"])

        asyncio.run(main())

    readers = [threading.Thread(target=run, args=(index,)) for index in (0, 1)]
    for reader in readers:
        reader.start()
    ready.wait()

    def publish(number: int) -> None:
        for turn in range(each):
            layer.group_send_sync("threads", {"type": "x", "n": number * 100 + turn}, timeout=30)

    senders = [threading.Thread(target=publish, args=(number,)) for number in range(threads)]
    for thread in senders:
        thread.start()
    for thread in [*senders, *readers]:
        thread.join(60)
    for numbers in got:
        assert sorted(numbers) == sorted(n * 100 + turn for n in range(threads) for turn in range(each))
        for number in range(threads):
            mine = [n for n in numbers if n // 100 == number]
            assert mine == sorted(mine), "the messages of one thread are in its order"
    async_to_sync(layer.close)()


@pytest.mark.parametrize("kind", ["core", "pubsub", "memory"])
def test_a_hundred_thousand_channels_leave_no_memory_behind(server: RedisServer, kind: str) -> None:
    hosts = [] if kind == "memory" else [server.url]
    command = [sys.executable, str(SUPPORT / "channel_churn.py"), kind, "100000", *hosts]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stderr
    used, resident = ([int(word) for word in line.split()] for line in done.stdout.splitlines())
    before, full, after = used
    assert full > before * 1.5
    assert after < before * 1.05
    before, full, after = resident
    assert after < before * 1.15, (
        "part-filled pages of the allocators vary from run to run; no leak passes both"
    )


@KINDS
async def test_sends_leave_no_objects_behind(server: RedisServer, kind: str) -> None:
    """The last holder of an answered send may be the I/O thread, which cannot free what belongs to Python."""
    receiver, sender = OURS[kind](hosts=[server.url]), OURS[kind](hosts=[server.url])
    readers = [Reader(receiver, await receiver.new_channel()) for _ in range(20)]
    for reader in readers:
        await receiver.group_add("room", reader.channel)

    def answers() -> int:
        gc.collect()
        return sum(type(each).__name__ in ("Future", "RedisAnswer") for each in gc.get_objects())

    async def send(first: int) -> None:
        await asyncio.gather(*(sender.group_send("room", {"type": "x", "n": first + n}) for n in range(40)))
        assert await until(lambda: all(len(reader.got) == first + 40 for reader in readers))

    await send(0)
    before = answers()
    for first in range(40, 4000, 40):
        await send(first)
    assert await until(lambda: answers() <= before + 2, 5)
    for reader in readers:
        await reader.stop()
    await close(receiver, sender)


@KINDS
@pytest.mark.parametrize("how", ["fork", "spawn", "forkserver"])
def test_children_of_a_process_that_used_the_layer_use_it_too(
    server: RedisServer, kind: str, how: str
) -> None:
    command = [sys.executable, str(SUPPORT / "forking.py"), kind, server.url, how]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stdout) == (0, "whole\n"), done.stderr[-3000:]
