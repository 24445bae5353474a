"""Who belongs to a group."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from chat.models.chat_message import ChatMessage
from chat.models.group_chat import GroupChat


class ChatMemberQuerySet(models.QuerySet["ChatMember"]):
    """Members with what they have not read."""

    def with_unread(self) -> Self:
        """Adds `unread`: the lines that others wrote since."""
        newer = ChatMessage.objects.filter(
            group_chat=OuterRef("group_chat"), pk__gt=OuterRef("last_read_id")
        ).exclude(sender=OuterRef("user"))
        count = newer.order_by().values("group_chat").annotate(number=Count("pk")).values("number")
        return self.annotate(unread=Coalesce(Subquery(count), 0))


class ChatMember(models.Model):
    """One user's place in one group."""

    class Role(models.TextChoices):
        """An owner does everything, an administrator invites and removes members, a member talks."""

        OWNER = "owner", "Owner"
        ADMIN = "admin", "Administrator"
        MEMBER = "member", "Member"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="chat_memberships"
    )
    group_chat = models.ForeignKey(GroupChat, on_delete=models.CASCADE, related_name="members")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    # The newest message that this member has seen; 0 before the first.
    last_read_id = models.BigIntegerField(default=0)
    joined_at = models.DateTimeField(auto_now_add=True)
    unread: int  # what `with_unread` adds

    objects = ChatMemberQuerySet.as_manager()

    class Meta:
        """A user is in a group once."""

        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["user", "group_chat"], name="chat_member_once")]

    def __str__(self) -> str:
        return f"{self.user} in {self.group_chat}"
