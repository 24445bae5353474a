"""Conversations with the assistant that are kept."""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.urls import reverse


class AssistantConversation(models.Model):
    """A thread; without a user it belongs to whoever knows its address."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="assistant_conversations",
    )
    title = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        """The latest first."""

        ordering = ["-updated_at"]

    def __str__(self) -> str:
        return self.title or f"Conversation {self.pk}"

    def get_absolute_url(self) -> str:
        """The conversation's page."""
        return reverse("assistant-conversation", args=[self.pk])

    @property
    def layer_group(self) -> str:
        """The group through which the pages that show this conversation hear of it."""
        if self.user_id is None:
            return f"anonymous_{self.pk}"
        return f"user_{self.user_id}_conversation_{self.pk}"

    def generate_title_from_first_message(self) -> None:
        """Gives the conversation a title made from its first question, unless it has one."""
        from assistants.models.assistant_message import AssistantMessage
        from assistants.tasks.assistant_tasks import task_generate_conversation_title

        if self.title:
            return
        first = self.messages.filter(message_type=AssistantMessage.MessageType.USER).first()
        if first is None:
            return
        self.title = task_generate_conversation_title(first.content)
        self.save(update_fields=["title", "updated_at"])
