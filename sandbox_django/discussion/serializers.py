"""Topics and replies over REST."""

from typing import Any

from rest_framework import serializers

from discussion.models import Reply, Topic


class TopicSerializer(serializers.ModelSerializer[Topic]):
    """A topic as a reader sees it."""

    author: serializers.Field[Any, Any, Any, Any] = serializers.SlugRelatedField(
        slug_field="username", read_only=True
    )
    score = serializers.IntegerField(read_only=True)
    my_vote = serializers.IntegerField(read_only=True)
    reply_count = serializers.IntegerField(read_only=True)
    accepted_reply_id = serializers.IntegerField(read_only=True, allow_null=True)

    class Meta:
        """Title and body are the author's."""

        model = Topic
        fields = [
            *("id", "title", "body", "author", "created_at", "edited_at", "active_at"),
            *("score", "my_vote", "reply_count", "accepted_reply_id"),
        ]
        read_only_fields = ["id", "created_at", "edited_at", "active_at"]


class ReplySerializer(serializers.ModelSerializer[Reply]):
    """A reply as a reader sees it."""

    author: serializers.Field[Any, Any, Any, Any] = serializers.SlugRelatedField(
        slug_field="username", read_only=True
    )
    topic_id = serializers.IntegerField(read_only=True)
    score = serializers.IntegerField(read_only=True)
    my_vote = serializers.IntegerField(read_only=True)

    class Meta:
        """The body is the author's."""

        model = Reply
        fields = ["id", "topic_id", "body", "author", "created_at", "edited_at", "score", "my_vote"]
        read_only_fields = ["id", "created_at", "edited_at"]


class VoteSerializer(serializers.Serializer[Any]):
    """A vote to cast: for, against, or none any more."""

    value = serializers.ChoiceField(choices=[-1, 0, 1])


class CountedSerializer(serializers.Serializer[Any]):
    """What the votes for a post amount to, and one's own."""

    score = serializers.IntegerField()
    my_vote = serializers.IntegerField()


class AcceptSerializer(serializers.Serializer[Any]):
    """The reply to accept; null takes the mark back."""

    reply_id = serializers.IntegerField(allow_null=True, min_value=1, max_value=2**63 - 1)
