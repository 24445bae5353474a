"""The bundled model: answers from the documentation, needs neither network nor key."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

from llm_server.backends.answers import MODEL_NAME, Answerer
from llm_server.backends.offline_tools import answer_from, call_for
from llm_server.protocol import ChatCompletionRequest, ModelCard, ToolCall
from llm_server.retrieval import Index, read_documents
from llm_server.text import split_tokens

DOCUMENTS = ("README.md", "docs/**/*.md")


class OfflineBackend:
    """Retrieval over Markdown files, streamed at the pace of a fast reader."""

    def __init__(self, root: Path, *, tokens_per_second: float = 60.0, any_model: bool = True) -> None:
        """Reads and indexes the documents.

        Args:
            root: The directory with README.md and docs/.
            tokens_per_second: The pace of an answer; 0 sends it as fast as it is taken.
            any_model: Answer for every model name: code that asks for gpt-4o works unchanged.
        """
        self._answerer = Answerer(Index(read_documents(root, DOCUMENTS)))
        self._interval = 1 / tokens_per_second if tokens_per_second > 0 else 0.0
        self._any_model = any_model

    async def models(self) -> list[ModelCard]:
        """Returns the one model."""
        return [ModelCard(id=MODEL_NAME)]

    async def resolve(self, model: str) -> str | None:
        """Returns the offline model's name: an answer never claims to be another model's."""
        return MODEL_NAME if self._any_model or model == MODEL_NAME else None

    async def stream(self, request: ChatCompletionRequest) -> AsyncGenerator[str | ToolCall, None]:
        """Yields the answer at the configured pace, or the tool that it needs."""
        call = call_for(request.messages, request.tool_names)
        if call is not None:
            yield call
            return
        text = answer_from(request.messages) or self._answerer.answer(request.messages)
        loop = asyncio.get_running_loop()
        due = loop.time()
        for token in split_tokens(text):
            yield token
            due += self._interval
            await asyncio.sleep(max(0.0, due - loop.time()))

    async def close(self) -> None:
        """Has nothing to end."""
