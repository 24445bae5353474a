"""Frames of the list of sessions."""

from typing import Literal

from ai_chat.messages.common import (
    SessionBody,
    SessionCreatedMessage,
    SessionDeletedMessage,
    SessionUpdatedMessage,
)
from chanx.messages.flat import FlatMessage


class ListEstablishedMessage(FlatMessage):
    """The first frame."""

    type: Literal["connection_established"] = "connection_established"
    message: str = "Connected to chat sessions"


class ListMessage(FlatMessage):
    """Asks for the list."""

    type: Literal["list"] = "list"


class SessionListMessage(FlatMessage):
    """The latest sessions."""

    type: Literal["session_list"] = "session_list"
    sessions: list[SessionBody]


ListEvent = SessionCreatedMessage | SessionUpdatedMessage | SessionDeletedMessage
