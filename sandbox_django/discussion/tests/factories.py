"""Test data."""

from chat.tests.factories import UserFactory
from factory.declarations import Sequence, SubFactory
from factory.django import DjangoModelFactory

from discussion.models import Reply, Topic


class TopicFactory(DjangoModelFactory):
    """A topic of a user."""

    class Meta:
        """Of the discussion."""

        model = Topic

    author = SubFactory(UserFactory)
    title = Sequence(lambda number: f"Topic {number}")
    body = "What do you think?"


class ReplyFactory(DjangoModelFactory):
    """A reply of another user."""

    class Meta:
        """Of the discussion."""

        model = Reply

    author = SubFactory(UserFactory)
    topic = SubFactory(TopicFactory)
    body = Sequence(lambda number: f"Reply {number}")
