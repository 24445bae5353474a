"""Frames of the open chat rooms."""

from typing import Literal

from pydantic import BaseModel, Field

from chanx.messages.base import BaseMessage


class ChatMessagePayload(BaseModel):
    """One line of a chat."""

    message: str = Field(max_length=4000, description="Plain text")
    name: str = Field(max_length=80, description="The name that its sender gave")


class NewChatMessage(BaseMessage):
    """A line of a chat: from its sender, and to everyone else in the room."""

    action: Literal["new_chat_message"] = "new_chat_message"
    payload: ChatMessagePayload
