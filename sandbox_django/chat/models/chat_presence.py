"""Who has a group open."""

from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from chat.models.group_chat import GroupChat


class ChatPresenceQuerySet(models.QuerySet["ChatPresence"]):
    """Connections, those that died unseen apart from the others."""

    def alive(self) -> Self:
        """Those that gave a sign of life lately."""
        return self.filter(seen_at__gte=self._limit())

    def stale(self) -> Self:
        """Those whose process is gone."""
        return self.filter(seen_at__lt=self._limit())

    def _limit(self) -> object:
        return timezone.now() - timedelta(seconds=settings.CHAT_PRESENCE_SECONDS)


class ChatPresence(models.Model):
    """One connection of one member; a user with several windows has several.

    In the database, where every process of the server sees it. A connection writes `seen_at` anew while it
    lasts, so that those of a process that was killed end by themselves.
    """

    group_chat = models.ForeignKey(GroupChat, on_delete=models.CASCADE, related_name="presences")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    channel = models.CharField(max_length=200, unique=True)
    seen_at = models.DateTimeField(default=timezone.now)

    objects = ChatPresenceQuerySet.as_manager()

    class Meta:
        """Asked for by group and age."""

        indexes = [models.Index(fields=["group_chat", "seen_at"], name="chat_presence_seen")]

    def __str__(self) -> str:
        return f"{self.user} in {self.group_chat}"
