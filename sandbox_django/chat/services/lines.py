"""What is said, and how far it was read."""

from accounts.models import User
from django.db import transaction

from chat.messages.group import GroupLinePayload, NewGroupMessage
from chat.models import ChatMember, ChatMessage
from chat.services.telling import tell_group, tell_unread


class NotMember(Exception):
    """The user is no member of the group, or not any more."""


@transaction.atomic
def say(user: User, group_pk: int, content: str) -> ChatMessage:
    """Keeps a line, sends it to the members' pages and counts it as unread for the others.

    Raises:
        NotMember: The user is no member, or the account is closed: asked each time, for a page may be open longer.
    """
    if not ChatMember.objects.filter(group_chat=group_pk, user=user, user__is_active=True).exists():
        raise NotMember
    line = ChatMessage.objects.create(group_chat_id=group_pk, sender=user, content=content)
    tell_group(group_pk, NewGroupMessage(payload=line_payload(line)))
    others = ChatMember.objects.filter(group_chat=group_pk).exclude(user=user)
    tell_unread(others.with_unread())
    return line


@transaction.atomic
def mark_read(user: User, group_pk: int, message_pk: int) -> None:
    """Moves a member's mark forward, never back, and not beyond what was said."""
    newest = (
        ChatMessage.objects.filter(group_chat=group_pk, pk__lte=message_pk)
        .order_by("-pk")
        .values_list("pk", flat=True)
        .first()
    )
    mine = ChatMember.objects.filter(group_chat=group_pk, user=user)
    if newest and mine.filter(last_read_id__lt=newest).update(last_read_id=newest):
        tell_unread(mine.with_unread())


def line_payload(line: ChatMessage) -> GroupLinePayload:
    """What pages are told of a line."""
    return GroupLinePayload(
        id=line.pk,
        sender=line.sender.get_username() if line.sender else None,
        content=line.content,
        created_at=line.created_at,
    )
