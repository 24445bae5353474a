from typing import Literal

from chanx.messages.base import BaseMessage
from pydantic import BaseModel, Field


class NotificationPayload(BaseModel):
    """What the readers see."""

    text: str = Field(min_length=1, max_length=500)
    sender: str


class NotifyEvent(BaseMessage):
    """Travels over the channel layer, from a view to consumers."""

    action: Literal["notify"] = "notify"
    payload: NotificationPayload


class NotificationMessage(BaseMessage):
    """Travels over the WebSocket, from a consumer to its client."""

    action: Literal["notification"] = "notification"
    payload: NotificationPayload
