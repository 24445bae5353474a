"""Token streams: HTTP tasks broadcast events to conversations, each followed by some clients; no sockets.

usage: python tests/bench/bench_tokens.py [--conversations N] [--followers N] [--tokens N]

Each conversation has a task of its own that streams its tokens; every token that arrives is counted. CPU time, because
it does not depend on what else the machine is doing. Ends with code 1 when a token is missing, or when they all
together get less than 1,000 tokens/s of CPU.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from pathlib import Path
from typing import Any, Literal

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / "python"), str(Path(__file__).parent)]

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="benchmark",
    USE_TZ=True,
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "channels", "chanx.channels"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    CHANNEL_LAYERS={"default": {"BACKEND": "chanx.layers.InMemoryChannelLayer"}},
    LOGGING={"version": 1, "root": {"level": "ERROR"}},
)
django.setup()

from chanx.channels.websocket import AsyncJsonWebsocketConsumer
from chanx.core.decorators import event_handler
from chanx.messages.base import BaseMessage

GOAL = 1000
TOKEN = "tokens "


class TokenEvent(BaseMessage):
    action: Literal["token"] = "token"
    payload: str


class HandlerConsumer(AsyncJsonWebsocketConsumer[TokenEvent]):
    send_message_immediately = False

    async def post_authentication(self) -> None:
        await self.join_group(self.scope["path"])

    @event_handler
    async def on_token(self, event: TokenEvent) -> TokenEvent:
        return event


class PassthroughConsumer(AsyncJsonWebsocketConsumer[TokenEvent]):
    send_message_immediately = False
    passthrough_events = [TokenEvent]

    async def post_authentication(self) -> None:
        await self.join_group(self.scope["path"])


class Follower:
    """A connection without a server."""

    def __init__(self, consumer: Any, conversation: str) -> None:
        self.tokens = 0
        self._incoming: asyncio.Queue[Any] = asyncio.Queue()
        self._incoming.put_nowait({"type": "websocket.connect"})

        async def send(message: Any) -> None:
            if message["type"] == "websocket.send":
                self.tokens += message["text"].count(TOKEN)

        send.__module__ = "uvicorn.bench"
        scope = {"type": "websocket", "path": conversation}
        self.task = asyncio.ensure_future(consumer.as_asgi()(scope, self._incoming.get, send))

    async def leave(self) -> None:
        self._incoming.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await self.task


async def measure(consumer: Any, conversations: int, followers: int, tokens: int, every: float) -> float:
    """Tokens a CPU second of all conversations together."""
    names = [f"conversation-{number}" for number in range(conversations)]
    clients = [Follower(consumer, name) for name in names for _ in range(followers)]
    await asyncio.sleep(0.2)

    async def answer(name: str) -> None:
        async with consumer.event_stream(name, every=every) as stream:
            for _ in range(tokens):
                await stream.send(TokenEvent(payload=TOKEN))
                await asyncio.sleep(0)

    started = time.process_time()
    await asyncio.gather(*(answer(name) for name in names))
    deadline = time.monotonic() + 60
    while any(client.tokens < tokens for client in clients):
        if time.monotonic() > deadline:
            raise SystemExit(f"{consumer.__name__}: tokens are missing")
        await asyncio.sleep(0.001)
    spent = time.process_time() - started
    await asyncio.gather(*(client.leave() for client in clients))
    if any(client.tokens != tokens for client in clients):
        raise SystemExit(f"{consumer.__name__}: more tokens than were due")
    return conversations * tokens / spent


async def run(options: argparse.Namespace) -> bool:
    met = True
    print(f"{options.conversations} conversations, {options.followers} follower(s) each, tokens per CPU s")
    for label, consumer, every in (
        ("event handler", HandlerConsumer, 0),
        ("passed through", PassthroughConsumer, 0),
        ("joined, 50 ms", HandlerConsumer, 0.05),
    ):
        rate = await measure(consumer, options.conversations, options.followers, options.tokens, every)
        met = met and rate >= GOAL
        print(f"{label:18s}{rate:12,.0f}  deliveries {rate * options.followers:12,.0f}", flush=True)
    return met


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=100)
    parser.add_argument("--followers", type=int, default=2)
    parser.add_argument("--tokens", type=int, default=200)
    return int(not asyncio.run(run(parser.parse_args())))


if __name__ == "__main__":
    sys.exit(main())
