"""Drives a consumer as an ASGI server would, without one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from asgiref.testing import ApplicationCommunicator

QUIET = 0.05
"""Seconds without a frame after which none is expected any more."""


class Client:
    """The client's end of one connection."""

    def __init__(self, consumer: Any, kwargs: dict[str, Any] | None = None, **scope: Any) -> None:
        application = consumer.as_asgi() if isinstance(consumer, type) else consumer
        self.connection = ApplicationCommunicator(
            application,
            {
                "type": "websocket",
                "path": "/ws/",
                "query_string": b"",
                "headers": [],
                "subprotocols": [],
                "url_route": {"args": (), "kwargs": kwargs or {}},
                **scope,
            },
        )

    async def raw(self, message: dict[str, Any]) -> None:
        """Hands the application one message of the server or the layer."""
        await self.connection.send_input(message)

    async def send(self, content: Any) -> None:
        """Sends a frame: text as it is, bytes as a binary one, anything else as JSON."""
        if isinstance(content, bytes):
            await self.raw({"type": "websocket.receive", "bytes": content})
        else:
            text = content if isinstance(content, str) else json.dumps(content)
            await self.raw({"type": "websocket.receive", "text": text})

    async def message(self, seconds: float = 2) -> dict[str, Any]:
        """The application's next message to the server."""
        async with asyncio.timeout(seconds):
            message: dict[str, Any] = await self.connection.output_queue.get()
        return message

    async def frame(self, seconds: float = 2) -> Any:
        """The next frame, decoded."""
        message = await self.message(seconds)
        assert message["type"] == "websocket.send", message
        return json.loads(message["text"])

    async def frames(self, count: int) -> list[Any]:
        return [await self.frame() for _ in range(count)]

    async def ask(self, content: Any) -> Any:
        """Sends a frame and gives the answer."""
        await self.send(content)
        return await self.frame()

    async def nothing(self, seconds: float = QUIET) -> bool:
        """Whether no message comes."""
        try:
            async with asyncio.timeout(seconds):
                message = await self.connection.output_queue.get()
        except TimeoutError:
            return True
        raise AssertionError(f"unexpected {message}")

    async def disconnect(self, code: int = 1000) -> None:
        await self.raw({"type": "websocket.disconnect", "code": code})
        async with asyncio.timeout(2):
            await asyncio.shield(self.connection.future)

    @property
    def ended(self) -> bool:
        return self.connection.future.done()


@asynccontextmanager
async def connected(
    consumer: Any, kwargs: dict[str, Any] | None = None, **scope: Any
) -> AsyncIterator[Client]:
    """A client that has connected, and disconnects at the end of the block."""
    client = Client(consumer, kwargs, **scope)
    await client.raw({"type": "websocket.connect"})
    accept = await client.message()
    assert accept["type"] == "websocket.accept", accept
    try:
        yield client
    finally:
        if not client.ended:
            await client.disconnect()
