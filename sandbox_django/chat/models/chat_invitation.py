"""Who was asked to join a group."""

from django.conf import settings
from django.db import models

from chat.models.group_chat import GroupChat


class ChatInvitation(models.Model):
    """One user's open invitation to one group; it goes when answered."""

    group_chat = models.ForeignKey(GroupChat, on_delete=models.CASCADE, related_name="invitations")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="chat_invitations"
    )
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="chat_invitations_sent"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """A user is asked once."""

        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["user", "group_chat"], name="chat_invitation_once")]

    def __str__(self) -> str:
        return f"{self.user} to {self.group_chat}"
