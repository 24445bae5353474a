"""Invitations: sent by owners and administrators, answered by the invited."""

from accounts.models import User
from django.db import transaction
from system.services.notices import send_notice

from chat.messages.lobby import (
    InvitationGoneMessage,
    InvitationPayload,
    InvitationReceivedMessage,
    InvitationRef,
)
from chat.models import ChatInvitation, ChatMember, GroupChat
from chat.services.members import add_member
from chat.services.telling import tell_users


class AlreadyThere(Exception):
    """The user is a member, or invited already; the text says which."""


@transaction.atomic
def invite(group: GroupChat, user: User, *, by: User) -> ChatInvitation:
    """Invites a user, who is told wherever a page is open.

    Raises:
        AlreadyThere: There is nothing to invite to.
    """
    if group.members.filter(user=user).exists():
        raise AlreadyThere(f"{user.get_username()} is a member already.")
    invitation, created = ChatInvitation.objects.get_or_create(
        group_chat=group, user=user, defaults={"invited_by": by}
    )
    if not created:
        raise AlreadyThere(f"{user.get_username()} is invited already.")
    payload = InvitationPayload(
        id=invitation.pk, group_id=group.pk, title=group.title, invited_by=by.get_username()
    )
    tell_users([user.pk], InvitationReceivedMessage(payload=payload))
    transaction.on_commit(lambda: _notice(group, user, by))
    return invitation


@transaction.atomic
def accept(invitation: ChatInvitation) -> ChatMember:
    """Joins the group."""
    member, _ = add_member(invitation.group_chat, invitation.user)
    end(invitation)
    return member


@transaction.atomic
def end(invitation: ChatInvitation) -> None:
    """Declines the invitation, or takes it back."""
    ref = InvitationRef(id=invitation.pk)
    invitation.delete()
    tell_users([invitation.user_id], InvitationGoneMessage(payload=ref))


def _notice(group: GroupChat, user: User, by: User) -> None:
    send_notice(
        audience="user",
        target=user.get_username(),
        text=f"You are invited to the group “{group.title}”: see Chat.",
        sender=by.get_username(),
    )
