from typing import Literal

from chanx.messages.base import BaseMessage
from pydantic import BaseModel


class ChatMessagePayload(BaseModel):
    """One line of a chat."""

    message: str
    name: str


class NewChatMessage(BaseMessage):
    """A line, said by a client and heard by the others in its room."""

    action: Literal["new_chat_message"] = "new_chat_message"
    payload: ChatMessagePayload
