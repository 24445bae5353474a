"""The Redis layers at half of their top rate, for long: no message lost, doubled or out of order, and no growth.

`make soak` runs it for CHANX_SOAK_SECONDS (600), half for each class, and stops the server for 30 s. `make test` runs a
short one.
"""

import asyncio
import gc
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from layers import OURS, Reader, close, until
from redis_server import RedisServer

SECONDS = float(os.environ.get("CHANX_SOAK_SECONDS", "600"))
SHORT = 3.0
MEMBERS = 50
TICK = 0.02
KINDS = pytest.mark.parametrize("kind", list(OURS))


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with RedisServer() as started:
        yield started


class Member:
    """Checks what it receives as it comes, and keeps nothing."""

    def __init__(self, layer: Any, channel: str) -> None:
        self.layer, self.channel = layer, channel
        self.next = 0
        self.late = 0.0
        self.task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        while True:
            message = await self.layer.receive(self.channel)
            assert message["n"] == self.next, f"{message['n']} came instead of {self.next}"
            self.next += 1
            self.late = max(self.late, time.monotonic() - message["at"])


def resident() -> int:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


async def top_rate(sender: Any, members: list[Member], start: int) -> tuple[float, int]:
    """Group sends a second when each burst waits for the last one's arrival; and the number after the last."""
    number, begun = start, time.perf_counter()
    while time.perf_counter() - begun < 1:
        for _ in range(20):
            await sender.group_send("soak", {"type": "x", "n": number, "at": time.monotonic()})
            number += 1
        assert await until(lambda number=number: all(member.next == number for member in members))  # type: ignore[misc]  # bound now
    return (number - start) / (time.perf_counter() - begun), number


async def soak(kind: str, server: RedisServer, seconds: float) -> None:
    receiver, sender = OURS[kind](hosts=[server.url]), OURS[kind](hosts=[server.url])
    members = []
    for _ in range(MEMBERS):
        members.append(Member(receiver, await receiver.new_channel()))
        await receiver.group_add("soak", members[-1].channel)
    rate, number = await top_rate(sender, members, 0)
    begun = time.monotonic()
    first = number
    warm: int | None = None
    while (now := time.monotonic() - begun) < seconds:
        # What is due by now, however late the loop comes back to it.
        due = first + int(now * rate / 2)
        sends = []
        while number < due and len(sends) < 200:
            sends.append(sender.group_send("soak", {"type": "x", "n": number, "at": time.monotonic()}))
            number += 1
        await asyncio.gather(*sends)
        if warm is None and now > seconds / 4:
            warm = resident()
        await asyncio.sleep(TICK)
    assert await until(lambda: all(member.next == number or member.task.done() for member in members), 30)
    for member in members:
        assert not member.task.done(), member.task.exception()
        member.task.cancel()
    # The machine may have less to give now than while the top was measured.
    assert number - first >= (rate / 2) * seconds * 0.5, "the sender could not keep half of the top rate"
    stats = [layer.stats() for layer in (receiver, sender)]
    assert [sum(each["dropped"].values()) for each in stats] == [0, 0]
    assert [each["unread"] + each["queue_bytes"] + each["failed"] + each["gaps"] for each in stats] == [0, 0]
    assert receiver.stats()["delivered"] == number * MEMBERS
    assert warm is not None
    grown = resident() - warm
    late = max(member.late for member in members) * 1e3
    print(f"{kind}: {number - first} group sends to {MEMBERS} members in {seconds:g} s, {rate / 2:.0f}/s")
    print(f"    half of the top rate; latest after {late:.0f} ms; grown by {grown} KiB of {warm}")
    assert grown < 4096 + warm * 0.02
    await close(receiver, sender)


@KINDS
async def test_a_short_soak(server: RedisServer, kind: str) -> None:
    await soak(kind, server, SHORT)


@pytest.mark.soak
@pytest.mark.timeout(SECONDS + 120)
@KINDS
async def test_a_long_soak(server: RedisServer, kind: str) -> None:
    await soak(kind, server, SECONDS / 2)


@pytest.mark.soak
@KINDS
async def test_a_server_paused_for_thirty_seconds_serves_again(server: RedisServer, kind: str) -> None:
    layer = OURS[kind](hosts=[server.url])
    reader = Reader(layer, await layer.new_channel())
    await layer.group_add("room", reader.channel)
    await layer.group_send("room", {"type": "x", "n": 0})
    assert await until(lambda: reader.got == [0])
    server.pause()
    begun = time.monotonic()
    with pytest.raises(Exception, match=str(server.port)):
        await layer.group_send("room", {"type": "x", "n": 1})
    await asyncio.sleep(30 - (time.monotonic() - begun))
    server.resume()

    async def send() -> bool:
        try:
            await layer.group_send("room", {"type": "x", "n": 2})
        except ConnectionError:
            return False
        return True

    for _ in range(100):
        if await send() and await until(lambda: 2 in reader.got, 0.2):
            break
    got = await reader.stop()
    assert 2 in got
    assert got.count(1) <= 1
    assert layer.stats()["gaps"] >= 1
    await close(layer)
