"""Test data."""

from accounts.models import User
from factory.declarations import Sequence, SubFactory
from factory.django import DjangoModelFactory

from chat.models import ChatInvitation, ChatMember, ChatMessage, GroupChat


class UserFactory(DjangoModelFactory):
    """A user."""

    class Meta:
        """Of the project's own model."""

        model = User

    username = Sequence(lambda number: f"user{number}")


class GroupChatFactory(DjangoModelFactory):
    """A group without members."""

    class Meta:
        """Of the chat."""

        model = GroupChat

    title = Sequence(lambda number: f"Group {number}")


class ChatMemberFactory(DjangoModelFactory):
    """A member of a group."""

    class Meta:
        """Of the chat."""

        model = ChatMember

    user = SubFactory(UserFactory)
    group_chat = SubFactory(GroupChatFactory)


class ChatInvitationFactory(DjangoModelFactory):
    """An invitation to a group."""

    class Meta:
        """Of the chat."""

        model = ChatInvitation

    user = SubFactory(UserFactory)
    group_chat = SubFactory(GroupChatFactory)


class ChatMessageFactory(DjangoModelFactory):
    """A line of a group."""

    class Meta:
        """Of the chat."""

        model = ChatMessage

    group_chat = SubFactory(GroupChatFactory)
    sender = SubFactory(UserFactory)
    content = Sequence(lambda number: f"line {number}")
