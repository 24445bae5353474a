"""Lists of topics, live, for everyone."""

from system.consumers.notices import NoticeReceiver

from chanx.core.decorators import channel, ws_handler
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import PongMessage
from discussion.messages.topic_list import TopicCreatedMessage, TopicListedMessage, TopicUnlistedMessage
from discussion.utils import TOPIC_LIST


@channel(
    name="discussion", description="What becomes of the topics, for pages that list them", tags=["discussion"]
)
class TopicListConsumer(NoticeReceiver):
    """One page that lists topics."""

    groups = [TOPIC_LIST]
    passthrough_events = [TopicCreatedMessage, TopicListedMessage, TopicUnlistedMessage]

    @ws_handler(summary="Answer a ping", description="Keeps the connection alive")
    async def handle_ping(self, _message: PingMessage) -> PongMessage:
        """Answers with a pong."""
        return PongMessage()
