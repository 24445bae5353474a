"""The interface between the HTTP protocol and whatever produces the text."""

from collections.abc import AsyncGenerator
from typing import Protocol

from llm_server.protocol import ChatCompletionRequest, ModelCard


class Backend(Protocol):
    """A producer of answers. Stopping, limits and the wire format are the application's."""

    def models(self) -> list[ModelCard]:
        """Returns the models that can be asked for by name."""
        ...

    def resolve(self, model: str) -> str | None:
        """Returns the name of the model that answers for `model`, or None if none does."""
        ...

    def stream(self, request: ChatCompletionRequest) -> AsyncGenerator[str, None]:
        """Yields the answer token by token; the concatenation is the whole text."""
        ...
