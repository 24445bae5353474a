"""A client of the sandbox's AI chat, as docs/ai-chat.md describes it: REST and WebSocket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

SECONDS = 60


class Api:
    """REST, as one user."""

    def __init__(self, url: str, username: str = "alice", password: str = "demo") -> None:
        self.url = url
        self.client = httpx.Client(base_url=f"{url}/ai-chat/api/", timeout=40)
        response = self.client.post("token/", json={"username": username, "password": password})
        assert response.status_code == 200, response.text
        self.token = response.json()["token"]
        self.client.headers["Authorization"] = f"Token {self.token}"

    def get(self, path: str) -> Any:
        response = self.client.get(path)
        assert response.status_code == 200, response.text
        return response.json()

    def post(self, path: str, body: Any = None, status: int = 201) -> Any:
        response = self.client.post(path, json=body or {})
        assert response.status_code == status, response.text
        return response.json()

    def session(self, **fields: Any) -> str:
        made: str = self.post("sessions/", fields)["id"]
        return made

    def messages(self, session: str) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.get(f"sessions/{session}/messages/?page_size=200")["results"]
        return listed

    def address(self, session: str, query: str = "") -> str:
        return f"ws{self.url[4:]}/ws/ai-chat/session/{session}/?token={self.token}{query}"


class Window:
    """One WebSocket; keeps what it received."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.frames: list[dict[str, Any]] = []
        self.text = ""
        self.answer: str | None = None

    async def send(self, type_: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"type": type_, **fields}))

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(SECONDS):
            frame: dict[str, Any] = json.loads(await self.socket.recv())
        self.frames.append(frame)
        if frame["type"] == "ai_typing":
            self.text, self.answer = "", frame.get("message_id")
        elif frame["type"] == "ai_message_chunk":
            if "offset" in frame:
                assert frame["offset"] == len(self.text), "a gap or an overlap"
                self.text += frame["content"]
            else:
                self.text += frame["content"]
                assert self.text == frame["full_content"]
        return frame

    async def until(self, condition: str | Callable[[Window], object]) -> dict[str, Any]:
        """Reads until a frame of a type has come, or a condition holds."""
        while isinstance(condition, str) or not condition(self):
            frame = await self.next()
            if frame["type"] == condition:
                return frame
        return self.frames[-1]


@asynccontextmanager
async def window(api: Api, session: str, query: str = "&chunks=delta") -> AsyncIterator[Window]:
    """A window of a session, once it is welcome."""
    async with connect(api.address(session, query), compression=None, max_size=None) as socket:
        made = Window(socket)
        assert (await made.next())["type"] == "connection_established"
        yield made
