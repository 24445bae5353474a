"""Channel layers side by side: deliveries, latency, group_add, publishing without a loop; losses of a burst.

usage: python tests/bench/bench_layers.py [--members 1,1000,10000] [--seconds 2] [--layer NAME ...]

Starts a redis-server of its own. Each measurement is taken for all layers in turn, `--rounds` times, and the best
round counts: on a shared machine it is the least disturbed. Every figure counts messages received against messages
due; a burst that arrives short shows as lost.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).resolve().parents[2] / "python")]

from peers import redis_server

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


def contenders(url: str) -> dict[str, Callable[[], Any]]:
    """The layers by name; those of Redis that this build does not have are left out."""

    def made(path: str, **options: Any) -> Callable[[], Any]:
        module, name = path.rsplit(".", 1)
        return lambda: getattr(import_module(module), name)(**options)

    found = {
        "channels in-memory": made("channels.layers.InMemoryChannelLayer"),
        "channels_redis core": made("channels_redis.core.RedisChannelLayer", hosts=[url]),
        "channels_redis pub/sub": made("channels_redis.pubsub.RedisPubSubChannelLayer", hosts=[url]),
        "chanx in-memory": made("chanx.layers.InMemoryChannelLayer"),
    }
    ours = import_module("chanx.layers")
    for name, label in (("RedisPubSubChannelLayer", "chanx pub/sub"), ("RedisChannelLayer", "chanx core")):
        if hasattr(ours, name):
            found[label] = made(f"chanx.layers.{name}", hosts=[url])
    return found


class Members:
    """Readers of a group, each a task with a plain receive()."""

    def __init__(self, layer: Any, count: int) -> None:
        self.layer, self.count = layer, count
        self.got = self.target = 0
        self.done = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []
        self.adds_per_second = 0.0

    async def start(self) -> None:
        channels = [await self.layer.new_channel() for _ in range(self.count)]
        begin = time.perf_counter()
        for channel in channels:
            await self.layer.group_add("room", channel)
        self.adds_per_second = self.count / (time.perf_counter() - begin)
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
        await self.layer.flush()
        if hasattr(self.layer, "close"):
            await self.layer.close()


async def fan_out(make: Callable[[], Any], count: int, seconds: float) -> dict[str, float]:
    members = Members(make(), count)
    await members.start()
    whole = await members.burst(1)
    latencies: list[float] = []
    end = time.perf_counter() + seconds
    while whole and (time.perf_counter() < end or len(latencies) < 5) and len(latencies) < 2000:
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
        "deliveries/s": rate if whole else 0.0,
        "p50 ms": latencies[len(latencies) // 2],
        "p99 ms": latencies[int(len(latencies) * 0.99)],
        "group_add/s": members.adds_per_second,
    }


async def loss(make: Callable[[], Any], count: int, sends: int) -> float:
    """The share, in percent, that a burst from many tasks at once loses."""
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
    failed = sum(isinstance(result, Exception) for result in sent)
    if failed:
        print(
            f"    {failed} of {sends} sends raised: {next(r for r in sent if isinstance(r, Exception))!r:.90}"
        )
    return 100 * (1 - members.got / members.target)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--members", default="1,1000")
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--layer", action="append", help="only these, by name")
    parser.add_argument(
        "--burst", type=int, default=500, help="group sends of the loss test; 0 leaves it out"
    )
    options = parser.parse_args()
    with redis_server() as url:
        layers = {
            name: make
            for name, make in contenders(url).items()
            if options.layer is None or name in options.layer
        }
        for count in map(int, options.members.split(",")):
            best: dict[str, dict[str, float]] = {}
            for _ in range(options.rounds):
                for name, make in layers.items():
                    figures = asyncio.run(fan_out(make, count, options.seconds))
                    old = best.get(name)
                    if old is None or figures["deliveries/s"] > old["deliveries/s"]:
                        best[name] = figures
            print(
                f"\n{count} member(s), bursts of {BURST}"
                + " " * 12
                + "deliveries/s    p50 ms    p99 ms  group_add/s"
            )
            peer = best.get("channels_redis pub/sub")
            for name, row in best.items():
                ratio = ""
                if peer and peer["deliveries/s"]:
                    ratio = f"   {row['deliveries/s'] / peer['deliveries/s']:.2f} x pub/sub's rate"
                    ratio += f", {row['p50 ms'] / peer['p50 ms']:.2f} of its p50"
                print(
                    f"{name:34s}{row['deliveries/s']:14,.0f}{row['p50 ms']:10.3f}{row['p99 ms']:10.3f}"
                    f"{row['group_add/s']:13,.0f}{ratio}",
                    flush=True,
                )
        if options.burst:
            print(f"\n{options.burst} group sends at once to 1,000 members: lost")
            for name, make in layers.items():
                print(f"{name:34s}{asyncio.run(loss(make, 1000, options.burst)):13.1f} %", flush=True)


if __name__ == "__main__":
    main()
