"""Frames to a user's pages that list groups and invitations; they travel over the layer as events."""

from typing import Literal

from pydantic import BaseModel, Field

from chanx.messages.base import BaseMessage


class UnreadPayload(BaseModel):
    """How much of a group one has not read."""

    group_id: int
    unread: int


class GroupRef(BaseModel):
    """A group."""

    group_id: int
    title: str


class InvitationPayload(BaseModel):
    """An invitation to a group."""

    id: int
    group_id: int
    title: str
    invited_by: str | None = Field(description="User name; none if the account is gone")


class InvitationRef(BaseModel):
    """An invitation that is answered or was taken back."""

    id: int


class UnreadChangedMessage(BaseMessage):
    """Others have said something, or one has read it, perhaps in another window."""

    action: Literal["unread_changed"] = "unread_changed"
    payload: UnreadPayload


class GroupJoinedMessage(BaseMessage):
    """One is in a group now, or it has another title."""

    action: Literal["group_joined"] = "group_joined"
    payload: GroupRef


class GroupLeftMessage(BaseMessage):
    """One is not in a group any more."""

    action: Literal["group_left"] = "group_left"
    payload: GroupRef


class InvitationReceivedMessage(BaseMessage):
    """Someone invites one to a group."""

    action: Literal["invitation_received"] = "invitation_received"
    payload: InvitationPayload


class InvitationGoneMessage(BaseMessage):
    """An invitation was answered or taken back."""

    action: Literal["invitation_gone"] = "invitation_gone"
    payload: InvitationRef


LobbyEvent = (
    UnreadChangedMessage
    | GroupJoinedMessage
    | GroupLeftMessage
    | InvitationReceivedMessage
    | InvitationGoneMessage
)
