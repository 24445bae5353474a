"""What is discussed."""

from typing import Any, Self

from django.db import models
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from discussion.models.post import Post, PostQuerySet

MAX_TITLE_LENGTH = 200


class TopicQuerySet(PostQuerySet):
    """Topics as lists and pages show them."""

    def for_reader(self, reader: Any) -> Self:
        """Adds `reply_count`, `score` and `my_vote`."""
        from discussion.models.reply import Reply

        # Beside the join on votes a join on replies would count each vote once a reply.
        replies = Reply.objects.filter(topic=OuterRef("pk")).order_by().values("topic")
        count = Subquery(replies.annotate(number=Count("pk")).values("number"))
        return self.with_votes(reader).annotate(reply_count=Coalesce(count, 0))


class Topic(Post):
    """A question or a proposal, and the reply that its author accepted."""

    title = models.CharField(max_length=MAX_TITLE_LENGTH)
    # When something last happened in it: what lists are ordered by.
    active_at = models.DateTimeField(default=timezone.now, db_index=True)
    accepted_reply = models.OneToOneField(
        "discussion.Reply", on_delete=models.SET_NULL, null=True, blank=True, related_name="accepted_for"
    )

    objects = TopicQuerySet.as_manager()

    class Meta:
        """The liveliest first."""

        ordering = ["-active_at", "-pk"]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """The topic's page."""
        return reverse("discussion-topic", args=[self.pk])
