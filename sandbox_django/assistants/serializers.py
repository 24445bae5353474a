"""Conversations and messages over REST."""

from rest_framework import serializers

from assistants.models import AssistantConversation, AssistantMessage


class ConversationSerializer(serializers.ModelSerializer[AssistantConversation]):
    """A conversation without its messages."""

    class Meta:
        """The title can be changed, all else is the server's."""

        model = AssistantConversation
        fields = ["id", "user", "title", "created_at", "updated_at"]
        read_only_fields = ["id", "user", "created_at", "updated_at"]


class MessageSerializer(serializers.ModelSerializer[AssistantMessage]):
    """A message; only its text is the client's."""

    content = serializers.CharField(max_length=8000)

    class Meta:
        """Who speaks follows from who writes."""

        model = AssistantMessage
        fields = ["id", "message_type", "content", "created_at", "status", "question"]
        read_only_fields = ["id", "message_type", "created_at", "status", "question"]
