"""A server of the OpenAI protocol whose behaviour a test decides, over real sockets: good, slow, broken, lying.

The model's name chooses what happens:

scripted        sends the tokens that `release` has let go, and ends when all are sent; a title is sent at once
silent          sends one token, then nothing
breaks          sends three tokens, then cuts the connection
ends            sends three tokens, then ends the response without saying that the answer is complete
bytes           sends bytes that are no text
html            sends a page with status 200
json            sends an event that is no JSON
list            sends an event that is JSON of another form
endless         sends one line without end
error           sends an error as an event
status-NNN      answers with that status
caller          calls the tools that it is offered, in parts; then says what they gave
"""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import suppress
from typing import Any

MODELS = (
    *("scripted", "silent", "breaks", "ends", "bytes", "html", "json", "list", "endless", "error"),
    *("status-401", "status-429", "status-500", "caller"),
)
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


class Upstream:
    """The server, in a thread of its own.

    Attributes:
        tokens: What `scripted` says.
        title: What it says when it is asked for a title.
        requests: The bodies of the requests for completions, in order.
        cancelled: Requests whose client went before their end.
    """

    def __init__(self) -> None:
        self.tokens: list[str] = []
        self.title = "A scripted title"
        self.requests: list[dict[str, Any]] = []
        self.cancelled = 0
        self._released = 0
        self._changed = asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> Upstream:
        self._thread.start()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def start(self) -> None:
        """Listens, on the port that it had before; does nothing if it does so already."""
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(30)

    def kill(self) -> None:
        """Cuts every connection and listens no more."""
        asyncio.run_coroutine_threadsafe(self._kill(), self._loop).result(30)

    def release(self, count: int | None = None) -> None:
        """Lets go of more tokens of the scripted answer; of all that are left by default."""

        def change() -> None:
            self._released = len(self.tokens) if count is None else self._released + count
            self._changed.set()

        self._loop.call_soon_threadsafe(change)

    def script(self, tokens: list[str], released: int = 0) -> None:
        """Sets the scripted answer, after every `release` before this."""

        async def change() -> None:
            self.tokens = tokens
            self._released = released

        asyncio.run_coroutine_threadsafe(change(), self._loop).result(30)

    async def _start(self) -> None:
        if self._server is not None:
            return
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _kill(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next(
                (
                    int(line.split(":")[1])
                    for line in head.lower().split("\r\n")
                    if line.startswith("content-length:")
                ),
                0,
            )
            body = await reader.readexactly(length)
            if head.startswith("GET"):
                await self._whole(writer, {"data": [{"id": name, "owned_by": "test"} for name in MODELS]})
            else:
                await self._complete(reader, writer, json.loads(body))
        except (OSError, asyncio.IncompleteReadError):
            self.cancelled += 1
        finally:
            self._writers.discard(writer)
            with suppress(OSError):
                writer.close()

    async def _whole(self, writer: asyncio.StreamWriter, body: Any, status: int = 200) -> None:
        text = json.dumps(body).encode()
        writer.write(
            f"HTTP/1.1 {status} Status\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n"
            "Connection: close\r\n\r\n".encode()
            + text
        )
        await writer.drain()

    async def _complete(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: dict[str, Any]
    ) -> None:
        self.requests.append(body)
        model = body["model"]
        if model.startswith("status-"):
            await self._whole(writer, {"error": {"message": "a secret of the upstream"}}, int(model[7:]))
            return
        writer.write(STREAM)
        match model:
            case "scripted" if "Write a title" in str(body["messages"][0]["content"]):
                await self._say(writer, self.title, "stop")
                writer.write(b"data: [DONE]\n\n")
                await writer.drain()
            case "scripted":
                await self._scripted(reader, writer)
            case "caller":
                await self._call(writer, body)
            case "silent":
                await self._say(writer, "one ")
                await reader.read()  # until the client gives up
                self.cancelled += 1
            case "breaks" | "ends":
                for token in ("one ", "two ", "three"):
                    await self._say(writer, token)
                    await asyncio.sleep(0.01)
                if model == "breaks":
                    writer.transport.abort()
            case "endless":
                for _ in range(200):
                    writer.write(b"data: " + b"x" * 65536)
                    await writer.drain()
            case _:
                await self._say(writer, "one ")
                writer.write(
                    {
                        "bytes": b"\xff\xfe\x00\x81" * 100 + b"\n",
                        "html": b"<html>Bad gateway</html>\n\n",
                        "json": b'data: {"choices": [\n\n',
                        "list": b'data: {"choices": [["delta"]]}\n\n',
                        "error": b'data: {"error": {"message": "a secret of the upstream"}}\n\n',
                    }[model]
                )
                await writer.drain()

    async def _say(self, writer: asyncio.StreamWriter, text: str, reason: str | None = None) -> None:
        await self._delta(writer, {"content": text}, reason)

    async def _delta(
        self, writer: asyncio.StreamWriter, delta: dict[str, Any], reason: str | None = None
    ) -> None:
        event = {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}
        writer.write(f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode())
        await writer.drain()

    async def _scripted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gone = asyncio.ensure_future(reader.read())
        position = 0
        while position < len(self.tokens):
            if position < self._released:
                await self._say(writer, self.tokens[position])
                position += 1
                continue
            self._changed.clear()
            change = asyncio.ensure_future(self._changed.wait())
            await asyncio.wait({change, gone}, return_when=asyncio.FIRST_COMPLETED)
            change.cancel()
            if gone.done():
                self.cancelled += 1
                return
        gone.cancel()
        await self._delta(writer, {}, "stop")
        writer.write(b"data: [DONE]\n\n")
        await writer.drain()

    async def _call(self, writer: asyncio.StreamWriter, body: dict[str, Any]) -> None:
        results = [message["content"] for message in body["messages"] if message["role"] == "tool"]
        if results or not body.get("tools"):
            await self._say(writer, f"The tools gave: {'; '.join(results)}", "stop")
        else:
            for index, tool in enumerate(body["tools"]):
                name = tool["function"]["name"]
                await self._part(writer, {"index": index, "id": f"call{index}", "function": {"name": name}})
                for piece in ('{"query": ', '"alps"}'):
                    await self._part(writer, {"index": index, "function": {"arguments": piece}})
            await self._delta(writer, {}, "tool_calls")
        writer.write(b"data: [DONE]\n\n")
        await writer.drain()

    async def _part(self, writer: asyncio.StreamWriter, part: dict[str, Any]) -> None:
        await self._delta(writer, {"tool_calls": [part]})
