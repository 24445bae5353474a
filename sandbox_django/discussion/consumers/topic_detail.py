"""A topic's page, live: everyone reads, members reply and vote, its author accepts an answer."""

from collections.abc import Callable
from typing import Any

from accounts.models import User
from channels.db import database_sync_to_async
from rest_framework.permissions import IsAuthenticatedOrReadOnly
from system.consumers.notices import NoticeReceiver

from chanx.channels.authenticator import DjangoAuthenticator
from chanx.core.decorators import channel, event_handler, ws_handler
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import ErrorMessage, PongMessage
from discussion import services
from discussion.messages.topic import (
    AcceptAnswerMessage,
    AnswerAcceptedMessage,
    CastVoteMessage,
    PostReplyMessage,
    ReplyChangedMessage,
    ReplyCreatedMessage,
    ReplyDeletedMessage,
    ScoreChangedMessage,
    TopicChangedMessage,
    TopicDeletedEvent,
    TopicDeletedMessage,
    VoteCountedMessage,
)
from discussion.models import Reply, Topic
from discussion.utils import name_topic


class TopicAuthenticator(DjangoAuthenticator):
    """Finds the topic of the address; everyone may read it."""

    permission_classes = [IsAuthenticatedOrReadOnly]
    queryset = Topic.objects.all()
    obj: Topic


@channel(
    name="discussion_topic", description="A topic with its replies, votes and answer", tags=["discussion"]
)
class TopicConsumer(NoticeReceiver):
    """One page of one topic."""

    authenticator_class = TopicAuthenticator
    authenticator: TopicAuthenticator
    passthrough_events = [
        TopicChangedMessage,
        ReplyCreatedMessage,
        ReplyChangedMessage,
        ReplyDeletedMessage,
        ScoreChangedMessage,
        AnswerAcceptedMessage,
    ]

    async def post_authentication(self) -> None:
        """Joins the topic's pages."""
        await super().post_authentication()
        self.topic_pk = self.authenticator.obj.pk
        await self.join_group(name_topic(self.topic_pk))

    @ws_handler(summary="Answer a ping", description="Keeps the connection alive")
    async def handle_ping(self, _message: PingMessage) -> PongMessage:
        """Answers with a pong."""
        return PongMessage()

    @ws_handler(
        summary="Reply",
        description="Kept, and sent to every page of the topic, one's own as well",
        output_type=ReplyCreatedMessage | ErrorMessage,
    )
    async def handle_post_reply(self, message: PostReplyMessage) -> ErrorMessage | None:
        """Keeps the reply; the service tells the pages."""
        result = await self._as_member(services.create_reply, self.topic_pk, body=message.payload.body)
        return result if isinstance(result, ErrorMessage) else None

    @ws_handler(
        summary="Vote",
        description="One vote of each user for each post; another one replaces it, 0 takes it back",
        output_type=VoteCountedMessage | ScoreChangedMessage | ErrorMessage,
    )
    async def handle_cast_vote(self, message: CastVoteMessage) -> VoteCountedMessage | ErrorMessage:
        """Counts the vote; the service tells the pages of the new score."""

        def vote(user: User) -> Any:
            pk = message.payload.reply_id
            if pk is None:
                post: Topic | Reply = Topic.objects.get(pk=self.topic_pk)
            else:
                post = Reply.objects.get(pk=pk, topic_id=self.topic_pk)
            return services.cast_vote(user, post, message.payload.value)

        counted = await self._as_member(vote)
        return counted if isinstance(counted, ErrorMessage) else VoteCountedMessage(payload=counted)

    @ws_handler(
        summary="Accept an answer",
        description="For the topic's author; none takes the mark back",
        output_type=AnswerAcceptedMessage | ErrorMessage,
    )
    async def handle_accept_answer(self, message: AcceptAnswerMessage) -> ErrorMessage | None:
        """Marks the reply; the service tells the pages."""
        result = await self._as_member(services.accept_answer, self.topic_pk, message.payload.reply_id)
        return result if isinstance(result, ErrorMessage) else None

    @event_handler(summary="The topic is gone", description="The last message of the page")
    async def handle_topic_deleted(self, event: TopicDeletedEvent) -> TopicDeletedMessage:
        """Leaves the group and tells the page."""
        await self.leave_group(name_topic(self.topic_pk))
        return TopicDeletedMessage(payload=event.payload)

    async def _as_member(self, act: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Runs what only members may do, in a thread; a refusal comes back as error message."""

        def attempt() -> Any:
            # Asked each time: an account may be closed while its page is open.
            visitor = self.authenticator.user
            user = (
                User.objects.filter(pk=visitor.pk, is_active=True).first() if visitor and visitor.pk else None
            )
            if user is None:
                return _error("Log in to take part.")
            try:
                return act(user, *args, **kwargs)
            except services.Refused as refusal:
                return _error(str(refusal))
            except Topic.DoesNotExist:
                return _error("This topic was deleted.")
            except Reply.DoesNotExist:
                return _error("This topic has no such reply.")

        return await database_sync_to_async(attempt)()


def _error(detail: str) -> ErrorMessage:
    return ErrorMessage(payload={"detail": detail})
