"""What is measured of a channel layer. Every figure counts messages received against messages due."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from asgiref.sync import async_to_sync

MESSAGE = {
    "type": "handle_group_message",
    "message": {
        "action": "new_chat_message",
        "payload": {"message": "hello there, how are you?", "name": "alice"},
    },
    "exclude_current": False,
    "from_channel": "specific.abc!def",
}
BURST = 20

Maker = Callable[[], Any]


async def end(layer: Any) -> None:
    """Leaves nothing behind, in Redis and of connections."""
    await layer.flush()
    if hasattr(type(layer), "close"):
        await layer.close()


class Members:
    """Readers of a group, each a task with a plain receive()."""

    def __init__(self, layer: Any, count: int) -> None:
        self.layer, self.count = layer, count
        self.got = self.target = 0
        self.done = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        channels = [await self.layer.new_channel() for _ in range(self.count)]
        for channel in channels:
            await self.layer.group_add("room", channel)
        self.tasks = [asyncio.create_task(self.read(channel)) for channel in channels]
        await asyncio.sleep(0.3)

    async def read(self, channel: str) -> None:
        while True:
            await self.layer.receive(channel)
            self.got += 1
            if self.got >= self.target:
                self.done.set()

    async def burst(self, sends: int) -> bool:
        """Sends, waits until all have it; False when messages were lost."""
        self.target = self.got + self.count * sends
        self.done.clear()
        for _ in range(sends):
            await self.layer.group_send("room", MESSAGE)
        try:
            await asyncio.wait_for(self.done.wait(), 20)
        except TimeoutError:
            self.got = self.target
            return False
        return True

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await end(self.layer)


async def fan_out(make: Maker, count: int, seconds: float) -> dict[str, float]:
    """Deliveries a second in bursts (0 when one was lost), and the milliseconds from group_send to the last member."""
    members = Members(make(), count)
    await members.start()
    whole = await members.burst(1)
    latencies: list[float] = []
    finish = time.perf_counter() + seconds
    while whole and (time.perf_counter() < finish or len(latencies) < 5) and len(latencies) < 2000:
        begin = time.perf_counter()
        whole = await members.burst(1)
        latencies.append((time.perf_counter() - begin) * 1e3)
    begin, bursts = time.perf_counter(), 0
    while whole and time.perf_counter() - begin < seconds:
        whole = await members.burst(BURST)
        bursts += 1
    rate = bursts * BURST * count / (time.perf_counter() - begin)
    await members.stop()
    latencies.sort()
    return {
        "rate": rate if whole else 0.0,
        "p50": latencies[len(latencies) // 2],
        "p99": latencies[int(len(latencies) * 0.99)],
    }


async def group_adds(make: Maker, count: int = 2000) -> dict[str, float]:
    """Channels added to a group by one caller a second: each awaited, and all given at once."""
    layer = make()
    channels = [await layer.new_channel() for _ in range(count)]
    begin = time.perf_counter()
    for channel in channels:
        await layer.group_add("room", channel)
    awaited = count / (time.perf_counter() - begin)
    begin = time.perf_counter()
    outcome = await asyncio.gather(
        *(layer.group_add("other", channel) for channel in channels), return_exceptions=True
    )
    together = count / (time.perf_counter() - begin)
    await end(layer)
    failed = any(isinstance(each, BaseException) for each in outcome)
    return {"awaited": awaited, "together": 0.0 if failed else together}


def publishing(make: Maker, seconds: float) -> dict[str, float]:
    """Group messages a second of a thread without an event loop: each waited for, and a hundred in one call."""
    layer = make()
    ours = hasattr(type(layer), "group_send_sync")
    one = layer.group_send_sync if ours else async_to_sync(layer.group_send)
    one("room", MESSAGE)
    begin, sent = time.perf_counter(), 0
    while time.perf_counter() - begin < seconds:
        one("room", MESSAGE)
        sent += 1
    found = {"each": sent / (time.perf_counter() - begin)}
    if ours:
        begin, sent = time.perf_counter(), 0
        while time.perf_counter() - begin < seconds:
            layer.group_send_many([("room", MESSAGE)] * 100)
            sent += 100
        found["many"] = sent / (time.perf_counter() - begin)
    async_to_sync(end)(layer)
    return found


async def loss(make: Maker, count: int, sends: int) -> tuple[float, str]:
    """The share, in percent, that a burst from many tasks at once loses; and what a send raised, if any did."""
    members = Members(make(), count)
    await members.start()
    members.target = count * sends
    sent = await asyncio.gather(
        *(members.layer.group_send("room", MESSAGE) for _ in range(sends)), return_exceptions=True
    )
    last, still = -1, 0
    while members.got < members.target and still < 20:
        still = still + 1 if members.got == last else 0
        last = members.got
        await asyncio.sleep(0.05)
    await members.stop()
    errors = [each for each in sent if isinstance(each, Exception)]
    raised = f"{len(errors)} of {sends} sends raised {errors[0]!r:.60}" if errors else ""
    return 100 * (1 - members.got / members.target), raised
