"""Test data."""

import factory
from accounts.models import User
from factory.django import DjangoModelFactory

from chat.models import ChatInvitation, ChatMember, ChatMessage, GroupChat


class UserFactory(DjangoModelFactory):
    """A user."""

    class Meta:
        """Of the project's own model."""

        model = User

    username = factory.Sequence(lambda number: f"user{number}")


class GroupChatFactory(DjangoModelFactory):
    """A group without members."""

    class Meta:
        """Of the chat."""

        model = GroupChat

    title = factory.Sequence(lambda number: f"Group {number}")


class ChatMemberFactory(DjangoModelFactory):
    """A member of a group."""

    class Meta:
        """Of the chat."""

        model = ChatMember

    user = factory.SubFactory(UserFactory)
    group_chat = factory.SubFactory(GroupChatFactory)


class ChatInvitationFactory(DjangoModelFactory):
    """An invitation to a group."""

    class Meta:
        """Of the chat."""

        model = ChatInvitation

    user = factory.SubFactory(UserFactory)
    group_chat = factory.SubFactory(GroupChatFactory)


class ChatMessageFactory(DjangoModelFactory):
    """A line of a group."""

    class Meta:
        """Of the chat."""

        model = ChatMessage

    group_chat = factory.SubFactory(GroupChatFactory)
    sender = factory.SubFactory(UserFactory)
    content = factory.Sequence(lambda number: f"line {number}")
