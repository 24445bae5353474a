"""Who belongs to a group."""

from django.conf import settings
from django.db import models

from chat.models.group_chat import GroupChat


class ChatMember(models.Model):
    """One user's place in one group."""

    class Role(models.TextChoices):
        """An owner manages the members; a member talks."""

        OWNER = "owner", "Owner"
        MEMBER = "member", "Member"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="chat_memberships"
    )
    group_chat = models.ForeignKey(GroupChat, on_delete=models.CASCADE, related_name="members")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    # The newest message that this member has seen; 0 before the first.
    last_read_id = models.BigIntegerField(default=0)
    joined_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """A user is in a group once."""

        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["user", "group_chat"], name="chat_member_once")]

    def __str__(self) -> str:
        return f"{self.user} in {self.group_chat}"
