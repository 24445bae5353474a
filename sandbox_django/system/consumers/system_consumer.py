"""The notices page's consumer."""

from chanx.core.decorators import channel, ws_handler
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import ErrorMessage, PongMessage
from system import groups
from system.consumers.notices import NoticeReceiver
from system.messages.notice import (
    FollowGroupMessage,
    GroupFollowedMessage,
    GroupUnfollowedMessage,
    UnfollowGroupMessage,
)

# More would let one connection fill the layer's group table.
MAX_FOLLOWED_GROUPS = 50


@channel(
    name="system",
    description="Notices sent from outside a consumer: to one user, to a group or to all",
    tags=["system", "notifications"],
)
class SystemConsumer(NoticeReceiver):
    """Hears the notices to all, to its user and to the groups that it follows."""

    @ws_handler(summary="Answer a ping", description="Keeps the connection alive")
    async def handle_ping(self, _message: PingMessage) -> PongMessage:
        """Answers with a pong."""
        return PongMessage()

    @ws_handler(
        summary="Follow a group",
        description="From then on the notices addressed to the group arrive here as well",
        output_type=GroupFollowedMessage | ErrorMessage,
    )
    async def handle_follow_group(self, message: FollowGroupMessage) -> GroupFollowedMessage | ErrorMessage:
        """Joins the group's notices, if Channels takes its name."""
        if reason := groups.refusal(message.payload.group):
            return ErrorMessage(payload={"detail": reason})
        if len(self.notice_groups) >= MAX_FOLLOWED_GROUPS:
            return ErrorMessage(
                payload={"detail": f"A connection follows at most {MAX_FOLLOWED_GROUPS} groups."}
            )
        await self.hear(groups.topic_group(message.payload.group))
        return GroupFollowedMessage(payload=message.payload)

    @ws_handler(
        summary="Stop following a group",
        description="Confirmed also for a group that was not followed",
        output_type=GroupUnfollowedMessage,
    )
    async def handle_unfollow_group(self, message: UnfollowGroupMessage) -> GroupUnfollowedMessage:
        """Leaves the group's notices."""
        group = groups.topic_group(message.payload.group)
        if group in self.notice_groups:
            await self.ignore(group)
        return GroupUnfollowedMessage(payload=message.payload)
