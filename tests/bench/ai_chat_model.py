"""The LLM server of bench_ai_chat: the real one, with a model whose tokens are the times of their creation.

usage: python tests/bench/ai_chat_model.py PORT TOKENS TOKENS_PER_SECOND
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncGenerator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT)  # for the script's own directory, of which nothing is needed

import uvicorn

from llm_server.app import create_app
from llm_server.protocol import ChatCompletionRequest, ModelCard, ToolCall


class Clockwork:
    """Each token is the monotonic clock of this machine at its creation, a blank behind it."""

    def __init__(self, tokens: int, pace: float) -> None:
        self._tokens = tokens
        self._interval = 1 / pace

    async def models(self) -> list[ModelCard]:
        return [ModelCard(id="clockwork", supports_tools=False)]

    async def resolve(self, model: str) -> str | None:
        return "clockwork"

    async def stream(self, request: ChatCompletionRequest) -> AsyncGenerator[str | ToolCall, None]:
        loop = asyncio.get_running_loop()
        due = loop.time()
        for _ in range(self._tokens):
            due += self._interval
            await asyncio.sleep(max(0.0, due - loop.time()))
            yield f"{time.monotonic():.4f} "

    async def close(self) -> None:
        pass


if __name__ == "__main__":
    app = create_app(Clockwork(int(sys.argv[2]), float(sys.argv[3])), max_concurrency=5000)
    uvicorn.run(
        app, port=int(sys.argv[1]), log_level="warning", access_log=False, ws_per_message_deflate=False
    )
