"""The floor under chat_app: the same room with no Channels, no layer and no validation.

What the ASGI server alone can carry: each member's `send` is called with one shared, already encoded frame. A `send`
that suspends is finished in a task, since some servers' sends cannot be stepped by hand.
"""

import asyncio
import contextlib
import json
from collections import defaultdict
from typing import Any

members_of: defaultdict[str, set[Any]] = defaultdict(set)
unfinished: set[asyncio.Task[None]] = set()


def deliver(send: Any, frame: dict[str, str]) -> None:
    awaitable = send(frame)
    if not asyncio.iscoroutine(awaitable):
        task = asyncio.ensure_future(awaitable)
        unfinished.add(task)
        task.add_done_callback(unfinished.discard)
        return
    with contextlib.suppress(StopIteration):
        awaitable.send(None)


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    await receive()
    await send({"type": "websocket.accept"})
    members = members_of[scope["path"]]
    members.add(send)
    try:
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return
            content = json.loads(message.get("text") or message["bytes"])
            if content["action"] == "ping":
                await send({"type": "websocket.send", "text": '{"action":"pong","payload":null}'})
                continue
            frame = {"type": "websocket.send", "text": json.dumps(content)}
            for member in list(members):
                deliver(member, frame)
    finally:
        members.discard(send)
