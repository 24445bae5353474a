"""Frames to pages that list topics; the same travel over the layer as events."""

from typing import Literal

from chanx.messages.base import BaseMessage
from discussion.messages.payloads import TopicRef, TopicSummary


class TopicCreatedMessage(BaseMessage):
    """A new topic."""

    action: Literal["topic_created"] = "topic_created"
    payload: TopicSummary


class TopicListedMessage(BaseMessage):
    """A topic that looks different now: title, replies, votes or answer."""

    action: Literal["topic_listed"] = "topic_listed"
    payload: TopicSummary


class TopicUnlistedMessage(BaseMessage):
    """A topic that is gone."""

    action: Literal["topic_unlisted"] = "topic_unlisted"
    payload: TopicRef


TopicListEvent = TopicCreatedMessage | TopicListedMessage | TopicUnlistedMessage
