"""Frames of the assistant that remembers for as long as the connection lasts."""

from typing import Literal

from pydantic import BaseModel, Field

from chanx.messages.base import BaseMessage


class StreamingPayload(BaseModel):
    """A piece of an answer."""

    content: str = Field(description="Text to append; empty at the start and at the end")


class AssistantMessage(BaseMessage):
    """A question to the assistant."""

    action: Literal["assistant_message"] = "assistant_message"
    payload: str = Field(max_length=8000, description="Plain text")


class StopStreamingMessage(BaseMessage):
    """Asks the assistant to stop its answer."""

    action: Literal["stop_streaming"] = "stop_streaming"
    payload: None = None


class StreamingStartMessage(BaseMessage):
    """An answer begins."""

    action: Literal["streaming_start"] = "streaming_start"
    payload: StreamingPayload


class StreamingMessage(BaseMessage):
    """The next piece of the answer."""

    action: Literal["streaming"] = "streaming"
    payload: StreamingPayload


class CompleteStreamingMessage(BaseMessage):
    """The answer has ended, also one that was stopped."""

    action: Literal["complete_streaming"] = "complete_streaming"
    payload: StreamingPayload
