"""A process of its own that makes and drops channels: python channel_churn.py KIND COUNT [REDIS_URL]

It prints two lines, before, with all of them, and after: KiB in use (what malloc gave out, and what Python's objects
hold of their arenas), and KiB resident, which also counts what the allocators keep in part-filled pages.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import itertools
import sys
from pathlib import Path
from typing import Any

import django
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))
settings.configure(INSTALLED_APPS=["channels", "chanx"], SECRET_KEY="x")
django.setup()

import chanx.channels.websocket
import chanx.layers

KINDS: dict[str, Any] = {
    "core": chanx.layers.RedisChannelLayer,
    "pubsub": chanx.layers.RedisPubSubChannelLayer,
    "memory": chanx.layers.InMemoryChannelLayer,
}

SETTLE = 2.0
"""Seconds: the layer gives free memory back to the system about one second after the last of it was freed."""


def resident() -> int:
    gc.collect()
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise RuntimeError("no VmRSS in /proc/self/status")


class MallocInfo(ctypes.Structure):
    """glibc's `struct mallinfo2`."""

    NAMES = ("arena", "ordblks", "smblks", "hblks", "hblkhd")
    MORE = ("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")
    _fields_ = list(zip(NAMES + MORE, itertools.repeat(ctypes.c_size_t), strict=False))


def in_use() -> int:
    gc.collect()
    library = ctypes.CDLL(None)
    library.mallinfo2.restype = MallocInfo
    info = library.mallinfo2()
    objects = sys.getallocatedblocks() * 64  # Python's small blocks are of 16 to 512 bytes
    return int(info.uordblks + info.hblkhd + objects) // 1024


async def settled(layer: Any) -> None:
    """Waits until the server has answered all that the drops caused."""
    if not hasattr(layer, "flush_sync"):
        return
    assert await asyncio.to_thread(layer.flush_sync, 30)
    while layer.stats().get("subscriptions"):
        await asyncio.sleep(0.05)


async def come(layer: Any, count: int) -> list[str]:
    channels: list[str] = []
    for start in range(0, count, 500):
        made = await asyncio.gather(*(layer.new_channel() for _ in range(500)))
        await asyncio.gather(*(layer.group_add(f"room{start % 7000}", channel) for channel in made))
        channels += made
    return channels


async def go(layer: Any, channels: list[str]) -> None:
    for start in range(0, len(channels), 500):
        for channel in channels[start : start + 500]:
            layer.drop_channel(channel)
        await asyncio.sleep(0)
    channels.clear()
    await settled(layer)


async def main() -> None:
    kind, count, *hosts = sys.argv[1:]
    layer = KINDS[kind](**({"hosts": hosts} if hosts else {}))
    # A process that has served before: what a first use allocates for good is no leak.
    await go(layer, await come(layer, int(count) // 5))
    await asyncio.sleep(SETTLE)
    before = in_use(), resident()
    channels = await come(layer, int(count))
    full = in_use(), resident()
    await go(layer, channels)
    stats = layer.stats()
    assert stats["channels"] == stats["groups"] == stats["members"] == 0, stats
    # A loaded machine takes longer to give it back; what leaks stays however long one waits.
    for _ in range(6):
        await asyncio.sleep(SETTLE)
        after = in_use(), resident()
        if after[0] < before[0] * 1.05:
            break
    for figures in zip(before, full, after, strict=True):
        print(*figures)


asyncio.run(main())
