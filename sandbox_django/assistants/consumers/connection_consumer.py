"""The assistant that remembers for as long as the connection lasts."""

import asyncio
from contextlib import suppress
from typing import Any

import openai
import structlog
from system.consumers.notices import NoticeReceiver

from assistants.messages.connection import (
    AssistantMessage,
    CompleteStreamingMessage,
    StopStreamingMessage,
    StreamingMessage,
    StreamingPayload,
    StreamingStartMessage,
)
from assistants.services.ai_service import ConversationMessage, service_of_running_loop
from chanx.core.decorators import channel, ws_handler
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import ErrorMessage, PongMessage

logger = structlog.get_logger("assistants")

# What the model is reminded of: the latest turns, so that a long conversation stays affordable.
MAX_HISTORY = 40


@channel(
    name="assistants",
    description="A conversation with the assistant, remembered until the connection closes",
    tags=["ai", "chat"],
)
class ConnectionAssistantConsumer(NoticeReceiver):
    """One conversation."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conversation_history: list[ConversationMessage] = []
        self._answer: asyncio.Task[None] | None = None

    async def websocket_disconnect(self, message: Any) -> None:
        """Stops an answer that nobody reads any more."""
        self._stop()
        await super().websocket_disconnect(message)

    @ws_handler(summary="Answer a ping", description="Keeps the connection alive")
    async def handle_ping(self, _message: PingMessage) -> PongMessage:
        """Answers with a pong."""
        return PongMessage()

    @ws_handler(
        summary="Ask the assistant",
        description="Streams the answer in pieces; one answer at a time",
        output_type=StreamingStartMessage | StreamingMessage | CompleteStreamingMessage | ErrorMessage,
    )
    async def handle_assistant_message(self, message: AssistantMessage) -> None:
        """Streams an answer, in a task of its own that stop_streaming can cancel."""
        if self._answer is not None:
            await self._fail("An answer is still being written: wait for its end, or stop it.")
            return
        pieces: list[str] = []
        self._answer = asyncio.create_task(self._stream(message.payload, pieces))
        try:
            await asyncio.wait([self._answer])
            if not self._answer.cancelled() and (error := self._answer.exception()):
                await self._fail(self._explain(error))
                return
            self._remember(message.payload, "".join(pieces))
            await self.send_message(CompleteStreamingMessage(payload=StreamingPayload(content="")))
        finally:
            self._stop()
            self._answer = None

    @ws_handler(
        summary="Stop the answer",
        description="The answer ends with complete_streaming; without one nothing happens",
        output_type=CompleteStreamingMessage,
    )
    async def handle_stop_streaming(self, _message: StopStreamingMessage) -> None:
        """Cancels the running answer."""
        self._stop()

    async def _stream(self, question: str, pieces: list[str]) -> None:
        await self.send_message(StreamingStartMessage(payload=StreamingPayload(content="")))
        service = service_of_running_loop()
        async for piece in service.stream(question, self.conversation_history[-MAX_HISTORY:]):
            # Before Python 3.12 asyncio.wait_for, which LangChain uses, can swallow a cancellation.
            if (task := asyncio.current_task()) and task.cancelling():
                return
            pieces.append(piece)
            await self.send_message(StreamingMessage(payload=StreamingPayload(content=piece)))

    def _stop(self) -> None:
        if self._answer is not None:
            self._answer.cancel()

    def _remember(self, question: str, answer: str) -> None:
        self.conversation_history += [
            {"role": "user", "content": question},
            {"role": "assistant", "content": answer},
        ]
        del self.conversation_history[:-MAX_HISTORY]

    async def _fail(self, detail: str) -> None:
        with suppress(RuntimeError):  # the connection may have closed meanwhile
            await self.send_message(ErrorMessage(payload={"detail": detail}))

    @staticmethod
    def _explain(error: BaseException) -> str:
        logger.warning("The model failed", error=repr(error))
        if isinstance(error, openai.AuthenticationError):
            return "The model refuses the key: check OPENAI_API_KEY."
        if isinstance(error, openai.RateLimitError):
            return "The model is overloaded, or its quota is used up. Try again later."
        if isinstance(error, openai.APIConnectionError):
            return "The model does not answer. Try again in a moment."
        return "The answer failed. Try again."
