"""Connections of clients that follow answers: one WebSocket each, for any number of answers.

client to server   {"op": "follow", "id", "offset"}, {"op": "unfollow", "id"}, {"op": "tool_result", "call", "result"}
server to client   {"pieces": [[id, offset, text], ...], "ended": [id, ...], "unknown": [id, ...]},
                   {"tool": {"call", "id", "name", "arguments"}}

Pieces of all answers that came within 10 ms travel in one frame. A client that reads slowly gets fewer and larger
pieces: nothing is kept for it but a position per answer.
"""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from fastapi import WebSocket, WebSocketDisconnect

from llm_server.answers.record import Record

GATHER = 0.01
MAX_FRAME = 4 * 1024 * 1024
EXPECTED = 5.0
"""Seconds for which an answer that is not known may still begin."""
TOOL_SECONDS = 10.0
MAX_RESULT = 20_000

Find = Callable[[str], Awaitable[Record | None]]


class Link:
    """One client."""

    def __init__(self, socket: WebSocket, links: "Links") -> None:
        self._socket = socket
        self._links = links
        self._positions: dict[str, int] = {}
        self._changed: dict[str, Record] = {}
        self._unknown: list[str] = []
        self._wake = asyncio.Event()

    def follows(self, answer_id: str) -> bool:
        """Whether it follows an answer."""
        return answer_id in self._positions

    def follow(self, record: Record, position: int) -> None:
        """Sends an answer from a position on."""
        self._positions[record.id] = position
        record.listeners.add(self.changed)
        self.changed(record)

    def unfollow(self, answer_id: str) -> None:
        """Sends no more of an answer."""
        self._positions.pop(answer_id, None)

    def changed(self, record: Record) -> None:
        """There is more of an answer, or it has ended."""
        self._changed[record.id] = record
        self._wake.set()

    def is_unknown(self, answer_id: str) -> None:
        """Tells that there is no such answer."""
        self._unknown.append(answer_id)
        self._wake.set()

    def leave(self, records: list[Record]) -> None:
        """Follows nothing any more."""
        for record in records:
            record.listeners.discard(self.changed)

    async def send(self, frame: dict[str, Any]) -> None:
        """Sends one frame."""
        await self._socket.send_text(json.dumps(frame, separators=(",", ":")))

    async def write(self) -> None:
        """Sends what there is, until cancelled."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(GATHER)
            self._wake.clear()
            for frame in self._frames():
                await self.send(frame)

    def _frames(self) -> list[dict[str, Any]]:
        changed, self._changed = self._changed, {}
        unknown, self._unknown = self._unknown, []
        frames: list[dict[str, Any]] = []
        pieces: list[tuple[str, int, str]] = []
        ended: list[str] = []
        size = 0
        for record in changed.values():
            position = self._positions.get(record.id)
            if position is None:
                record.listeners.discard(self.changed)
                continue
            piece = record.text[position:]
            if piece:
                pieces.append((record.id, position, piece))
                self._positions[record.id] = position + len(piece)
                size += len(piece)
            if record.has_ended:
                ended.append(record.id)
                del self._positions[record.id]
                record.listeners.discard(self.changed)
            if size > MAX_FRAME:
                frames.append({"pieces": pieces})
                pieces, size = [], 0
        if pieces or ended or unknown:
            frames.append({"pieces": pieces, "ended": ended, "unknown": unknown})
        return frames


class Links:
    """All clients, and the tools that they run."""

    def __init__(self) -> None:
        self._links: dict[Link, set[Record]] = {}
        self._expected: dict[str, dict[Link, int]] = {}
        self._calls: dict[str, asyncio.Future[str]] = {}

    async def serve(self, socket: WebSocket, find: Find) -> None:
        """Serves one client until it goes."""
        await socket.accept()
        link = Link(socket, self)
        self._links[link] = set()
        writer = asyncio.create_task(link.write())
        try:
            while True:
                await self._handle(link, json.loads(await socket.receive_text()), find)
        except (WebSocketDisconnect, ValueError, KeyError, TypeError, RuntimeError):
            pass  # it has gone, or does not speak this protocol
        finally:
            writer.cancel()
            link.leave(list(self._links.pop(link)))
            for waiting in self._expected.values():
                waiting.pop(link, None)
            with suppress(RuntimeError, WebSocketDisconnect):
                await socket.close()

    async def _handle(self, link: Link, frame: dict[str, Any], find: Find) -> None:
        match frame["op"]:
            case "follow":
                answer_id, position = str(frame["id"]), max(0, int(frame["offset"]))
                record = await find(answer_id)
                if record is not None:
                    self._follow(link, record, position)
                else:
                    self._expected.setdefault(answer_id, {})[link] = position
                    asyncio.get_running_loop().call_later(EXPECTED, self._give_up, answer_id, link)
            case "unfollow":
                link.unfollow(str(frame["id"]))
            case "tool_result":
                future = self._calls.pop(str(frame["call"]), None)
                if future is not None and not future.done():
                    future.set_result(str(frame["result"])[:MAX_RESULT])
            case _:
                raise ValueError("unknown operation")

    def _follow(self, link: Link, record: Record, position: int) -> None:
        if not record.has_ended:
            followed = self._links.get(link)
            if followed is not None:
                followed.difference_update([old for old in followed if old.has_ended])
                followed.add(record)
        link.follow(record, position)

    def begun(self, record: Record) -> None:
        """Has those follow an answer who asked for it before it began."""
        for link, position in self._expected.pop(record.id, {}).items():
            self._follow(link, record, position)

    def _give_up(self, answer_id: str, link: Link) -> None:
        waiting = self._expected.get(answer_id)
        if waiting is not None and waiting.pop(link, None) is not None:
            link.is_unknown(answer_id)
            if not waiting:
                del self._expected[answer_id]

    async def call(self, record: Record, name: str, arguments: str) -> str:
        """Has a client that follows the answer run a tool; waits for one to come, and for its result.

        Returns:
            The result, or what tells the model that there is none.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + TOOL_SECONDS
        asked: set[Link] = set()
        while (left := deadline - loop.time()) > 0:
            link = next(
                (found for found in self._links if found.follows(record.id) and found not in asked), None
            )
            if link is None:
                await asyncio.sleep(min(0.1, left))
                continue
            asked.add(link)
            call_id = uuid.uuid4().hex
            future: asyncio.Future[str] = loop.create_future()
            self._calls[call_id] = future
            request = {"call": call_id, "id": record.id, "name": name, "arguments": arguments}
            try:
                await link.send({"tool": request})
                while link in self._links and loop.time() < deadline:
                    done, _ = await asyncio.wait([future], timeout=0.2)
                    if done:
                        return future.result()
            except (RuntimeError, WebSocketDisconnect):
                pass  # it has gone meanwhile: another one
            finally:
                self._calls.pop(call_id, None)
        return f"The tool {name} is not available now."
