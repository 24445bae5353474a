"""Groups whose members are known."""

from django.db import models
from django.urls import reverse


class GroupChat(models.Model):
    """A conversation among members."""

    title = models.CharField(max_length=100)
    is_public = models.BooleanField(default=False, help_text="Whoever is logged in may join")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """By title."""

        ordering = ["title", "pk"]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """The group's page."""
        return reverse("chat-group", args=[self.pk])
