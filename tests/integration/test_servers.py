"""A chat and a stream through real servers, and every pairing of consumer and channel layer."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from asgi_server import SERVERS, Server, serving
from ports import free_port
from websockets.asyncio.client import ClientConnection, connect

LINE = {"action": "line", "payload": {"name": "alice", "text": "hello"}}
PING, PONG = {"action": "ping"}, {"action": "pong", "payload": None}


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with serving(request.param, "socket_app:application") as running:
        yield running


@pytest.fixture(scope="module")
def redis() -> Iterator[str]:
    assert shutil.which("redis-server"), "redis-server is missing: apt-get install redis-server"
    port = free_port()
    command = ["redis-server", "--port", str(port), "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        for _ in range(200):
            probe = subprocess.run(["redis-cli", "-p", str(port), "ping"], capture_output=True, check=False)
            if probe.stdout.strip() == b"PONG":
                break
            time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait()


async def say(client: ClientConnection, content: Any) -> None:
    await client.send(json.dumps(content))


async def hear(client: ClientConnection) -> Any:
    async with asyncio.timeout(10):
        return json.loads(await client.recv())


async def hears_nothing(client: ClientConnection) -> bool:
    """Whether a ping is answered before anything else arrives; the pong is the proof."""
    await say(client, PING)
    return bool(await hear(client) == PONG)


async def test_a_line_reaches_the_room_but_not_its_sender(server: Server) -> None:
    async with AsyncExitStack() as stack:
        alice, bob, carol = [
            await stack.enter_async_context(connect(server.url(f"/ws/chat/{room}/")))
            for room in ("one", "one", "two")
        ]
        for client in (alice, bob, carol):
            assert await hears_nothing(client)
        await say(alice, LINE)
        assert await hear(bob) == LINE
        assert await hears_nothing(alice)
        assert await hears_nothing(carol)


async def test_a_stream_can_be_stopped_by_a_later_frame(server: Server) -> None:
    async with connect(server.url("/ws/chat/stream/")) as client:
        await say(client, {"action": "ask", "payload": 2000})
        assert [(await hear(client))["payload"] for _ in range(5)] == [0, 1, 2, 3, 4]
        await say(client, PING)
        frames = [await hear(client) for _ in range(50)]
        assert PONG in frames
        await say(client, {"action": "stop"})
        await asyncio.sleep(0.3)
        await say(client, {"action": "line", "payload": 1})
        while (frame := await hear(client))["action"] == "token":
            assert frame["payload"] < 1999
        assert frame["action"] == "error"
        assert await hears_nothing(client)


async def test_frames_of_a_burst_are_answered_and_broadcast_in_order(server: Server) -> None:
    async with (
        connect(server.url("/ws/chat/burst/")) as speaker,
        connect(server.url("/ws/chat/burst/")) as listener,
    ):
        assert await hears_nothing(speaker)
        assert await hears_nothing(listener)
        for number in range(300):
            await say(speaker, {"action": "line", "payload": {"name": "a", "text": str(number)}})
        heard = [(await hear(listener))["payload"]["text"] for _ in range(300)]
        assert heard == [str(number) for number in range(300)]


async def test_a_client_that_stops_reading_delays_nobody(server: Server) -> None:
    text = "x" * 80_000
    async with AsyncExitStack() as stack:
        speaker, stalled, listener = [
            await stack.enter_async_context(
                connect(server.url("/ws/chat/slow/"), max_queue=max_queue, compression=None)
            )
            for max_queue in (None, 1, None)
        ]
        for client in (speaker, stalled, listener):
            assert await hears_nothing(client)
        await asyncio.sleep(0.3)
        before = server.memory
        for number in range(500):
            await say(speaker, {"action": "line", "payload": {"name": str(number), "text": text}})
            heard = await hear(listener)
            assert heard["payload"]["name"] == str(number)
        grown = server.memory - before
        assert grown < 25 * 1024, f"{grown} KiB more for 40 MB to a stalled client"
        stalled.transport.abort()


LAYERS = (
    "chanx.layers.InMemoryChannelLayer",
    "chanx.layers.RedisChannelLayer",
    "chanx.layers.RedisPubSubChannelLayer",
    "channels_redis.core.RedisChannelLayer",
    "channels_redis.pubsub.RedisPubSubChannelLayer",
)


@pytest.mark.parametrize("layer", LAYERS)
async def test_our_consumer_and_plain_ones_share_rooms_on_every_layer(layer: str, redis: str) -> None:
    environment = {"TEST_LAYER": layer}
    if "redis" in layer.lower():
        environment["TEST_REDIS"] = redis
    with serving("uvicorn", "socket_app:application", environment) as server:
        async with AsyncExitStack() as stack:
            clients = {
                kind: await stack.enter_async_context(connect(server.url(f"/ws/{kind}/shared/")))
                for kind in ("chat", "plain", "sync")
            }
            assert await hears_nothing(clients["chat"])
            await asyncio.sleep(0.5)
            for speaker, client in clients.items():
                await say(client, LINE)
                for kind, other in clients.items():
                    if kind != speaker:
                        assert await hear(other) == LINE, f"{speaker} to {kind}"
            assert await hears_nothing(clients["chat"])
