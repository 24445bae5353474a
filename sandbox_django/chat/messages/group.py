"""Frames and events of the groups with members."""

from datetime import datetime
from typing import Annotated, Literal

from config.text import storable
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from chanx.messages.base import BaseMessage

MAX_LINE_LENGTH = 4000
# The largest number that the databases keep.
MAX_ID = 2**63 - 1

Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_LINE_LENGTH),
    AfterValidator(storable),
]
Role = Literal["owner", "admin", "member"]


class MemberPayload(BaseModel):
    """A member of the group."""

    id: int = Field(description="The membership's id")
    user_pk: int
    username: str
    role: Role = "member"


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

    message_id: int = Field(ge=0, le=MAX_ID)


class TypistPayload(BaseModel):
    """Who is writing."""

    username: str


class GroupPayload(BaseModel):
    """The group."""

    title: str
    is_public: bool = Field(default=False, description="Whether everyone who is logged in may join")


class OnlinePayload(BaseModel):
    """Who has the group open."""

    usernames: list[str]


class PresencePayload(BaseModel):
    """A member who has opened the group, or closed the last window of it."""

    username: str
    online: bool


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


class WhoIsOnlineMessage(BaseMessage):
    """Asks who is online, and to be told of changes from then on."""

    action: Literal["who_is_online"] = "who_is_online"
    payload: None = None


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


class MemberChangedMessage(BaseMessage):
    """A member has another role."""

    action: Literal["member_changed"] = "member_changed"
    payload: MemberPayload


class GroupChangedMessage(BaseMessage):
    """The group has another title, or was opened or closed to the public."""

    action: Literal["group_changed"] = "group_changed"
    payload: GroupPayload


class GroupDeletedMessage(BaseMessage):
    """The group is gone; nothing more comes."""

    action: Literal["group_deleted"] = "group_deleted"
    payload: GroupPayload


class OnlineMembersMessage(BaseMessage):
    """Who is online."""

    action: Literal["online_members"] = "online_members"
    payload: OnlinePayload


class PresenceChangedMessage(BaseMessage):
    """Someone came or went; only to connections that asked who is online."""

    action: Literal["presence_changed"] = "presence_changed"
    payload: PresencePayload


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


class NotifyMemberChangedEvent(BaseMessage):
    """A member was given another role."""

    action: Literal["notify_member_changed"] = "notify_member_changed"
    payload: MemberPayload


class NotifyGroupDeletedEvent(BaseMessage):
    """The group was deleted: its pages end."""

    action: Literal["notify_group_deleted"] = "notify_group_deleted"
    payload: GroupPayload


# Some frames travel as events too: what the page gets is what was sent.
ChatDetailEvent = (
    NotifyMemberAddedEvent
    | NotifyMemberRemovedEvent
    | NotifyMemberChangedEvent
    | NotifyGroupDeletedEvent
    | GroupChangedMessage
    | NewGroupMessage
    | PresenceChangedMessage
)
