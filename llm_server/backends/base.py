"""The interface between the HTTP protocol and whatever produces the text."""

from collections.abc import AsyncGenerator
from typing import Protocol

from llm_server.protocol import ChatCompletionRequest, ModelCard, ToolCall


class BackendError(Exception):
    """The answer cannot be given, or not to its end; the message is for the person who asked.

    Attributes:
        status: The HTTP status that fits as long as nothing has been sent.
    """

    def __init__(self, message: str, status: int = 502) -> None:
        super().__init__(message)
        self.status = status


class Backend(Protocol):
    """A producer of answers. Stopping, limits and the wire format are the application's."""

    async def models(self) -> list[ModelCard]:
        """Returns the models that can be asked for by name.

        Raises:
            BackendError: They cannot be had now.
        """
        ...

    async def resolve(self, model: str) -> str | None:
        """Returns the name of the model that answers for `model`, or None if none does."""
        ...

    def stream(self, request: ChatCompletionRequest) -> AsyncGenerator[str | ToolCall, None]:
        """Yields the answer token by token, and the tools that are to be run for it.

        The concatenation of the tokens is the whole text.
        """
        ...

    async def close(self) -> None:
        """Ends connections."""
        ...
