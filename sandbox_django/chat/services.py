"""Adding and removing members, with word to the members' pages."""

from accounts.models import User
from django.db import transaction
from system.services.notices import send_notice

from chat.consumers.chat_detail import ChatDetailConsumer
from chat.messages.group import (
    ChatDetailEvent,
    MemberPayload,
    NotifyMemberAddedEvent,
    NotifyMemberRemovedEvent,
)
from chat.models import ChatMember, GroupChat
from chat.utils import name_group_chat


class LastOwner(Exception):
    """A group keeps at least one owner."""


def member_payload(member: ChatMember) -> MemberPayload:
    """What pages are told of a member."""
    return MemberPayload(
        id=member.pk,
        user_pk=member.user_id,
        username=member.user.get_username(),
        role=member.role,
    )


def create_group(title: str, owner: User) -> GroupChat:
    """Makes a group whose only member, and owner, is its maker."""
    with transaction.atomic():
        group = GroupChat.objects.create(title=title)
        ChatMember.objects.create(group_chat=group, user=owner, role=ChatMember.Role.OWNER)
    return group


def add_member(group: GroupChat, user: User, *, by: User) -> tuple[ChatMember, bool]:
    """Adds a user, tells the members' pages, and the user wherever a page is open.

    Returns:
        The membership, and whether it is new.
    """
    member, created = ChatMember.objects.get_or_create(group_chat=group, user=user)
    if created:
        _tell(group.pk, NotifyMemberAddedEvent(payload=member_payload(member)))
        send_notice(
            audience="user",
            target=user.get_username(),
            text=f"You were added to the group “{group.title}”.",
            sender=by.get_username(),
        )
    return member, created


def remove_member(member: ChatMember) -> None:
    """Removes a member and tells the members' pages.

    Raises:
        LastOwner: No owner would be left among the members.
    """
    with transaction.atomic():
        members = ChatMember.objects.select_for_update().filter(group_chat_id=member.group_chat_id)
        others = [other for other in members if other.pk != member.pk]
        if others and not any(other.role == ChatMember.Role.OWNER for other in others):
            raise LastOwner
        payload = member_payload(member)
        member.delete()
    _tell(member.group_chat_id, NotifyMemberRemovedEvent(payload=payload))


def _tell(group_pk: int, event: ChatDetailEvent) -> None:
    ChatDetailConsumer.broadcast_event_sync(event, [name_group_chat(group_pk)])
