"""Frames and events of a topic's page."""

from typing import Literal

from chanx.messages.base import BaseMessage
from discussion.messages.payloads import (
    AcceptPayload,
    CastVotePayload,
    CountedPayload,
    PostReplyPayload,
    ReplyPayload,
    ReplyRef,
    ScorePayload,
    TopicPayload,
    TopicRef,
)

# From the browser


class PostReplyMessage(BaseMessage):
    """Replies."""

    action: Literal["post_reply"] = "post_reply"
    payload: PostReplyPayload


class CastVoteMessage(BaseMessage):
    """Votes."""

    action: Literal["cast_vote"] = "cast_vote"
    payload: CastVotePayload


class AcceptAnswerMessage(BaseMessage):
    """Accepts a reply as the answer; for the topic's author."""

    action: Literal["accept_answer"] = "accept_answer"
    payload: AcceptPayload


# To the browser


class TopicChangedMessage(BaseMessage):
    """The topic itself was edited."""

    action: Literal["topic_changed"] = "topic_changed"
    payload: TopicPayload


class TopicDeletedMessage(BaseMessage):
    """The topic is gone; nothing more comes."""

    action: Literal["topic_deleted"] = "topic_deleted"
    payload: TopicRef


class ReplyCreatedMessage(BaseMessage):
    """A new reply; its author's page gets it as well."""

    action: Literal["reply_created"] = "reply_created"
    payload: ReplyPayload


class ReplyChangedMessage(BaseMessage):
    """A reply was edited."""

    action: Literal["reply_changed"] = "reply_changed"
    payload: ReplyPayload


class ReplyDeletedMessage(BaseMessage):
    """A reply is gone."""

    action: Literal["reply_deleted"] = "reply_deleted"
    payload: ReplyRef


class ScoreChangedMessage(BaseMessage):
    """Someone has voted."""

    action: Literal["score_changed"] = "score_changed"
    payload: ScorePayload


class VoteCountedMessage(BaseMessage):
    """One's own vote was counted."""

    action: Literal["vote_counted"] = "vote_counted"
    payload: CountedPayload


class AnswerAcceptedMessage(BaseMessage):
    """The topic's author accepted an answer, or took the mark back."""

    action: Literal["answer_accepted"] = "answer_accepted"
    payload: AcceptPayload


# On the layer


class TopicDeletedEvent(BaseMessage):
    """The topic was deleted: its pages end."""

    action: Literal["notify_topic_deleted"] = "notify_topic_deleted"
    payload: TopicRef


# Events that pages get as they are.
TopicPageEvent = (
    TopicChangedMessage
    | ReplyCreatedMessage
    | ReplyChangedMessage
    | ReplyDeletedMessage
    | ScoreChangedMessage
    | AnswerAcceptedMessage
)
TopicEvent = TopicPageEvent | TopicDeletedEvent
