"""The models that the LLM servers offer, and who prefers which."""

from django.conf import settings
from django.db import models


class LanguageModel(models.Model):
    """A model as it was found at the last synchronisation."""

    name = models.CharField(max_length=200, unique=True)
    owned_by = models.CharField(max_length=200, blank=True)
    supports_tools = models.BooleanField(default=True)
    is_active = models.BooleanField(
        default=True, help_text="Some server offered it at the last synchronisation"
    )
    servers = models.JSONField(default=list, blank=True)
    first_seen_at = models.DateTimeField(auto_now_add=True)
    synced_at = models.DateTimeField(auto_now=True)

    class Meta:
        """In the order in which they were found."""

        ordering = ("first_seen_at", "pk")

    def __str__(self) -> str:
        return self.name


class Preference(models.Model):
    """A user's own default model."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="ai_chat_preference"
    )
    default_model = models.ForeignKey(LanguageModel, on_delete=models.SET_NULL, null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.user}: {self.default_model or 'the default'}"
