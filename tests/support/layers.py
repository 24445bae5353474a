"""Channel layers of both makers, by short names, and what tests do with any of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from channels.layers import InMemoryChannelLayer as TheirMemory
from channels_redis.core import RedisChannelLayer as TheirCore
from channels_redis.pubsub import RedisPubSubChannelLayer as TheirPubSub

from chanx.layers import InMemoryChannelLayer, RedisChannelLayer, RedisPubSubChannelLayer

Result = TypeVar("Result")

OURS: dict[str, Callable[..., Any]] = {"core": RedisChannelLayer, "pubsub": RedisPubSubChannelLayer}
THEIRS: dict[str, Callable[..., Any]] = {"core": TheirCore, "pubsub": TheirPubSub}
MEMORY: dict[str, Callable[..., Any]] = {"ours": InMemoryChannelLayer, "theirs": TheirMemory}


async def within(awaitable: Awaitable[Result], seconds: float = 10) -> Result:
    """The result, which must come in time."""
    return await asyncio.wait_for(awaitable, seconds)


async def take(layer: Any, channel: str, seconds: float = 10) -> dict[str, Any] | None:
    """The next message of a channel, or None."""
    try:
        message: dict[str, Any] = await asyncio.wait_for(layer.receive(channel), seconds)
    except TimeoutError:
        return None
    return message


async def until(condition: Callable[[], object], seconds: float = 15) -> bool:
    """Waits until something holds; False when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.01)
    return True


async def close(*layers: Any) -> None:
    """Ends the connections of layers of either maker."""
    for layer in layers:
        if isinstance(layer, TheirCore):
            await layer.close_pools()
        elif isinstance(layer, TheirPubSub):
            await layer.flush()
        else:
            await layer.close()


class Reader:
    """Keeps what a channel brings: the field `n` of its messages, in order."""

    def __init__(self, layer: Any, channel: str) -> None:
        self.layer, self.channel = layer, channel
        self.got: list[int] = []
        self.error: Exception | None = None
        self.start()

    def start(self) -> None:
        self.task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            while True:
                self.got.append((await self.layer.receive(self.channel))["n"])
        except Exception as error:
            self.error = error

    async def stop(self) -> list[int]:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        return self.got
