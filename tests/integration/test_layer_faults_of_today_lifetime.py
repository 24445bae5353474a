"""Faults of today's layers with what ended, each shown on theirs and absent from ours: members, buffers, keys."""

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest
from layers import MEMORY, OURS, THEIRS, Reader, close, take, until
from redis_server import RedisServer


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with RedisServer() as started:
        yield started


@pytest.fixture(autouse=True)
def empty(server: RedisServer) -> None:
    server.cli("FLUSHALL")


def members(server: RedisServer, group: str = "room") -> int:
    return int(server.cli("ZCARD", f"asgi:group:{group}"))


# 6: dead members stay for a day, live ones are thrown out after it (channels_redis #182, channels #1371)


async def test_6_the_members_of_a_consumer_that_ended_go_with_it(server: RedisServer) -> None:
    """Consumers end by a cancelled `receive()`, without `group_discard`; nothing tells their layer more than that."""
    for maker in (THEIRS, OURS):
        layer = maker["core"](hosts=[server.url], expiry=1)
        readers = [Reader(layer, await layer.new_channel()) for _ in range(20)]
        for reader in readers:
            await layer.group_add("room", reader.channel)
        assert members(server) == 20
        for reader in readers:
            await reader.stop()
        await asyncio.sleep(1.5)
        keeper = Reader(layer, await layer.new_channel())  # any use of the layer looks after its leases
        await layer.group_add("other", keeper.channel)
        if maker is THEIRS:
            assert members(server) == 20
        else:

            async def gone(layer: Any = layer) -> bool:
                await layer.send("somebody", {"type": "x"})
                return members(server) == 0

            for _ in range(60):
                if await gone():
                    break
                await asyncio.sleep(0.05)
            assert members(server) == 0
            assert layer.stats()["members"] == 0
        await keeper.stop()
        server.cli("FLUSHALL")
        await close(layer)


async def test_6_dropping_a_channel_takes_it_out_of_redis_at_once(server: RedisServer) -> None:
    layer = OURS["core"](hosts=[server.url])
    channel = await layer.new_channel()
    for group in ("one", "two"):
        await layer.group_add(group, channel)
    assert layer.drop_channel(channel)
    assert await until(lambda: members(server, "one") == members(server, "two") == 0)
    await close(layer)


@pytest.mark.parametrize("kind", ["core", "memory"])
async def test_6_a_live_member_stays_past_the_groups_expiry(server: RedisServer, kind: str) -> None:
    for maker in ("theirs", "ours"):
        if kind == "memory":
            layer = MEMORY[maker](group_expiry=1)
        else:
            layer = (THEIRS if maker == "theirs" else OURS)["core"](hosts=[server.url], group_expiry=1)
        reader = Reader(layer, await layer.new_channel())
        await layer.group_add("room", reader.channel)
        await asyncio.sleep(2.1)
        await layer.group_send("room", {"type": "x", "n": 1})
        assert await until(lambda reader=reader: reader.got, 5 if maker == "ours" else 0.5) is (
            maker == "ours"
        )  # type: ignore[misc]  # bound now
        await reader.stop()
        await close(layer)


async def test_6_the_members_of_a_dead_process_expire(server: RedisServer) -> None:
    dead, alive = (OURS["core"](hosts=[server.url], group_expiry=1) for _ in range(2))
    for layer in (dead, alive):
        await layer.group_add("room", await layer.new_channel())
    await close(dead)  # from now on nobody renews its lease
    await asyncio.sleep(1.6)
    await alive.group_send("room", {"type": "x"})
    assert members(server) == 1
    await close(alive)


# 7: buffers of consumers that ended (channels_redis #212, #276; channels #1361)


async def test_7_messages_for_consumers_that_ended_are_not_kept(server: RedisServer) -> None:
    for maker in (THEIRS, OURS):
        layer = maker["core"](hosts=[server.url], prefix=maker["core"].__module__)
        readers = [Reader(layer, await layer.new_channel()) for _ in range(50)]
        for reader in readers:
            await layer.group_add("room", reader.channel)
        await asyncio.sleep(0.1)
        for reader in readers[1:]:
            await reader.stop()
            if maker is OURS:
                layer.drop_channel(reader.channel)  # as our consumers do when they end; theirs cannot
        for number in range(20):
            await layer.group_send("room", {"type": "x", "n": number})
        assert await until(lambda reader=readers[0]: len(reader.got) == 20)  # type: ignore[misc]  # bound now
        if maker is THEIRS:
            assert sum(queue.qsize() for queue in layer.receive_buffer.values()) >= 49 * 19
        else:
            stats = layer.stats()
            assert (stats["channels"], stats["unread"], stats["queue_bytes"]) == (1, 0, 0)
        await readers[0].stop()
        await close(layer)


async def test_7_what_a_plain_consumer_left_behind_is_freed(server: RedisServer) -> None:
    """Consumers of Channels itself cannot call `drop_channel`: the layer finds out within `expiry`."""
    for make in (lambda: OURS["core"](hosts=[server.url], expiry=1), lambda: MEMORY["ours"](expiry=1)):
        layer = make()
        readers = [Reader(layer, await layer.new_channel()) for _ in range(50)]
        for reader in readers:
            await layer.group_add("room", reader.channel)
        await asyncio.sleep(0.1)
        for reader in readers[1:]:
            await reader.stop()

        async def freed(layer: Any = layer) -> bool:
            await layer.group_send("room", {"type": "x", "n": 1})
            await asyncio.sleep(0.02)
            stats = layer.stats()
            return stats["channels"] == 1 and stats["unread"] == 0

        for _ in range(100):
            if await freed():
                break
            await asyncio.sleep(0.1)
        assert await freed()
        await readers[0].stop()
        await close(layer)


# 10: KEYS and EVAL


def commands(server: RedisServer) -> dict[str, int]:
    found = re.findall(r"cmdstat_([a-z|]+):calls=(\d+)", server.cli("INFO", "commandstats"))
    return {name: int(calls) for name, calls in found}


async def test_10_flush_scans_and_scripts_go_by_their_digest(server: RedisServer) -> None:
    for maker in (THEIRS, OURS):
        layer = maker["core"](hosts=[server.url])
        server.cli("CONFIG", "RESETSTAT")
        for number in range(20):
            await layer.group_add(f"room{number}", "worker")
            await layer.group_send(f"room{number}", {"type": "x"})
        await layer.flush()
        used = commands(server)
        if maker is THEIRS:
            assert used["keys"] >= 1
            assert used["eval"] >= 20
        else:
            assert "keys" not in used
            assert used["scan"] >= 1
            assert used.get("eval", 0) <= 1  # the first time the server has not got it
            assert used["evalsha"] >= 19
        assert server.cli("DBSIZE").strip() == "0"
        await close(layer)


async def test_10_flush_spares_what_is_not_of_the_layer(server: RedisServer) -> None:
    layer = OURS["core"](hosts=[server.url], prefix="mine")
    server.cli("SET", "other", "kept")
    for number in range(50):
        await layer.send(f"jobs{number}", {"type": "x"})
    await layer.flush()
    assert server.cli("KEYS", "*").split() == ["other"]
    await close(layer)


async def test_10_a_script_that_the_server_forgot_is_sent_again(server: RedisServer) -> None:
    layer = OURS["core"](hosts=[server.url])
    for number in range(3):
        await layer.send("jobs", {"type": "x", "n": number})
        server.cli("SCRIPT", "FLUSH")
    assert [await take(layer, "jobs") for _ in range(3)] == [{"type": "x", "n": n} for n in range(3)]
    await close(layer)
