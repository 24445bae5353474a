"""A user's list of groups, live."""

from config.certain import member
from rest_framework.permissions import IsAuthenticated
from system.consumers.notices import NoticeReceiver

from chanx.channels.authenticator import DjangoAuthenticator
from chanx.core.decorators import channel, ws_handler
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import PongMessage
from chat.messages.lobby import (
    GroupJoinedMessage,
    GroupLeftMessage,
    InvitationGoneMessage,
    InvitationReceivedMessage,
    UnreadChangedMessage,
)
from chat.utils import name_lobby


class ChatLobbyAuthenticator(DjangoAuthenticator):
    """Only users have groups."""

    permission_classes = [IsAuthenticated]


@channel(
    name="chat_lobby", description="One's groups, what is unread in them, one's invitations", tags=["chat"]
)
class ChatLobbyConsumer(NoticeReceiver):
    """One page that lists a user's groups."""

    authenticator_class = ChatLobbyAuthenticator
    authenticator: ChatLobbyAuthenticator
    passthrough_events = [
        UnreadChangedMessage,
        GroupJoinedMessage,
        GroupLeftMessage,
        InvitationReceivedMessage,
        InvitationGoneMessage,
    ]

    async def post_authentication(self) -> None:
        """Joins the user's pages."""
        await super().post_authentication()
        await self.join_group(name_lobby(member(self.authenticator.user).pk))

    @ws_handler(summary="Answer a ping", description="Keeps the connection alive")
    async def handle_ping(self, _message: PingMessage) -> PongMessage:
        """Answers with a pong."""
        return PongMessage()
