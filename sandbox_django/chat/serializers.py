"""Groups, members, invitations and lines over REST."""

from typing import Any

from accounts.models import User
from config.text import storable
from rest_framework import serializers

from chat.messages.group import MAX_LINE_LENGTH
from chat.models import ChatInvitation, ChatMember, ChatMessage, GroupChat


class GroupChatSerializer(serializers.ModelSerializer[GroupChat]):
    """A group as one of its members sees it."""

    unread = serializers.IntegerField(read_only=True)

    class Meta:
        """Title and openness are the client's."""

        model = GroupChat
        fields = ["id", "title", "is_public", "created_at", "unread"]
        read_only_fields = ["id", "created_at"]


class PublicGroupSerializer(serializers.ModelSerializer[GroupChat]):
    """A group as everyone sees it who may join it."""

    member_count = serializers.IntegerField(read_only=True)

    class Meta:
        """Nothing of what is said in it."""

        model = GroupChat
        fields = ["id", "title", "member_count"]


class UserNameField(serializers.SlugRelatedField[User]):
    """Takes the name of an active user."""

    default_error_messages = {"does_not_exist": "There is no user named '{value}'."}

    def __init__(self) -> None:
        super().__init__(source="user", slug_field="username", queryset=User.objects.filter(is_active=True))

    def to_internal_value(self, data: object) -> User:
        """The user, asked for with words that every database takes."""
        try:
            name = storable(data) if isinstance(data, str) else self.fail("invalid")
        except ValueError:
            self.fail("invalid")
        user: User = super().to_internal_value(name)
        return user


class ChatMemberSerializer(serializers.ModelSerializer[ChatMember]):
    """A member; an owner may give another role."""

    username = serializers.CharField(source="user.username", read_only=True)

    class Meta:
        """Who it is stays."""

        model = ChatMember
        fields = ["id", "username", "role", "joined_at"]
        read_only_fields = ["id", "joined_at"]


class ChatInvitationSerializer(serializers.ModelSerializer[ChatInvitation]):
    """An invitation; inviting takes the user's name."""

    username = UserNameField()
    group_id = serializers.IntegerField(source="group_chat_id", read_only=True)
    title = serializers.CharField(source="group_chat.title", read_only=True)
    invited_by: serializers.Field[Any, Any, Any, Any] = serializers.SlugRelatedField(
        slug_field="username", read_only=True
    )

    class Meta:
        """The rest is the server's."""

        model = ChatInvitation
        fields = ["id", "username", "group_id", "title", "invited_by", "created_at"]
        read_only_fields = ["id", "created_at"]


class ChatMessageSerializer(serializers.ModelSerializer[ChatMessage]):
    """A line."""

    sender: serializers.Field[Any, Any, Any, Any] = serializers.SlugRelatedField(
        slug_field="username", read_only=True
    )
    content = serializers.CharField(max_length=MAX_LINE_LENGTH)

    class Meta:
        """Only the words are the client's."""

        model = ChatMessage
        fields = ["id", "sender", "content", "created_at"]
        read_only_fields = ["id", "created_at"]
