"""What was said in a conversation."""

from django.db import models

from assistants.models.assistant_conversation import AssistantConversation


class AssistantMessage(models.Model):
    """One message of a conversation."""

    class MessageType(models.TextChoices):
        """Who speaks."""

        USER = "user", "User"
        ASSISTANT = "assistant", "Assistant"

    class Status(models.TextChoices):
        """How far an answer has come; a question is always complete."""

        WAITING = "waiting", "Waiting for a worker"
        STREAMING = "streaming", "Being written"
        COMPLETE = "complete", "Complete"
        STOPPED = "stopped", "Stopped by its reader"
        FAILED = "failed", "Failed"

    OPEN = (Status.WAITING, Status.STREAMING)

    conversation = models.ForeignKey(AssistantConversation, on_delete=models.CASCADE, related_name="messages")
    message_type = models.CharField(max_length=20, choices=MessageType.choices)
    content = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.COMPLETE)
    question = models.OneToOneField(
        "self",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="answer",
        help_text="What this message answers",
    )
    # Renewed while an answer is written: one that is open and has not been renewed has lost its writer.
    renewed_at = models.DateTimeField(auto_now=True)

    class Meta:
        """In the order in which they were said."""

        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["conversation"],
                condition=models.Q(status__in=["waiting", "streaming"]),
                name="one_open_answer_a_conversation",
            )
        ]

    def __str__(self) -> str:
        return f"{self.message_type}: {self.content[:60]}"
