"""What is said in groups."""

from django.conf import settings
from django.db import models

from chat.models.group_chat import GroupChat


class ChatMessage(models.Model):
    """One line; it stays when its sender's account goes."""

    group_chat = models.ForeignKey(GroupChat, on_delete=models.CASCADE, related_name="messages")
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="chat_messages",
    )
    content = models.TextField(max_length=4000)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """In the order in which they were said."""

        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.sender}: {self.content[:60]}"
