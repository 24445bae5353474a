"""The short ways of the Redis layers: several messages taken by one command, a group of one process reached without
a way through Redis, a task that goes on in the drain that brings its answer."""

import asyncio
import gc
import time
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from layers import OURS, Reader, close, until, within
from redis_server import RedisServer

from chanx import exceptions
from chanx.layers import RedisChannelLayer

KINDS = pytest.mark.parametrize("kind", list(OURS))


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with RedisServer() as started:
        yield started


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(("--rename-command", "BZMPOP", ""), id="a server before Redis 7"),
        pytest.param(("--user", "default", "on", "nopass", "~*", "&*", "+@all", "-bzmpop"), id="no right"),
    ],
)
async def test_messages_are_taken_one_by_one_where_that_is_all_there_is(options: tuple[str, ...]) -> None:
    with RedisServer(*options) as server:
        sender, receiver = (RedisChannelLayer(hosts=[server.url], capacity=1000) for _ in range(2))
        reader = Reader(receiver, await receiver.new_channel())
        await receiver.group_add("room", reader.channel)
        for number in range(300):
            sender.group_send_sync("room", {"type": "x", "n": number}, wait=False)
        assert await until(lambda: len(reader.got) >= 300)
        assert await reader.stop() == list(range(300))
        await close(sender, receiver)


@pytest.mark.parametrize("hosts", [1, 2])
async def test_messages_of_a_process_to_itself_keep_their_order(server: RedisServer, hosts: int) -> None:
    """What goes to one channel takes the way through Redis; a group message must not overtake it."""
    with RedisServer() as second:
        urls = [server.url, second.url][:hosts]
        layer = RedisChannelLayer(hosts=urls, prefix="order", capacity=100_000)
        reader, other = Reader(layer, await layer.new_channel()), Reader(layer, await layer.new_channel())
        await layer.group_add("room", reader.channel)
        await layer.group_add("room", other.channel)

        def publish() -> None:
            for number in range(0, 400, 4):
                layer.send_sync(reader.channel, {"type": "x", "n": number})
                layer.group_send_sync("room", {"type": "x", "n": number + 1})
                layer.group_send_sync("room", {"type": "x", "n": number + 2})
                layer.send_sync(reader.channel, {"type": "x", "n": number + 3})

        await asyncio.to_thread(publish)
        assert await until(lambda: len(reader.got) >= 400 and len(other.got) >= 200)
        assert await reader.stop() == list(range(400))
        assert await other.stop() == [n for n in range(400) if n % 4 in (1, 2)]
        await close(layer)


def entries(server: RedisServer) -> int:
    """How many messages and memberships Redis has been given."""
    return int(server.cli("INFO", "commandstats").split("cmdstat_zadd:calls=")[1].split(",")[0])


async def test_a_group_of_one_process_needs_no_entries_in_redis(server: RedisServer) -> None:
    ours, theirs = (RedisChannelLayer(hosts=[server.url], prefix="own") for _ in range(2))
    mine, other = await ours.new_channel(), await theirs.new_channel()
    await ours.group_add("room", mine)
    before = entries(server)
    for number in range(10):
        await ours.group_send("room", {"type": "x", "n": number})
    assert entries(server) == before
    await theirs.group_add("room", other)
    for number in range(10, 20):
        await ours.group_send("room", {"type": "x", "n": number})
    assert entries(server) == before + 1 + 20
    await ours.group_discard("room", mine)
    await ours.group_send("room", {"type": "x", "n": 20})
    got = Reader(ours, mine), Reader(theirs, other)
    assert await until(lambda: len(got[0].got) >= 20 and len(got[1].got) >= 11)
    assert [await each.stop() for each in got] == [list(range(20)), list(range(10, 21))]
    await close(ours, theirs)


@KINDS
async def test_calls_cancelled_while_redis_stands_still_leave_the_layer_whole(
    server: RedisServer, kind: str
) -> None:
    layer = OURS[kind](hosts=[server.url], prefix="still")
    reader = Reader(layer, await layer.new_channel())
    await layer.group_add("room", reader.channel)
    server.pause()
    try:
        calls: list[asyncio.Task[Any]] = [
            asyncio.create_task(layer.group_send("room", {"type": "x", "n": number})) for number in range(20)
        ]
        calls.append(asyncio.create_task(layer.send(reader.channel, {"type": "x", "n": 20})))
        await asyncio.sleep(0.05)
        for call in calls[::2]:
            call.cancel("enough")
        gone = weakref.ref(calls[0])
        for call in calls[::2]:
            with pytest.raises(asyncio.CancelledError, match="enough"):
                await call
        assert not any(call.done() for call in calls[1::2])
    finally:
        server.resume()
    await within(asyncio.gather(*calls[1::2]))
    # A call that was cancelled had been sent.
    assert await until(lambda: len(reader.got) >= 21)
    assert sorted(await reader.stop()) == list(range(21))
    del call, calls
    gc.collect()
    assert gone() is None
    await close(layer)


@KINDS
async def test_what_a_call_raises_is_raised_where_it_is_awaited(server: RedisServer, kind: str) -> None:
    layer = OURS[kind](hosts=[server.url], prefix="raised")
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    try:
        await layer.group_send("room", {"type": "x"})
        await layer.close()
        with RedisServer() as lost:
            broken = OURS[kind](hosts=[{"address": lost.url, "patience": 0}])
            await broken.group_send("room", {"type": "x"})
            lost.stop()
            with pytest.raises(exceptions.RedisConnectionError, match=str(lost.port)):
                await within(broken.group_send("room", {"type": "x"}))
            # And again, from a Task in Python as debuggers and instrumentation make them.
            task = asyncio.tasks._PyTask(broken.group_send("room", {"type": "x"}))  # type: ignore[attr-defined]
            with pytest.raises(exceptions.RedisConnectionError, match=str(lost.port)):
                await within(task)
            await close(broken)
    finally:
        loop.set_debug(False)


@KINDS
async def test_a_group_message_begins_with_its_first_step_as_a_coroutine_does(
    server: RedisServer, kind: str
) -> None:
    layer = OURS[kind](hosts=[server.url], prefix="lazy")
    reader = Reader(layer, await layer.new_channel())
    await layer.group_add("room", reader.channel)
    never = layer.group_send("room", {"type": "x", "n": -1})
    never.close()
    with pytest.raises(RuntimeError, match="reuse"):
        await never
    cancelled = asyncio.create_task(layer.group_send("room", {"type": "x", "n": -2}))
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    # What is wrong with a call is raised where it is awaited.
    wrong = [layer.group_send("no room", 5), layer.group_send(5, {"type": "x"})]
    wrong.append(layer.group_send("room", {"type": object()}))
    for call in wrong:
        with pytest.raises(TypeError):
            await call
    await layer.group_send("room", {"type": "x", "n": 0})
    await asyncio.to_thread(async_to_sync(layer.group_send), "room", {"type": "x", "n": 1})
    assert await until(lambda: len(reader.got) >= 2)
    assert await reader.stop() == [0, 1]
    gone = weakref.ref(never)
    del never, wrong, call
    assert gone() is None
    await close(layer)


@KINDS
async def test_what_one_turn_of_the_loop_sends_needs_few_writes(server: RedisServer, kind: str) -> None:
    layer = OURS[kind](hosts=[server.url], prefix="turn", capacity=1000)
    reader = Reader(layer, await layer.new_channel())
    await layer.group_add("room", reader.channel)
    await layer.group_send("room", {"type": "x", "n": 0})
    before = reads(server)

    async def work_and_send(number: int) -> None:
        until = time.perf_counter() + 0.00003
        while time.perf_counter() < until:
            pass
        await layer.group_send("room", {"type": "x", "n": number})

    await within(asyncio.gather(*map(work_and_send, range(1, 201))))
    assert reads(server) - before < 60
    assert await until(lambda: len(reader.got) >= 201)
    assert await reader.stop() == list(range(201))
    await close(layer)


def reads(server: RedisServer) -> int:
    """How often Redis has read from a client."""
    return int(server.cli("INFO", "stats").split("total_reads_processed:")[1].split()[0])


@KINDS
def test_what_the_last_turn_of_a_loop_sends_arrives(server: RedisServer, kind: str) -> None:
    layer = OURS[kind](hosts=[server.url], prefix="last", capacity=1000)
    listener = OURS[kind](hosts=[server.url], prefix="last", capacity=1000)

    async def main() -> None:
        reader = Reader(listener, await listener.new_channel())
        await listener.group_add("room", reader.channel)
        await asyncio.to_thread(asyncio.run, send_and_leave())
        await layer.group_send("room", {"type": "x", "n": 50})
        assert await until(lambda: len(reader.got) >= 51)
        assert sorted(await reader.stop()) == list(range(51))
        await close(layer, listener)

    async def send_and_leave() -> None:
        # The others begin in the turn that ends the loop, which nothing of theirs wakes again.
        for number in range(50):
            asyncio.get_running_loop().create_task(layer.group_send("room", {"type": "x", "n": number}))
        await asyncio.sleep(0)

    asyncio.run(main())


@KINDS
async def test_a_call_that_blocks_the_loop_does_not_wait_for_what_was_held_back(
    server: RedisServer, kind: str
) -> None:
    layer = OURS[kind](hosts=[server.url], prefix="blocked", capacity=1000)
    reader = Reader(layer, await layer.new_channel())
    await layer.group_add("room", reader.channel)
    began = time.perf_counter()
    for number in range(0, 40, 4):
        sends = [
            asyncio.create_task(layer.group_send("room", {"type": "x", "n": number + more}))
            for more in range(3)
        ]
        await asyncio.sleep(0)
        layer.group_send_sync("room", {"type": "x", "n": number + 3})
        await within(asyncio.gather(*sends))
    assert time.perf_counter() - began < 1.2  # ten ticks of the connection are more than two seconds
    assert await until(lambda: len(reader.got) >= 40)
    assert sorted(await reader.stop()) == list(range(40))
    await close(layer)
