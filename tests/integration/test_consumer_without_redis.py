"""What clients of a consumer see while Redis is down: told in time, connected still, whole afterwards."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asgi_server import serving
from redis_server import RedisServer
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

LAYERS = ("RedisChannelLayer", "RedisPubSubChannelLayer")
BOUND = 20.0
"""Seconds: the layers give up after half of one, the rest is for a busy machine."""
LINES = 5


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with RedisServer() as started:
        yield started


async def hear(client: ClientConnection, seconds: float = 30) -> Any:
    async with asyncio.timeout(seconds):
        return json.loads(await client.recv())


async def say(client: ClientConnection, text: str) -> None:
    await client.send(json.dumps({"action": "line", "payload": {"name": "a", "text": text}}))


async def ping(client: ClientConnection) -> None:
    await client.send(json.dumps({"action": "ping"}))


async def passes(speaker: ClientConnection, listener: ClientConnection) -> None:
    """Speaks until the listener hears it."""
    for number in range(100):
        await say(speaker, f"try {number}")
        hearing = asyncio.create_task(hear(listener, 60))
        telling = asyncio.create_task(hear(speaker, 60))
        try:
            done, _ = await asyncio.wait({hearing, telling}, return_when="FIRST_COMPLETED", timeout=2)
            if hearing in done:
                assert hearing.result()["payload"]["text"].startswith("try")
                return
            if telling in done:
                assert telling.result()["action"] == "error"
                await asyncio.sleep(0.1)
        finally:
            for task in (hearing, telling):
                task.cancel()
            await asyncio.gather(hearing, telling, return_exceptions=True)
    raise AssertionError("nothing passes though Redis is back")


@pytest.mark.parametrize("layer", LAYERS)
async def test_clients_are_told_in_time_and_stay_connected(
    redis: RedisServer, layer: str, tmp_path: Path
) -> None:
    log = tmp_path / "server.log"
    environment = {
        "PYTHONUNBUFFERED": "1",
        "TEST_LAYER": f"chanx.layers.{layer}",
        "TEST_REDIS": f"{redis.url}?patience=0.5",
    }
    with serving("uvicorn", "socket_app:application", environment, log) as server:
        url = server.url("/ws/chat/room/")
        async with connect(url) as speaker, connect(url) as listener:
            leaver = await connect(url)
            for client in (speaker, listener, leaver):
                await ping(client)
                assert (await hear(client))["action"] == "pong"
            await say(speaker, "before")
            for client in (listener, leaver):
                assert (await hear(client))["payload"]["text"] == "before"

            redis.stop()
            begun = time.monotonic()
            for number in range(LINES):
                await say(speaker, f"lost {number}")
            await ping(listener)  # who asks nothing of Redis is not delayed
            assert (await hear(listener))["action"] == "pong"
            for _ in range(LINES):
                told = await hear(speaker)
                assert told == {
                    "action": "error",
                    "payload": {"detail": "Failed to process message for line"},
                }
            assert time.monotonic() - begun < BOUND

            # From now on at once; and neither leaving nor coming hangs.
            begun = time.monotonic()
            await say(speaker, "lost at once")
            assert (await hear(speaker))["action"] == "error"
            await leaver.close()
            with pytest.raises((ConnectionClosed, InvalidStatus)):  # it cannot join the room
                async with connect(url) as newcomer:
                    await hear(newcomer, BOUND)
            assert time.monotonic() - begun < BOUND

            # Each line that failed is logged once, with the server and the cause.
            errors = re.findall(r"Handler error for action 'line': (.*)", log.read_text())
            assert len(errors) == LINES + 1, log.read_text()
            assert all(f"127.0.0.1:{redis.port}" in error for error in errors)
            assert any("refused" in error for error in errors)

            redis.start()
            await passes(speaker, listener)
            async with connect(url) as late:
                await ping(late)
                assert (await hear(late))["action"] == "pong"
                await say(listener, "after")
                for client in (late, speaker):
                    while (await hear(client))["payload"].get("text") != "after":
                        pass  # what came late of the tries

    written = log.read_text()
    assert written.count("lost a connection") == 1
    assert written.count("is connected again") == 1
