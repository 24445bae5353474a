"""The assistant that remembers for as long as the connection lasts."""

import asyncio
from contextlib import suppress
from typing import Any

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
from assistants.services.failures import explain_failure
from chanx.core.decorators import channel, ws_handler
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import ErrorMessage, PongMessage

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
        self._answer_task: asyncio.Task[None] | None = None

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
        if self._answer_task is not None:
            await self._fail("An answer is still being written: wait for its end, or stop it.")
            return
        pieces: list[str] = []
        self._answer_task = asyncio.create_task(self._stream(message.payload, pieces))
        try:
            await asyncio.wait([self._answer_task])
            if not self._answer_task.cancelled() and (error := self._answer_task.exception()):
                await self._fail(explain_failure(error))
                return
            self._remember(message.payload, "".join(pieces))
            await self.send_message(CompleteStreamingMessage(payload=StreamingPayload(content="")))
        finally:
            self._stop()
            self._answer_task = None

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
        if self._answer_task is not None:
            self._answer_task.cancel()

    def _remember(self, question: str, answer: str) -> None:
        self.conversation_history += [
            {"role": "user", "content": question},
            {"role": "assistant", "content": answer},
        ]
        del self.conversation_history[:-MAX_HISTORY]

    async def _fail(self, detail: str) -> None:
        with suppress(RuntimeError):  # the connection may have closed meanwhile
            await self.send_message(ErrorMessage(payload={"detail": detail}))
