"""Frames and events of the conversations that are kept."""

from typing import Literal

from pydantic import BaseModel, Field

from chanx.messages.base import BaseMessage


class StreamingPayload(BaseModel):
    """A piece of an answer."""

    content: str = Field(description="Text to append")
    is_complete: bool = Field(default=False, description="True of the last piece")
    message_id: int = Field(description="The question that is answered")
    offset: int = Field(default=0, description="How many characters of the answer come before this piece")
    is_stopped: bool = Field(
        default=False, description="True of the last piece of an answer that was stopped"
    )


class NewMessagePayload(BaseModel):
    """A question that was put to the conversation."""

    message_id: int
    content: str


class TitlePayload(BaseModel):
    """The conversation's title."""

    title: str


class FailurePayload(BaseModel):
    """Why an answer failed."""

    detail: str
    message_id: int = Field(description="The question that is not answered")


class NewMessage(BaseMessage):
    """A question was put, perhaps in another window."""

    action: Literal["new_message"] = "new_message"
    payload: NewMessagePayload


class StreamingMessage(BaseMessage):
    """The next piece of the answer."""

    action: Literal["streaming"] = "streaming"
    payload: StreamingPayload


class StreamingFailedMessage(BaseMessage):
    """The answer failed."""

    action: Literal["streaming_failed"] = "streaming_failed"
    payload: FailurePayload


class TitleMessage(BaseMessage):
    """The conversation has got a title."""

    action: Literal["conversation_title"] = "conversation_title"
    payload: TitlePayload


class NewMessageEvent(BaseMessage):
    """On the layer: a question was put."""

    action: Literal["handle_new_message"] = "handle_new_message"
    payload: NewMessagePayload


class StreamingEvent(BaseMessage):
    """On the layer: the next piece of the answer."""

    action: Literal["handle_streaming"] = "handle_streaming"
    payload: StreamingPayload


class StreamingFailedEvent(BaseMessage):
    """On the layer: the answer failed."""

    action: Literal["handle_streaming_failed"] = "handle_streaming_failed"
    payload: FailurePayload


class TitleEvent(BaseMessage):
    """On the layer: the conversation has got a title."""

    action: Literal["handle_title"] = "handle_title"
    payload: TitlePayload


AssistantEvent = NewMessageEvent | StreamingEvent | StreamingFailedEvent | TitleEvent
