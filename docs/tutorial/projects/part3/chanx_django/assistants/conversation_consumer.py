from typing import Any

from chanx.channels.websocket import AsyncJsonWebsocketConsumer
from chanx.core.decorators import channel, ws_handler
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import PongMessage

from assistants.messages import (
    AssistantMessage,
    CompleteStreamingMessage,
    StreamingMessage,
    StreamingPayload,
    StreamingStartMessage,
)
from assistants.services.ai_service import ConversationMessage, OpenAIService


@channel(name="assistants", description="AI Assistant WebSocket API", tags=["ai", "chat"])
class ConversationAssistantConsumer(AsyncJsonWebsocketConsumer):
    """A conversation with the assistant, which lasts as long as the connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conversation_history: list[ConversationMessage] = []

    @ws_handler(summary="Answer a ping", description="Shows that the connection is alive")
    async def handle_ping(self, _message: PingMessage) -> PongMessage:
        return PongMessage()

    @ws_handler(
        summary="Ask the assistant",
        description="The answer is streamed: a start, many pieces, an end",
        output_type=StreamingStartMessage | StreamingMessage | CompleteStreamingMessage,
    )
    async def handle_assistant_message(self, message: AssistantMessage) -> None:
        question = message.payload
        answer = ""
        await self.send_message(StreamingStartMessage(payload=StreamingPayload(content="")))
        async for token in OpenAIService().generate_stream(question, self.conversation_history):
            answer += token
            await self.send_message(StreamingMessage(payload=StreamingPayload(content=token)))
        self.conversation_history += [
            {"role": "user", "content": question},
            {"role": "assistant", "content": answer},
        ]
        await self.send_message(CompleteStreamingMessage(payload=StreamingPayload(content="")))
