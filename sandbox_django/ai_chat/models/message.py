"""What was said in a session."""

from uuid import uuid4

from django.db import models
from django.utils import timezone

from ai_chat.models.session import ChatSession


class Message(models.Model):
    """A question or an answer. The id of an answer is its id in the LLM server too."""

    class Role(models.TextChoices):
        """Who speaks."""

        USER = "user", "User"
        ASSISTANT = "assistant", "Assistant"

    class Status(models.TextChoices):
        """How far an answer is; questions are complete."""

        COMPLETE = "complete", "Complete"
        STREAMING = "streaming", "Being written"
        STOPPED = "stopped", "Stopped"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    session = models.ForeignKey(ChatSession, on_delete=models.CASCADE, related_name="messages")
    role = models.CharField(max_length=10, choices=Role.choices)
    content = models.TextField(blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.COMPLETE)
    error = models.TextField(blank=True)
    model = models.CharField(max_length=200, blank=True)
    tool_calls = models.JSONField(default=list, blank=True)
    server = models.CharField(max_length=200, blank=True, help_text="The LLM server that writes the answer")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        """In the order in which they were said; one answer at a time."""

        ordering = ("created_at", "role", "pk")
        indexes = (models.Index(fields=["session", "created_at"], name="ai_chat_message_time"),)
        constraints = (
            models.UniqueConstraint(
                fields=["session"],
                condition=models.Q(status="streaming"),
                name="ai_chat_one_answer_at_a_time",
            ),
        )

    def __str__(self) -> str:
        return f"{self.role}: {self.content[:60]}"
