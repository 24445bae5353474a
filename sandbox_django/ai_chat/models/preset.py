"""Templates of sessions."""

from django.conf import settings
from django.db import models

from ai_chat.models.generation import GenerationSettings


class Preset(GenerationSettings):
    """A named way to begin a session; a public one can be used by all, and changed by its owner."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="ai_chat_presets"
    )
    name = models.CharField(max_length=100)
    description = models.CharField(max_length=300, blank=True)
    is_public = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """By name."""

        ordering = ("name", "pk")

    def __str__(self) -> str:
        return self.name
