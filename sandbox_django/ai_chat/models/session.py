"""Chat sessions."""

from uuid import uuid4

from django.conf import settings
from django.db import models

from ai_chat.models.generation import GenerationSettings


class ChatSession(GenerationSettings):
    """One conversation of one user; deleting it only takes it out of the list."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="ai_chat_sessions"
    )
    title = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        """The latest first."""

        ordering = ("-updated_at", "pk")
        indexes = (models.Index(fields=["user", "is_active", "-updated_at"], name="ai_chat_session_list"),)

    def __str__(self) -> str:
        return self.title or f"Session {self.pk}"

    @property
    def layer_group(self) -> str:
        """The group of the session's windows."""
        return f"ai_chat.session.{self.pk}"


def list_group(user_pk: object) -> str:
    """The group of the windows that show a user's list of sessions."""
    return f"ai_chat.list.{user_pk}"
