"""Messages that the package itself sends."""

from typing import Any, Literal

from pydantic import BaseModel

from chanx.constants import (
    EVENT_ACTION_COMPLETE,
    GROUP_ACTION_COMPLETE,
    MESSAGE_ACTION_COMPLETE,
)
from chanx.messages.base import BaseMessage


class PongMessage(BaseMessage):
    """Answers a ping."""

    action: Literal["pong"] = "pong"
    payload: None = None


class ErrorMessage(BaseMessage):
    """Tells the client what was wrong with its frame, or that handling it failed."""

    action: Literal["error"] = "error"
    payload: Any = None


class AuthenticationPayload(BaseModel):
    """Outcome of an authentication.

    Attributes:
        status_code: HTTP status code.
        status_text: The status in words.
        data: Details, as a REST framework view would return them.
    """

    status_code: int
    status_text: str
    data: Any = None


class AuthenticationMessage(BaseMessage):
    """Reports the outcome of the authentication."""

    action: Literal["authentication"] = "authentication"
    payload: AuthenticationPayload


class CompleteMessage(BaseMessage):
    """Ends the answer to a frame."""

    action: Literal["complete"] = MESSAGE_ACTION_COMPLETE
    payload: None = None


class GroupCompleteMessage(BaseMessage):
    """Ends the delivery of a group message."""

    action: Literal["group_complete"] = GROUP_ACTION_COMPLETE
    payload: None = None


class EventCompleteMessage(BaseMessage):
    """Ends the handling of an event."""

    action: Literal["event_complete"] = EVENT_ACTION_COMPLETE
    payload: None = None
