"""Messages that clients commonly send."""

from typing import Literal

from chanx.messages.base import BaseMessage


class PingMessage(BaseMessage):
    """Asks whether the server is there."""

    action: Literal["ping"] = "ping"
    payload: None = None
