"""Clients that read too slowly, each policy on each server: nobody is delayed, memory is bounded, gaps are reported."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from asgi_server import SERVERS, Server, serving
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

BLOCK = "x" * 60_000
FRAMES = 200
"""12 MB: more than the kernel takes for a client with a small receive buffer."""


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with serving(request.param, "socket_app:application") as running:
        yield running


@asynccontextmanager
async def stalling(server: Server, path: str) -> AsyncIterator[ClientConnection]:
    """A client that takes what is read from it and little more."""
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 128 * 1024)
    plain.setblocking(False)
    await asyncio.get_running_loop().sock_connect(plain, ("127.0.0.1", server.port))
    url = server.url(path)
    async with connect(url, sock=plain, max_queue=1, compression=None, ping_interval=None) as client:
        yield client


async def hear(client: ClientConnection) -> Any:
    async with asyncio.timeout(20):
        return json.loads(await client.recv())


async def hear_to_the_end(client: ClientConnection) -> None:
    while True:
        await hear(client)


async def keep_talking(client: ClientConnection) -> None:
    with suppress(ConnectionClosed):
        while True:
            await say(client, "stats")
            await asyncio.sleep(0.2)


async def say(client: ClientConnection, action: str, payload: Any = None) -> None:
    await client.send(json.dumps({"action": action, "payload": payload}))


async def stats(client: ClientConnection) -> Any:
    await say(client, "stats")
    return (await hear(client))["payload"]


async def speak(server: Server, policy: str, speaker: ClientConnection, listener: ClientConnection) -> None:
    """Sends the room more than a stalled client's connection holds; the listener has each line at once."""
    for number in range(FRAMES):
        await say(speaker, "line", {"name": str(number % 3), "text": f"{number} {BLOCK}"})
        async with asyncio.timeout(5):
            heard = await hear(listener)
        assert heard["payload"]["text"].startswith(f"{number} ")


@asynccontextmanager
async def room(server: Server, policy: str) -> AsyncIterator[tuple[ClientConnection, ClientConnection, Any]]:
    path = f"/ws/{policy}/{policy}/"
    async with (
        connect(server.url(path), compression=None) as speaker,
        connect(server.url(path), compression=None) as listener,
    ):
        for client in (speaker, listener):
            await say(client, "ping")
            assert (await hear(client))["action"] == "pong"
        async with stalling(server, path) as stalled:
            await say(stalled, "ping")
            assert (await hear(stalled))["action"] == "pong"
            yield speaker, listener, stalled


@pytest.mark.parametrize("policy", ["drop_oldest", "keep_latest"])
async def test_a_client_that_catches_up_is_told_how_many_frames_it_missed(
    server: Server, policy: str
) -> None:
    async with room(server, policy) as (speaker, listener, stalled):
        before, memory = await stats(speaker), server.memory
        await speak(server, policy, speaker, listener)
        assert server.memory - memory < 10 * 1024
        held = await stats(speaker)
        dropped = held["dropped"][policy] - before["dropped"][policy]
        assert dropped > 0
        assert 0 < held["queued_bytes"] <= 256 * 1024
        numbers = []
        missed = 0
        while missed + len(numbers) < FRAMES:
            heard = await hear(stalled)
            if heard["action"] == "line":
                numbers.append(int(heard["payload"]["text"].partition(" ")[0]))
            else:
                assert heard["action"] == "missed"
                missed += heard["payload"]
        assert missed == dropped
        assert numbers == sorted(set(numbers))
        assert numbers[-3:] == [FRAMES - 3, FRAMES - 2, FRAMES - 1]
        # It goes on as if nothing had happened.
        await say(speaker, "line", {"name": "", "text": "last"})
        assert (await hear(stalled))["payload"]["text"] == "last"
        after = await stats(listener if (await hear(listener)) else speaker)
        assert after["queued_bytes"] == 0


async def test_a_slow_client_that_still_reads_learns_why_it_is_disconnected(server: Server) -> None:
    async with room(server, "disconnect") as (speaker, listener, stalled):
        before, memory = await stats(speaker), server.memory
        await speak(server, "disconnect", speaker, listener)
        assert server.memory - memory < 10 * 1024
        after = await stats(speaker)
        assert after["disconnected"] == before["disconnected"] + 1
        assert after["dropped"]["disconnect"] > before["dropped"]["disconnect"]
        assert after["queued_bytes"] == 0
        # granian's `close` waits for a frame of the client once `receive` was called, now and then for ever.
        talking = asyncio.create_task(keep_talking(stalled)) if server.name == "granian" else None
        with pytest.raises(ConnectionClosed) as closed:
            await hear_to_the_end(stalled)
        frame = closed.value.rcvd
        if talking is None:
            assert frame is not None
        else:
            talking.cancel()
        assert frame is None or frame.code == 1013


async def test_a_client_that_takes_nothing_is_gone_after_the_grace(server: Server) -> None:
    async with room(server, "disconnect") as (speaker, listener, stalled):
        before = await stats(speaker)
        await speak(server, "disconnect", speaker, listener)
        async with asyncio.timeout(12):
            while (await stats(speaker))["open"] != before["open"] - 1:
                await asyncio.sleep(0.2)
        stalled.transport.abort()


async def test_the_messages_of_a_paused_client_wait_in_the_layer(server: Server) -> None:
    async with room(server, "pause") as (speaker, listener, stalled):
        memory = server.memory
        await speak(server, "pause", speaker, listener)
        assert server.memory - memory < 20 * 1024
        held = await stats(speaker)
        assert held["paused"] == 1
        # The bound, and the message that passed it.
        assert held["queued_bytes"] < 256 * 1024 + 2 * 61_000
        numbers = [int((await hear(stalled))["payload"]["text"].partition(" ")[0]) for _ in range(60)]
        assert numbers == list(range(60))  # those that the layer drops, beyond its capacity, are later ones
        stalled.transport.abort()
