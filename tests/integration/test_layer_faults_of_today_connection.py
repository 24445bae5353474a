"""Faults of today's layers when connections break, each shown on theirs and absent from ours: callbacks, time-outs,
restarts, event loops.
"""

import asyncio
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import redis.exceptions
from asgiref.sync import async_to_sync
from layers import OURS, THEIRS, Reader, close, take, until, within
from redis_server import RedisServer

from chanx.exceptions import RedisError


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with RedisServer() as started:
        yield started


async def restart(server: RedisServer, away: float = 0.2) -> None:
    server.stop()
    await asyncio.sleep(away)
    server.start()


async def sent(layer: Any, channel: str, number: int) -> None:
    """Sends, however often the connection has to be found again first."""
    for _ in range(50):
        try:
            return await within(layer.send(channel, {"type": "x", "n": number}), 3)
        except (redis.exceptions.RedisError, RedisError, TimeoutError):
            await asyncio.sleep(0.1)
    raise AssertionError("the server is back and nothing can be sent")


# 2: on_disconnect and on_reconnect (channels_redis #406)


async def test_2_the_callbacks_are_called(server: RedisServer) -> None:
    for maker in (THEIRS, OURS):
        calls: list[str] = []

        async def back(calls: list[str] = calls) -> None:
            calls.append("reconnect")

        layer = maker["pubsub"](
            hosts=[server.url],
            on_disconnect=lambda calls=calls: calls.append("disconnect"),
            on_reconnect=back,
        )
        reader = Reader(layer, await layer.new_channel())
        await asyncio.sleep(0.1)
        await restart(server)
        await sent(layer, reader.channel, 1)
        called = await until(lambda calls=calls: len(calls) == 2, 8 if maker is OURS else 1.5)  # type: ignore[misc]  # bound now
        assert (called, calls) == ((True, ["disconnect", "reconnect"]) if maker is OURS else (False, []))
        await reader.stop()
        await close(layer)


# 3: the socket time-out of the client library ends the blocking pop (channels_redis #422)


async def test_3_a_socket_timeout_does_not_end_a_reader(server: RedisServer) -> None:
    # Their library's own default is 5 s; one second shows the same in less time.
    host = {"address": server.url, "socket_timeout": 0.5}
    for maker in (THEIRS, OURS):
        layer = maker["core"](hosts=[host], prefix=maker["core"].__module__)
        reader = Reader(layer, await layer.new_channel())
        await asyncio.sleep(1.3)
        await layer.send(reader.channel, {"type": "x", "n": 1})
        if maker is THEIRS:
            assert isinstance(reader.error, redis.exceptions.TimeoutError)
        else:
            assert await until(lambda reader=reader: reader.got == [1])  # type: ignore[misc]  # bound now
            assert layer.stats()["reconnects"] == 0
        await reader.stop()
        await close(layer)


# 8: event loops that end, or are two


def test_8_every_call_may_have_an_event_loop_of_its_own(server: RedisServer) -> None:
    for name, make in OURS.items():
        layer = make(hosts=[server.url], prefix=name)
        channel = async_to_sync(layer.new_channel)()
        for number in range(5):
            asyncio.run(layer.group_add("room", channel))
            async_to_sync(layer.group_send)("room", {"type": "x", "n": number})
        for number in range(5):
            assert asyncio.run(within(layer.receive(channel))) == {"type": "x", "n": number}
        async_to_sync(layer.close)()


def test_8_two_event_loops_receive_on_one_layer(server: RedisServer) -> None:
    def run(layer: Any) -> list[object]:
        outcome: list[object] = []
        together = threading.Barrier(2)

        def loop() -> None:
            async def main() -> None:
                channel = await layer.new_channel()
                await layer.group_add("room", channel)
                receiving = asyncio.create_task(within(layer.receive(channel)))
                await asyncio.sleep(0.2)
                if await asyncio.to_thread(together.wait, 10) == 0:
                    await layer.group_send("room", {"type": "x"})
                try:
                    outcome.append(await receiving)
                except Exception as error:
                    outcome.append(error)

            asyncio.run(main())

        threads = [threading.Thread(target=loop) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        return outcome

    outcome = run(THEIRS["core"](hosts=[server.url], prefix="theirs"))
    assert any("Two event loops" in str(each) for each in outcome)
    for name, make in OURS.items():
        layer = make(hosts=[server.url], prefix=name)
        assert run(layer) == [{"type": "x"}] * 2
        async_to_sync(layer.close)()


# 9: Redis restarts (channels_redis #20, #134)


async def test_9_a_reader_of_the_core_layer_outlives_a_restart(
    server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    for maker in (THEIRS, OURS):
        layer = maker["core"](hosts=[server.url], prefix=maker["core"].__module__)
        reader = Reader(layer, await layer.new_channel())
        await layer.send(reader.channel, {"type": "x", "n": 0})
        assert await until(lambda reader=reader: reader.got)  # type: ignore[misc]  # bound now
        await restart(server)
        await sent(layer, reader.channel, 1)
        if maker is THEIRS:
            assert await until(reader.task.done)
            assert isinstance(reader.error, redis.exceptions.ConnectionError)  # the consumer dies of it
        else:
            assert await until(lambda reader=reader: reader.got == [0, 1])  # type: ignore[misc]  # bound now
            assert "lost a connection: Redis at 127.0.0.1" in caplog.text
            assert "connected again" in caplog.text
            assert layer.stats()["gaps"] >= 1
        await reader.stop()
        await close(layer)


@pytest.mark.parametrize("kind", list(OURS))
async def test_9_readers_of_a_server_that_stays_away_wait_for_it(server: RedisServer, kind: str) -> None:
    layer = OURS[kind](hosts=[{"address": server.url, "patience": 0.1, "connect_timeout": 0.3}])
    reader = Reader(layer, await layer.new_channel())
    workers = [Reader(layer, f"jobs{number}") for number in range(3)] if kind == "core" else []
    await layer.send(reader.channel, {"type": "x", "n": 0})
    assert await until(lambda: reader.got == [0])
    server.stop()
    await asyncio.sleep(1.5)
    server.start()
    assert await until(lambda: layer.stats()["connected"])
    await asyncio.sleep(0.3)  # pub/sub has its subscriptions back
    await sent(layer, reader.channel, 1)
    assert await until(lambda: reader.got == [0, 1])
    for number, worker in enumerate(workers):
        await sent(layer, f"jobs{number}", 2)
        assert await until(lambda worker=worker: worker.got == [2])  # type: ignore[misc]  # bound now
    for each in (reader, *workers):
        await each.stop()
    await close(layer)


async def test_9_thousands_of_subscriptions_come_back_and_the_gap_is_told(
    server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "chanx.layers")
    layer = OURS["pubsub"](hosts=[server.url])
    channels = [await layer.new_channel() for _ in range(3000)]
    for number, channel in enumerate(channels):
        await layer.group_add(f"room{number % 1000}", channel)
    assert layer.stats()["subscriptions"] == 4000
    await restart(server)
    assert await until(lambda: "what was published then is lost" in caplog.text)
    # In batches: SUBSCRIBE has run a few times on the new server, not once for each name.
    calls = [line for line in server.cli("INFO", "commandstats").splitlines() if "cmdstat_subscribe" in line]
    assert int(calls[0].split("calls=")[1].split(",")[0]) <= 10
    await layer.group_send("room7", {"type": "x", "n": 1})
    got = await asyncio.gather(*(take(layer, channels[n]) for n in (7, 1007, 2007)))
    assert got == [{"type": "x", "n": 1}] * 3
    await close(layer)


async def test_9_while_redis_is_away_sends_fail_soon_and_say_why(server: RedisServer) -> None:
    layers = [make(hosts=[server.url]) for make in OURS.values()]
    for layer in layers:
        await layer.send(await layer.new_channel(), {"type": "x"})
    server.stop()
    began = asyncio.get_running_loop().time()

    async def send_on(layer: Any) -> None:
        for _ in range(100):
            await within(layer.group_send("room", {"type": "x"}), 8)
            await layer.send("somebody", {"type": "x"})
            await asyncio.sleep(0.05)

    for layer in layers:
        with pytest.raises(RedisError, match=rf"127\.0\.0\.1:{server.port}.*(refused|closed)"):
            await send_on(layer)
    assert asyncio.get_running_loop().time() - began < 9
    for layer in layers:  # from now on at once
        began = asyncio.get_running_loop().time()
        with pytest.raises(RedisError, match=r"refused|closed"):
            await layer.send("somebody", {"type": "x"})
        with pytest.raises(RedisError, match=r"refused|closed"):
            await asyncio.to_thread(layer.group_send_sync, "room", {"type": "x"})
        assert asyncio.get_running_loop().time() - began < 1
    server.start()
    for layer in layers:
        await sent(layer, "somebody", 1)
        await close(layer)
