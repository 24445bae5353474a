"""Votes: one of each user for each post."""

from django.conf import settings
from django.db import models

from discussion.models.reply import Reply
from discussion.models.topic import Topic


class Vote(models.Model):
    """A user's opinion of a post."""

    class Value(models.IntegerChoices):
        """For or against; no opinion is no row."""

        DOWN = -1, "Down"
        UP = 1, "Up"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="discussion_%(class)s_set"
    )
    value = models.SmallIntegerField(choices=Value.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """For topics and for replies."""

        abstract = True
        constraints = [
            models.CheckConstraint(condition=models.Q(value__in=[-1, 1]), name="%(class)s_up_or_down")
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.value:+d}"


class TopicVote(Vote):
    """A vote for or against a topic."""

    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="votes")

    class Meta(Vote.Meta):
        """One a user."""

        constraints = [
            *Vote.Meta.constraints,
            models.UniqueConstraint(fields=["user", "topic"], name="topic_vote_once"),
        ]


class ReplyVote(Vote):
    """A vote for or against a reply."""

    reply = models.ForeignKey(Reply, on_delete=models.CASCADE, related_name="votes")

    class Meta(Vote.Meta):
        """One a user."""

        constraints = [
            *Vote.Meta.constraints,
            models.UniqueConstraint(fields=["user", "reply"], name="reply_vote_once"),
        ]
