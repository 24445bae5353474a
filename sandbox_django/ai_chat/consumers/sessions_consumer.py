"""The list of sessions, live."""

from channels.db import database_sync_to_async

from ai_chat.consumers.base import ChatConsumer
from ai_chat.messages.common import (
    SessionBody,
    SessionCreatedMessage,
    SessionDeletedMessage,
    SessionUpdatedMessage,
)
from ai_chat.messages.sessions import ListEstablishedMessage, ListEvent, ListMessage, SessionListMessage
from ai_chat.models import ChatSession
from ai_chat.models.session import list_group
from ai_chat.serializers import SessionSerializer, with_summary
from ai_chat.services.catalog import Choice
from chanx.core.decorators import channel, ws_handler

MAX_LISTED = 100


@channel(name="ai_chat_sessions", description="The user's sessions and what becomes of them", tags=["ai"])
class SessionsConsumer(ChatConsumer[ListEvent]):
    """One window that shows the list."""

    passthrough_events = [SessionCreatedMessage, SessionUpdatedMessage, SessionDeletedMessage]
    emits = [ListEstablishedMessage]

    async def welcome(self) -> tuple[str, int] | None:
        """Joins the group of the user's lists."""
        assert self.user is not None  # checked before
        await self.send_message(ListEstablishedMessage())
        await self.join_group(list_group(self.user.pk))
        return None

    @ws_handler(summary="List the sessions", description="The latest 100")
    async def handle_list(self, _message: ListMessage) -> SessionListMessage:
        """Answers with the list."""
        return SessionListMessage(sessions=await database_sync_to_async(self._listed)())

    def _listed(self) -> list[SessionBody]:
        assert self.user is not None  # frames are handled after that only
        sessions = with_summary(ChatSession.objects.filter(user=self.user, is_active=True))[:MAX_LISTED]
        data = SessionSerializer(sessions, many=True, context={"choice": Choice(self.user.pk)}).data
        return [SessionBody.model_validate(session) for session in data]
