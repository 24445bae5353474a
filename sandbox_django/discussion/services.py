"""Everything that changes the discussion, with word to the pages that show it.

Views and consumers both go through here, so that the rules and the live updates are the same for both.
"""

from typing import Any, Literal

from accounts.models import User
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from discussion import permissions
from discussion.consumers.topic_list import TopicListConsumer
from discussion.messages.payloads import (
    AcceptPayload,
    CountedPayload,
    ReplyPayload,
    ReplyRef,
    ScorePayload,
    TopicPayload,
    TopicRef,
    TopicSummary,
)
from discussion.messages.topic import (
    AnswerAcceptedMessage,
    ReplyChangedMessage,
    ReplyCreatedMessage,
    ReplyDeletedMessage,
    ScoreChangedMessage,
    TopicChangedMessage,
    TopicDeletedEvent,
    TopicEvent,
)
from discussion.messages.topic_list import (
    TopicCreatedMessage,
    TopicListedMessage,
    TopicListEvent,
    TopicUnlistedMessage,
)
from discussion.models import Reply, Topic
from discussion.utils import TOPIC_LIST, name_topic


class Refused(Exception):
    """The user may not do that; the text says why."""


def create_topic(author: User, *, title: str, body: str) -> Topic:
    """Begins a topic."""
    topic = Topic.objects.create(author=author, title=title, body=body)
    _tell_list(TopicCreatedMessage(payload=_summary(topic.pk)))
    return topic


def edit_topic(topic: Topic, **changes: Any) -> None:
    """Changes title or body."""
    _edit(topic, changes)
    _tell_page(topic.pk, TopicChangedMessage(payload=_topic(topic.pk)))
    _tell_list(TopicListedMessage(payload=_summary(topic.pk)))


def delete_topic(topic: Topic) -> None:
    """Deletes a topic with its replies."""
    ref = TopicRef(id=topic.pk)
    topic.delete()
    _tell_page(ref.id, TopicDeletedEvent(payload=ref))
    _tell_list(TopicUnlistedMessage(payload=ref))


@transaction.atomic
def create_reply(author: User, topic_pk: int, *, body: str) -> Reply:
    """Replies to a topic.

    Raises:
        Topic.DoesNotExist: It was deleted meanwhile.
    """
    topic = Topic.objects.select_for_update().get(pk=topic_pk)
    reply = Reply.objects.create(author=author, topic=topic, body=body)
    _touch(topic)
    _tell_page(topic.pk, ReplyCreatedMessage(payload=reply_payload(reply)))
    _tell_list(TopicListedMessage(payload=_summary(topic.pk)))
    return reply


def edit_reply(reply: Reply, **changes: Any) -> None:
    """Changes the body."""
    _edit(reply, changes)
    _tell_page(reply.topic_id, ReplyChangedMessage(payload=reply_payload(reply)))


def delete_reply(reply: Reply) -> None:
    """Deletes a reply; if it was the accepted answer, the topic is open again."""
    ref, topic_pk = ReplyRef(id=reply.pk), reply.topic_id
    reply.delete()
    _tell_page(topic_pk, ReplyDeletedMessage(payload=ref))
    _tell_list(TopicListedMessage(payload=_summary(topic_pk)))


@transaction.atomic
def cast_vote(user: User, post: Topic | Reply, value: Literal[-1, 0, 1]) -> CountedPayload:
    """Casts, changes or (with 0) takes back a user's one vote for a post.

    Raises:
        Refused: It is the user's own.
    """
    if not permissions.may_vote(user, post):
        raise Refused("You cannot vote for what you wrote yourself.")
    if value:
        post.votes.update_or_create(user=user, defaults={"value": value})
    else:
        post.votes.filter(user=user).delete()
    topic_pk, reply_pk = (post.pk, None) if isinstance(post, Topic) else (post.topic_id, post.pk)
    counted = ScorePayload(reply_id=reply_pk, score=score_of(post))
    _tell_page(topic_pk, ScoreChangedMessage(payload=counted))
    if reply_pk is None:
        _tell_list(TopicListedMessage(payload=_summary(topic_pk)))
    return CountedPayload(**counted.model_dump(), my_vote=value)


@transaction.atomic
def accept_answer(user: User, topic_pk: int, reply_pk: int | None) -> None:
    """Marks a reply as the answer, or with None takes the mark back.

    Raises:
        Refused: The user did not write the topic.
        Topic.DoesNotExist: It was deleted meanwhile.
        Reply.DoesNotExist: The topic has no such reply.
    """
    topic = Topic.objects.select_for_update().get(pk=topic_pk)
    if not permissions.may_accept(user, topic):
        raise Refused("Only the topic's author accepts an answer.")
    topic.accepted_reply = None if reply_pk is None else topic.replies.get(pk=reply_pk)
    topic.save(update_fields=["accepted_reply"])
    _tell_page(topic.pk, AnswerAcceptedMessage(payload=AcceptPayload(reply_id=reply_pk)))
    _tell_list(TopicListedMessage(payload=_summary(topic.pk)))


def score_of(post: Topic | Reply) -> int:
    """What the votes for a post amount to."""
    total: int | None = post.votes.aggregate(total=Sum("value"))["total"]
    return total or 0


def reply_payload(reply: Reply) -> ReplyPayload:
    """What pages are told of a reply."""
    return ReplyPayload(
        id=reply.pk,
        topic_id=reply.topic_id,
        author=reply.author.get_username() if reply.author else None,
        body=reply.body,
        created_at=reply.created_at,
        edited_at=reply.edited_at,
        score=score_of(reply),
    )


def _topic(pk: int) -> TopicPayload:
    topic = Topic.objects.select_related("author").get(pk=pk)
    return TopicPayload(
        id=topic.pk,
        title=topic.title,
        author=topic.author and topic.author.get_username(),
        created_at=topic.created_at,
        active_at=topic.active_at,
        reply_count=topic.replies.count(),
        score=score_of(topic),
        is_answered=topic.accepted_reply_id is not None,
        body=topic.body,
        edited_at=topic.edited_at,
        accepted_reply_id=topic.accepted_reply_id,
    )


def _summary(pk: int) -> TopicSummary:
    return TopicSummary(**_topic(pk).model_dump())


def _edit(post: Topic | Reply, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        setattr(post, name, value)
    post.edited_at = timezone.now()
    post.save(update_fields=[*changes, "edited_at"])


def _touch(topic: Topic) -> None:
    topic.active_at = timezone.now()
    topic.save(update_fields=["active_at"])


def _tell_page(topic_pk: int, event: TopicEvent) -> None:
    """Once the change is kept: a page told earlier could ask again and not find it."""
    from discussion.consumers.topic_detail import TopicConsumer

    transaction.on_commit(lambda: TopicConsumer.broadcast_event_sync(event, [name_topic(topic_pk)]))


def _tell_list(event: TopicListEvent) -> None:
    transaction.on_commit(lambda: TopicListConsumer.broadcast_event_sync(event, [TOPIC_LIST]))
