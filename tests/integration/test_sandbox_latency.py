"""Chat stays quick while answers stream: nothing blocks the event loop between two tokens."""

import asyncio
import json
import time

import pytest
from llm_server_process import llm_server
from sandbox_server import SandboxServer
from websockets.asyncio.client import ClientConnection, connect

ANSWERS = 10
ROUND_TRIPS = 300
LIMIT_MS = 50


@pytest.fixture
def sandbox(tmp_path):
    pace = ("--tokens-per-second", "20", "--max-concurrency", "16")
    with llm_server(*pace) as model, SandboxServer(tmp_path, model_url=model.url) as server:
        yield server


async def stream(url: str, started: asyncio.Semaphore) -> None:
    """Asks again and again, as long as it is let."""
    async with connect(url + "/ws/assistants/") as socket:
        while True:
            question = {"action": "assistant_message", "payload": "What is a channel layer?"}
            await socket.send(json.dumps(question))
            async for frame in socket:
                action = json.loads(frame)["action"]
                assert action != "error", frame
                if action == "streaming":
                    started.release()
                if action == "complete_streaming":
                    break


async def round_trip(alice: ClientConnection, bob: ClientConnection, text: str) -> float:
    """Milliseconds from Alice's line to Bob's window."""
    payload = {"name": "Alice", "message": text}
    start = time.perf_counter()
    await alice.send(json.dumps({"action": "new_chat_message", "payload": payload}))
    frame = json.loads(await bob.recv())
    assert frame["payload"]["message"] == text
    return (time.perf_counter() - start) * 1000


async def joined(socket: ClientConnection) -> None:
    await socket.send('{"action": "ping"}')
    assert json.loads(await socket.recv())["action"] == "pong"


async def test_chat_round_trips_stay_quick_while_ten_answers_stream(sandbox, record_property):
    url = sandbox.url.replace("http", "ws")
    started = asyncio.Semaphore(0)
    readers = [asyncio.create_task(stream(url, started)) for _ in range(ANSWERS)]
    try:
        async with asyncio.timeout(60):
            for _ in range(ANSWERS * 3):
                await started.acquire()
        async with connect(url + "/ws/chat/quick/") as alice, connect(url + "/ws/chat/quick/") as bob:
            await joined(alice)
            await joined(bob)
            times = []
            for number in range(ROUND_TRIPS):
                times.append(await round_trip(alice, bob, f"line {number}"))
                await asyncio.sleep(0.01)
        assert not [reader for reader in readers if reader.done()], "an answer failed"
    finally:
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
    times.sort()
    p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
    record_property("p50_ms", p50)
    record_property("p99_ms", p99)
    print(f"chat round trip while {ANSWERS} answers stream: p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    # Most of them: what a busy machine does to a few is no matter of the sandbox. A model that was read in the event
    # loop would hold up all: with ten answers of twenty tokens a second it would hardly ever be free.
    assert times[int(len(times) * 0.75)] < LIMIT_MS
