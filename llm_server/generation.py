"""One run of a back end: text within its bounds, the tools called, how it ended, what it cost."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from llm_server.backends.base import Backend, BackendError
from llm_server.protocol import ChatCompletionRequest, ToolCall, Usage
from llm_server.text import BoundedText, FinishReason, split_tokens


class Generation:
    """An answer of a back end to one request.

    Attributes:
        finish_reason: Why it ended; known afterwards, as all that follows.
        tool_calls: The tools that are to be run.
        usage: Tokens.
    """

    def __init__(
        self, backend: Backend, request: ChatCompletionRequest, silence: float | None = None
    ) -> None:
        """Prepares the run.

        Args:
            backend: What answers.
            request: What is asked.
            silence: Seconds that the back end may take for the next token; None for no limit.
        """
        self._backend = backend
        self._request = request
        self._silence = silence
        self.finish_reason: FinishReason = "stop"
        self.tool_calls: list[ToolCall] = []
        self.usage = Usage(prompt_tokens=0, completion_tokens=0, total_tokens=0)

    async def text(self) -> AsyncGenerator[str, None]:
        """Yields the answer piece by piece.

        Raises:
            BackendError: It cannot be given to its end.
        """
        request = self._request
        bounded = BoundedText(self._tokens(), request.stop_sequences, request.token_limit)
        async with aclosing(bounded.pieces()) as pieces:
            async for piece in pieces:
                yield piece
        self.finish_reason = "tool_calls" if self.tool_calls else bounded.finish_reason
        prompt = sum(len(split_tokens(message.text)) for message in request.messages)
        self.usage = Usage(
            prompt_tokens=prompt,
            completion_tokens=bounded.count,
            total_tokens=prompt + bounded.count,
        )

    async def _tokens(self) -> AsyncGenerator[str, None]:
        async with aclosing(self._backend.stream(self._request)) as stream:
            while True:
                try:
                    async with asyncio.timeout(self._silence):
                        item = await anext(stream, None)
                except TimeoutError:
                    seconds = f"{self._silence:g}"
                    raise BackendError(f"The model was silent for {seconds} seconds.", 504) from None
                if item is None:
                    return
                if isinstance(item, ToolCall):
                    self.tool_calls.append(item)
                else:
                    yield item
