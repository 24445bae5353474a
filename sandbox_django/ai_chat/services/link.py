"""One connection to one LLM server, over which this process follows all of its answers there."""

import asyncio
import json
import time
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any, Protocol

import structlog
from django.conf import settings
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

logger = structlog.get_logger("ai_chat")

MAX_FRAME = 64 * 1024 * 1024
_FIRST_WAIT, _LONGEST_WAIT = 0.05, 1.0


class LinkOwner(Protocol):
    """What a link tells of."""

    def positions(self, server: str) -> dict[str, int]:
        """The answers to follow there, and how much of each is known."""
        ...

    def received(self, server: str, frame: dict[str, Any]) -> None:
        """A frame has come."""
        ...

    def lost(self, server: str) -> None:
        """The server has not been reachable for LLM_TIMEOUT."""
        ...


class Link:
    """Connects while there is something to follow, and again whenever the connection is lost."""

    def __init__(self, server: str, owner: LinkOwner) -> None:
        self.server = server
        self._owner = owner
        self._socket: ClientConnection | None = None
        self._task: asyncio.Task[None] | None = None

    def follow(self, answer_id: str, position: int) -> None:
        """Asks for an answer from a position on; what is not connected asks when it is."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        self.send({"op": "follow", "id": answer_id, "offset": position})

    def send(self, frame: dict[str, Any]) -> None:
        """Sends a frame if connected; `positions` repeats what matters after a reconnection."""
        if self._socket is not None:
            task = asyncio.create_task(_quietly(self._socket.send(json.dumps(frame))))
            _sending.add(task)
            task.add_done_callback(_sending.discard)

    async def _run(self) -> None:
        wait, unreachable_since = _FIRST_WAIT, time.monotonic()
        try:
            while self._owner.positions(self.server):
                try:
                    async with connect(
                        self._url, max_size=MAX_FRAME, compression=None, open_timeout=3
                    ) as socket:
                        self._socket = socket
                        wait = _FIRST_WAIT
                        for answer_id, position in self._owner.positions(self.server).items():
                            self.send({"op": "follow", "id": answer_id, "offset": position})
                        async for text in socket:
                            self._owner.received(self.server, json.loads(text))
                        unreachable_since = time.monotonic()
                except (OSError, TimeoutError, WebSocketException, ValueError) as error:
                    if self._socket is not None:
                        unreachable_since = time.monotonic()
                    logger.warning("LLM server link lost", server=self.server, error=type(error).__name__)
                except Exception as error:
                    logger.error("LLM server link failed", server=self.server, error=type(error).__name__)
                finally:
                    self._socket = None
                if time.monotonic() - unreachable_since > settings.LLM_TIMEOUT:
                    self._owner.lost(self.server)
                await asyncio.sleep(wait)
                wait = min(_LONGEST_WAIT, wait * 2)
        finally:
            self._task = None

    @property
    def _url(self) -> str:
        return f"ws{self.server.removeprefix('http')}/v1/answers/link"


_sending: set[asyncio.Task[None]] = set()


async def _quietly(sending: Awaitable[Any]) -> None:
    with suppress(OSError, WebSocketException):
        await sending
