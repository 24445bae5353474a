"""What the tests of preforking servers run: a layer that was made, and used, before the workers were forked.

PREFORK_KIND and PREFORK_REDIS say which layer; `wsgi` and `asgi` are for gunicorn, `tasks` is for Celery.
"""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from celery import Celery

from chanx.layers import RedisChannelLayer, RedisPubSubChannelLayer

KINDS: dict[str, Any] = {"core": RedisChannelLayer, "pubsub": RedisPubSubChannelLayer}
REDIS = os.environ["PREFORK_REDIS"]
TURN = 0.05
"""Seconds that a worker is busy with one request, so that the others get some."""

layer = KINDS[os.environ["PREFORK_KIND"]](hosts=[REDIS])
# From here on there are a connection and a thread that a forked worker must not use.
layer.group_send_sync("watchers", {"type": "x", "n": "before", "pid": os.getpid()})


def publish(n: str) -> str:
    layer.group_send_sync("watchers", {"type": "x", "n": n, "pid": os.getpid()})
    time.sleep(TURN)
    return str(os.getpid())


def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [publish(environ["PATH_INFO"]).encode()]


async def asgi(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    if scope["type"] != "http":
        return
    channel = await layer.new_channel()
    group = f"own.{uuid.uuid4().hex}"
    await layer.group_add(group, channel)
    await layer.group_send(group, {"type": "own"})
    assert await asyncio.wait_for(layer.receive(channel), 20) == {"type": "own"}
    layer.drop_channel(channel)
    pid = await asyncio.to_thread(publish, scope["path"])
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": pid.encode()})


tasks = Celery("prefork", broker=REDIS)
tasks.conf.worker_hijack_root_logger = False
tasks.task(name="publish")(publish)
