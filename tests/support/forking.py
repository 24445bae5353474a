"""A program whose children share a layer that it made and used before: python forking.py KIND REDIS_URL HOW

HOW is `fork` (as a preloading gunicorn or a Celery prefork worker does), or a start method of multiprocessing. Each
child publishes, and receives on a channel of its own; the parent receives what they publish.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / "python")]

import chanx.layers

KINDS: dict[str, Any] = {
    "core": chanx.layers.RedisChannelLayer,
    "pubsub": chanx.layers.RedisPubSubChannelLayer,
}
CHILDREN = 4


def child(layer: Any, number: int) -> None:
    layer.group_send_sync("parents", {"type": "x", "n": number})

    async def own() -> None:
        channel = await layer.new_channel()
        await layer.group_add(f"child{number}", channel)
        await layer.group_send(f"child{number}", {"type": "x", "n": number})
        assert await asyncio.wait_for(layer.receive(channel), 10) == {"type": "x", "n": number}

    asyncio.run(own())
    layer.group_send_sync("parents", {"type": "x", "n": number + 100}, wait=False)
    assert layer.flush_sync(5)


def fresh(kind: str, url: str, number: int) -> None:
    """For a start method that imports the program anew."""
    child(KINDS[kind](hosts=[url]), number)


async def main(kind: str, url: str, how: str) -> None:
    layer = KINDS[kind](hosts=[url])
    channel = await layer.new_channel()
    await layer.group_add("parents", channel)
    await layer.group_send("parents", {"type": "x", "n": -1})
    assert (await asyncio.wait_for(layer.receive(channel), 10))["n"] == -1
    if how == "fork":
        children = []
        for number in range(CHILDREN):
            pid = os.fork()
            if pid == 0:
                code = 1
                try:
                    asyncio.events._set_running_loop(None)  # the parent's, which is not the child's
                    child(layer, number)
                    code = 0
                finally:
                    os._exit(code)
            children.append(pid)
        for pid in children:
            assert (await asyncio.to_thread(os.waitpid, pid, 0))[1] == 0
    else:
        context = multiprocessing.get_context(how)
        processes = [context.Process(target=fresh, args=(kind, url, number)) for number in range(CHILDREN)]
        for process in processes:
            process.start()
        for process in processes:
            await asyncio.to_thread(process.join, 60)
            assert process.exitcode == 0
    expected = sorted([*range(CHILDREN), *range(100, 100 + CHILDREN)])
    got = sorted([(await asyncio.wait_for(layer.receive(channel), 10))["n"] for _ in expected])
    assert got == expected, got
    await layer.close()
    print("whole")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
