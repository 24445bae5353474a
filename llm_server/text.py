"""Splitting text into tokens, and ending it at a stop sequence or a token limit."""

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Literal

FinishReason = Literal["stop", "length", "tool_calls"]

# A word or a run of punctuation with the blank before it, or white space; joined they are the text.
_TOKEN = re.compile(r"\s?\w{1,12}|\s?[^\w\s]{1,12}|\s+")


def split_tokens(text: str) -> list[str]:
    """Returns the pieces that are streamed and counted as one token each."""
    return _TOKEN.findall(text)


class BoundedText:
    """Cuts a stream of tokens at the first stop sequence or after a number of tokens.

    What could be the beginning of a stop sequence is held back until the next token decides.
    """

    def __init__(self, tokens: AsyncGenerator[str, None], stop: Sequence[str], limit: int | None) -> None:
        self._tokens = tokens
        self._stop = stop
        self._limit = limit
        self.finish_reason: FinishReason = "stop"
        self.count = 0

    async def pieces(self) -> AsyncGenerator[str, None]:
        """Yields the text that may be shown; closes the stream of tokens once it is not needed."""
        held = ""
        async with aclosing(self._tokens) as tokens:
            async for token in tokens:
                if self.count == self._limit:
                    self.finish_reason = "length"
                    break
                self.count += 1
                held += token
                end = self._find_stop(held)
                if end is not None:
                    held = held[:end]
                    break
                ready = len(held) - self._possible_stop(held)
                if ready:
                    yield held[:ready]
                held = held[ready:]
        if held:
            yield held

    def _find_stop(self, text: str) -> int | None:
        found = [position for sequence in self._stop if (position := text.find(sequence)) >= 0]
        return min(found) if found else None

    def _possible_stop(self, text: str) -> int:
        """Returns how many characters at the end may begin a stop sequence."""
        for length in range(min(len(text), max(map(len, self._stop), default=1) - 1), 0, -1):
            if any(sequence.startswith(text[-length:]) for sequence in self._stop):
                return length
        return 0
