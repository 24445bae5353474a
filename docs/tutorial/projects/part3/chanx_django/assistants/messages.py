from typing import Literal

from chanx.messages.base import BaseMessage
from pydantic import BaseModel


class StreamingPayload(BaseModel):
    """A piece of an answer."""

    content: str


# From the client


class AssistantMessage(BaseMessage):
    """What the user asks."""

    action: Literal["assistant_message"] = "assistant_message"
    payload: str


# To the client


class StreamingStartMessage(BaseMessage):
    """An answer begins."""

    action: Literal["streaming_start"] = "streaming_start"
    payload: StreamingPayload


class StreamingMessage(BaseMessage):
    """The next piece of the answer."""

    action: Literal["streaming"] = "streaming"
    payload: StreamingPayload


class CompleteStreamingMessage(BaseMessage):
    """The answer is complete."""

    action: Literal["complete_streaming"] = "complete_streaming"
    payload: StreamingPayload
