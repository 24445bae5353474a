"""What was said in a conversation."""

from django.db import models

from assistants.models.assistant_conversation import AssistantConversation


class AssistantMessage(models.Model):
    """One message of a conversation."""

    class MessageType(models.TextChoices):
        """Who speaks."""

        USER = "user", "User"
        ASSISTANT = "assistant", "Assistant"

    conversation = models.ForeignKey(AssistantConversation, on_delete=models.CASCADE, related_name="messages")
    message_type = models.CharField(max_length=20, choices=MessageType.choices)
    content = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """In the order in which they were said."""

        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.message_type}: {self.content[:60]}"
