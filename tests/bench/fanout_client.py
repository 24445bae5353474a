"""The client of bench_fanout: N connections in one process, counting every frame received against every frame due."""

from __future__ import annotations

import asyncio
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

CHAT = json.dumps(
    {
        "action": "new_chat_message",
        "payload": {"message": "hello there, how are you?", "name": "alice"},
    }
).encode()
PING = b'{"action": "ping"}'


class Lost(Exception):
    """Frames that were due did not arrive."""


@dataclass
class Figures:
    """What one run measured."""

    connects: float  # connections a second
    kib_each: float  # resident memory of the server per connection, KiB
    echo: float  # round trips a second, up to 200 clients at once
    last_ms: float  # one broadcast until the last member has it, median, ms
    deliveries: float  # deliveries a second, in bursts
    messages: float  # messages spoken a second
    cpu_us: float  # processor time of the server for each delivery in bursts, microseconds


class Counter(WSListener):
    got = 0
    due = 0
    deflated = False
    complete = asyncio.Event()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            Counter.got += 1
            Counter.deflated = Counter.deflated or bool(frame.rsv1)
            if Counter.got == Counter.due:
                Counter.complete.set()


def processes(pid: int) -> list[str]:
    """A server's process and its workers."""
    return [str(pid), *Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def cpu_seconds(pid: int) -> float:
    """Processor time of a server so far."""
    ticks = 0
    for process in processes(pid):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def resident_kib(pid: int) -> int:
    """Resident memory of a server: of its process and its workers."""
    total = 0
    for process in processes(pid):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                total += int(line.split()[1])
    if not total:
        raise RuntimeError(f"no VmRSS for process {pid}")
    return total


async def expect(frames: list[tuple[WSTransport, bytes]], due: int, what: str) -> None:
    """Sends the frames and waits until exactly `due` frames more have arrived in all."""
    Counter.due = Counter.got + due
    Counter.complete.clear()
    for transport, frame in frames:
        transport.send(WSMsgType.TEXT, frame)
    if due == 0:
        return
    try:
        await asyncio.wait_for(Counter.complete.wait(), 30)
    except TimeoutError:
        missing = Counter.due - Counter.got
        raise Lost(f"{what}: {missing} of {due} frames did not arrive in 30 s") from None


async def warm_up(port: int) -> None:
    """One connection that comes and goes: what is loaded for the first one is nobody's memory a connection."""
    transport, _ = await ws_connect(Counter, f"ws://127.0.0.1:{port}/ws/chat/warm/")
    await expect([(transport, PING), (transport, CHAT)], 2, "warming up")
    transport.disconnect()
    await asyncio.sleep(0.3)
    Counter.deflated = False


async def measure(
    port: int, pid: int, clients: int, rooms: int, seconds: float, deflate: bool = False
) -> Figures:
    """Connects the clients and measures; raises Lost when a frame that is due does not arrive."""
    Counter.got, Counter.due, Counter.complete, Counter.deflated = 0, 0, asyncio.Event(), False
    headers = {"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"} if deflate else None
    await warm_up(port)
    before = resident_kib(pid)
    gate = asyncio.Semaphore(50)

    async def connect(index: int) -> WSTransport:
        async with gate:
            url = f"ws://127.0.0.1:{port}/ws/chat/r{index % rooms}/"
            transport, _ = await ws_connect(Counter, url, extra_headers=headers)
            return transport

    started = time.perf_counter()
    transports = await asyncio.gather(*(connect(index) for index in range(clients)))
    connects = clients / (time.perf_counter() - started)
    # The answer to a ping shows that its connection has joined the room.
    await expect([(transport, PING) for transport in transports], clients, "joining")
    await asyncio.sleep(0.3)
    kib_each = (resident_kib(pid) - before) / clients

    speakers = transports[:200]
    count, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        await expect([(transport, PING) for transport in speakers], len(speakers), "echo")
        count += len(speakers)
    echo = count / (time.perf_counter() - started)

    if Counter.deflated is not deflate:
        raise RuntimeError(f"compressed frames: {Counter.deflated}, asked for: {deflate}")

    waits: list[float] = []
    deadline = time.perf_counter() + seconds
    while rooms == 1 and (time.perf_counter() < deadline or len(waits) < 3):
        sent = time.perf_counter()
        await expect([(transports[len(waits) % clients], CHAT)], clients, "broadcast")
        waits.append((time.perf_counter() - sent) * 1e3)
    waits.sort()

    spoken, count, started, cpu = 0, 0, time.perf_counter(), cpu_seconds(pid)
    while time.perf_counter() - started < seconds or not count:
        if rooms == 1:
            frames, due = [(transports[index % clients], CHAT) for index in range(10)], 10 * clients
        else:
            frames, due = [(transports[index], CHAT) for index in range(rooms)], clients
        await expect(frames, due, "bursts")
        spoken, count = spoken + len(frames), count + due
    elapsed = time.perf_counter() - started
    cpu_us = (cpu_seconds(pid) - cpu) / count * 1e6
    await asyncio.sleep(0.2)
    if Counter.got > Counter.due:
        raise Lost(f"{Counter.got - Counter.due} frames more than were due")
    for transport in transports:
        transport.disconnect()
    await asyncio.sleep(0.2)
    last_ms = waits[len(waits) // 2] if waits else float("nan")
    return Figures(connects, kib_each, echo, last_ms, count / elapsed, spoken / elapsed, cpu_us)
