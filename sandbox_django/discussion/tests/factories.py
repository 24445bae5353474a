"""Test data."""

import factory
from chat.tests.factories import UserFactory
from factory.django import DjangoModelFactory

from discussion.models import Reply, Topic


class TopicFactory(DjangoModelFactory):
    """A topic of a user."""

    class Meta:
        """Of the discussion."""

        model = Topic

    author = factory.SubFactory(UserFactory)
    title = factory.Sequence(lambda number: f"Topic {number}")
    body = "What do you think?"


class ReplyFactory(DjangoModelFactory):
    """A reply of another user."""

    class Meta:
        """Of the discussion."""

        model = Reply

    author = factory.SubFactory(UserFactory)
    topic = factory.SubFactory(TopicFactory)
    body = factory.Sequence(lambda number: f"Reply {number}")
