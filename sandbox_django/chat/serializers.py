"""Groups, members and lines over REST."""

from accounts.models import User
from rest_framework import serializers

from chat.models import ChatMember, ChatMessage, GroupChat


class GroupChatSerializer(serializers.ModelSerializer):
    """A group as one of its members sees it."""

    unread = serializers.IntegerField(read_only=True)

    class Meta:
        """Only the title is the client's."""

        model = GroupChat
        fields = ["id", "title", "created_at", "unread"]
        read_only_fields = ["id", "created_at"]


class ChatMemberSerializer(serializers.ModelSerializer):
    """A member; adding one takes the user's name."""

    username = serializers.SlugRelatedField(
        source="user",
        slug_field="username",
        queryset=User.objects.filter(is_active=True),
        error_messages={"does_not_exist": "There is no user named '{value}'."},
    )

    class Meta:
        """The role is given by the server."""

        model = ChatMember
        fields = ["id", "username", "role", "joined_at"]
        read_only_fields = ["id", "role", "joined_at"]


class ChatMessageSerializer(serializers.ModelSerializer):
    """A line."""

    sender = serializers.SlugRelatedField(slug_field="username", read_only=True)

    class Meta:
        """Lines are written over the WebSocket."""

        model = ChatMessage
        fields = ["id", "sender", "content", "created_at"]
