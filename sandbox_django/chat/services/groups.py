"""Groups: made, changed, deleted."""

from typing import Any

from accounts.models import User
from django.db import transaction

from chat.messages.group import GroupChangedMessage, GroupPayload, NotifyGroupDeletedEvent
from chat.messages.lobby import GroupJoinedMessage, GroupLeftMessage, GroupRef
from chat.models import ChatMember, GroupChat
from chat.services.telling import tell_group, tell_users


def create_group(title: str, owner: User, *, is_public: bool = False) -> GroupChat:
    """Makes a group whose only member, and owner, is its maker."""
    with transaction.atomic():
        group = GroupChat.objects.create(title=title, is_public=is_public)
        ChatMember.objects.create(group_chat=group, user=owner, role=ChatMember.Role.OWNER)
        tell_users([owner.pk], GroupJoinedMessage(payload=_ref(group)))
    return group


@transaction.atomic
def change_group(group: GroupChat, **changes: Any) -> None:
    """Changes the title, or opens or closes the group to the public."""
    for name, value in changes.items():
        setattr(group, name, value)
    group.save(update_fields=list(changes))
    tell_group(group.pk, GroupChangedMessage(payload=_payload(group)))
    tell_users(_users(group), GroupJoinedMessage(payload=_ref(group)))


@transaction.atomic
def delete_group(group: GroupChat) -> None:
    """Deletes a group with its lines."""
    users, pk, ref = _users(group), group.pk, _ref(group)
    group.delete()
    tell_group(pk, NotifyGroupDeletedEvent(payload=_payload(group)))
    tell_users(users, GroupLeftMessage(payload=ref))


def _users(group: GroupChat) -> list[int]:
    return list(group.members.values_list("user_id", flat=True))


def _ref(group: GroupChat) -> GroupRef:
    return GroupRef(group_id=group.pk, title=group.title)


def _payload(group: GroupChat) -> GroupPayload:
    return GroupPayload(title=group.title, is_public=group.is_public)
