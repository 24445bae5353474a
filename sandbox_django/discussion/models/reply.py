"""What is replied."""

from django.db import models

from discussion.models.post import Post, PostQuerySet
from discussion.models.topic import Topic


class Reply(Post):
    """One reply to a topic."""

    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="replies")

    objects = PostQuerySet.as_manager()

    class Meta:
        """In the order in which they were written."""

        ordering = ["pk"]
        verbose_name_plural = "replies"

    def __str__(self) -> str:
        return f"{self.author}: {self.body[:60]}"
