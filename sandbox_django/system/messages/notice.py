"""Notices: one event on the layer, one message to browsers, and following a group."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from chanx.messages.base import BaseMessage

MAX_TEXT_LENGTH = 500

NoticeText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEXT_LENGTH)
]


class NoticePayload(BaseModel):
    """A notice as its readers see it."""

    text: NoticeText = Field(description="Plain text")
    audience: Literal["user", "group", "all"] = Field(description="Whom it is addressed to")
    target: str | None = Field(default=None, description="Name of the user or group")
    sender: str = Field(description="Who sent it")
    sent_at: datetime = Field(description="When it was sent, UTC")


class NotificationEvent(BaseMessage):
    """A notice on the channel layer, sent from outside a consumer."""

    action: Literal["notify"] = "notify"
    payload: NoticePayload


class NotificationMessage(BaseMessage):
    """A notice to a browser."""

    action: Literal["notification"] = "notification"
    payload: NoticePayload


class GroupPayload(BaseModel):
    """A group of readers by name."""

    group: str = Field(description="The group's name, for instance that of a chat room")


class FollowGroupMessage(BaseMessage):
    """Asks to receive the notices addressed to a group."""

    action: Literal["follow_group"] = "follow_group"
    payload: GroupPayload


class UnfollowGroupMessage(BaseMessage):
    """Asks to receive them no longer."""

    action: Literal["unfollow_group"] = "unfollow_group"
    payload: GroupPayload


class GroupFollowedMessage(BaseMessage):
    """The connection receives the notices addressed to the group."""

    action: Literal["group_followed"] = "group_followed"
    payload: GroupPayload


class GroupUnfollowedMessage(BaseMessage):
    """It receives them no longer."""

    action: Literal["group_unfollowed"] = "group_unfollowed"
    payload: GroupPayload
