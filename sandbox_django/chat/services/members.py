"""Members: they come, go, and get other roles."""

from typing import cast

from accounts.models import User
from django.db import transaction

from chat.messages.group import (
    MemberPayload,
    NotifyMemberAddedEvent,
    NotifyMemberChangedEvent,
    NotifyMemberRemovedEvent,
)
from chat.messages.group import Role as RoleName
from chat.messages.lobby import GroupJoinedMessage, GroupLeftMessage, GroupRef
from chat.models import ChatMember, GroupChat
from chat.services.telling import tell_group, tell_users

Role = ChatMember.Role


class LastOwner(Exception):
    """A group that has members keeps at least one owner."""


class NotPublic(Exception):
    """The group takes members by invitation only."""


def member_payload(member: ChatMember) -> MemberPayload:
    """What pages are told of a member."""
    return MemberPayload(
        id=member.pk,
        user_pk=member.user_id,
        username=member.user.get_username(),
        role=cast(RoleName, member.role),  # the choices of the model are these
    )


@transaction.atomic
def add_member(group: GroupChat, user: User) -> tuple[ChatMember, bool]:
    """Adds a user and tells the members' pages.

    Returns:
        The membership, and whether it is new.
    """
    # What was said before one came is not unread.
    newest = group.messages.order_by("-pk").values_list("pk", flat=True).first()
    member, created = ChatMember.objects.get_or_create(
        group_chat=group, user=user, defaults={"last_read_id": newest or 0}
    )
    if created:
        tell_group(group.pk, NotifyMemberAddedEvent(payload=member_payload(member)))
        tell_users([user.pk], GroupJoinedMessage(payload=_ref(group)))
    return member, created


def join(group: GroupChat, user: User) -> tuple[ChatMember, bool]:
    """Joins by oneself.

    Raises:
        NotPublic: The group is not open to everyone, and the user is no member yet.
    """
    if not group.is_public and not group.members.filter(user=user).exists():
        raise NotPublic
    return add_member(group, user)


@transaction.atomic
def remove_member(member: ChatMember) -> None:
    """Removes a member and tells the members' pages.

    Raises:
        LastOwner: No owner would be left among the members.
    """
    _keep_an_owner(member)
    payload, ref = member_payload(member), _ref(member.group_chat)
    member.delete()
    tell_group(ref.group_id, NotifyMemberRemovedEvent(payload=payload))
    tell_users([payload.user_pk], GroupLeftMessage(payload=ref))


@transaction.atomic
def change_role(member: ChatMember, role: str) -> None:
    """Gives a member another role.

    Raises:
        LastOwner: No owner would be left among the members.
    """
    if role != Role.OWNER:
        _keep_an_owner(member)
    member.role = role
    member.save(update_fields=["role"])
    tell_group(member.group_chat_id, NotifyMemberChangedEvent(payload=member_payload(member)))


def _keep_an_owner(member: ChatMember) -> None:
    """Raises LastOwner for the only owner among others; who is alone may go."""
    # In this order, so that two owners who leave at once wait for each other instead of deadlocking.
    members = ChatMember.objects.select_for_update().filter(group_chat_id=member.group_chat_id).order_by("pk")
    roles = {other.pk: other.role for other in members}
    if roles.pop(member.pk, None) == Role.OWNER and roles and Role.OWNER not in roles.values():
        raise LastOwner


def _ref(group: GroupChat) -> GroupRef:
    return GroupRef(group_id=group.pk, title=group.title)
