"""What topics and replies have in common."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

MAX_BODY_LENGTH = 20_000


class PostQuerySet(models.QuerySet[Any]):
    """Posts with their votes."""

    def with_votes(self, reader: Any) -> Self:
        """Adds `score`, and `my_vote` of a reader, who may be anonymous."""
        return self.select_related("author").annotate(
            score=Coalesce(Sum("votes__value"), 0),
            my_vote=Coalesce(Sum("votes__value", filter=Q(votes__user_id=reader.pk)), 0),
        )


class Post(models.Model):
    """Something written; it stays when its author's account goes."""

    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="discussion_%(class)s_set",
    )
    body = models.TextField(max_length=MAX_BODY_LENGTH)
    created_at = models.DateTimeField(auto_now_add=True)
    edited_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Topics and replies have tables of their own."""

        abstract = True
