"""Frames and events of the groups with members."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from chanx.messages.base import BaseMessage

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


class MemberPayload(BaseModel):
    """A member of the group."""

    id: int = Field(description="The membership's id")
    user_pk: int
    username: str
    role: Literal["owner", "member"] = "member"


class SendPayload(BaseModel):
    """A line to say."""

    content: Line


class GroupLinePayload(BaseModel):
    """A line that was said."""

    id: int
    sender: str | None = Field(description="User name; none if the account is gone")
    content: str
    created_at: datetime


class ReadPayload(BaseModel):
    """How far the group was read."""

    message_id: int = Field(ge=0)


class TypistPayload(BaseModel):
    """Who is writing."""

    username: str


class GroupPayload(BaseModel):
    """The group."""

    title: str


# From the browser


class SendGroupMessage(BaseMessage):
    """Says something."""

    action: Literal["send_group_message"] = "send_group_message"
    payload: SendPayload


class TypingMessage(BaseMessage):
    """Tells the others that one is writing."""

    action: Literal["typing"] = "typing"
    payload: None = None


class MarkReadMessage(BaseMessage):
    """Tells how far one has read."""

    action: Literal["mark_read"] = "mark_read"
    payload: ReadPayload


# To the browser


class NewGroupMessage(BaseMessage):
    """A line was said; its sender gets it as well, with its id."""

    action: Literal["new_group_message"] = "new_group_message"
    payload: GroupLinePayload


class MemberTypingMessage(BaseMessage):
    """Someone else is writing."""

    action: Literal["member_typing"] = "member_typing"
    payload: TypistPayload


class MemberAddedMessage(BaseMessage):
    """Someone has joined."""

    action: Literal["member_added"] = "member_added"
    payload: MemberPayload


class MemberRemovedMessage(BaseMessage):
    """Someone else has left or was removed."""

    action: Literal["member_removed"] = "member_removed"
    payload: MemberPayload


class UserRemovedFromGroupMessage(BaseMessage):
    """One is no member any more; nothing more comes."""

    action: Literal["user_removed_from_group"] = "user_removed_from_group"
    payload: GroupPayload


# On the layer


class NotifyMemberAddedEvent(BaseMessage):
    """A member was added."""

    action: Literal["notify_member_added"] = "notify_member_added"
    payload: MemberPayload


class NotifyMemberRemovedEvent(BaseMessage):
    """A member has left or was removed."""

    action: Literal["notify_member_removed"] = "notify_member_removed"
    payload: MemberPayload


ChatDetailEvent = NotifyMemberAddedEvent | NotifyMemberRemovedEvent
