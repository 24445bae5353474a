"""Telling a group's pages who is online: the part of the group's consumer that does it."""

import asyncio
import logging
from typing import Any

from channels.db import database_sync_to_async
from config.certain import member
from django.conf import settings
from django.db import DatabaseError
from system.consumers.notices import NoticeReceiver

from chanx.channels.authenticator import DjangoAuthenticator
from chanx.core.decorators import ws_handler
from chat import presence
from chat.messages.group import (
    OnlineMembersMessage,
    OnlinePayload,
    PresenceChangedMessage,
    PresencePayload,
    WhoIsOnlineMessage,
)
from chat.utils import name_presence

logger = logging.getLogger(__name__)


class PresenceTeller(NoticeReceiver):
    """Notes its connection, gives signs of life for it, and forgets it at its end.

    Only connections that asked who is online are told of changes: a client that never asks hears nothing unasked.
    """

    authenticator: DjangoAuthenticator
    passthrough_events = [PresenceChangedMessage]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._presence: tuple[int, int, str] | None = None  # group, user, channel
        self._heart: asyncio.Task[None] | None = None

    async def be_present(self, group_pk: int) -> None:
        """Notes the connection and begins its signs of life."""
        self._presence = (group_pk, member(self.authenticator.user).pk, self.channel_name)
        if await database_sync_to_async(presence.arrive)(*self._presence):
            await self._tell(member(self.authenticator.user).get_username(), online=True)
        self._heart = asyncio.create_task(self._beat())

    async def be_gone(self) -> None:
        """Forgets the connection; a second time does nothing."""
        if self._heart is not None:
            self._heart.cancel()
            self._heart = None
        if self._presence is None:
            return
        noted = self._presence
        await self.ignore(name_presence(noted[0]))
        if await database_sync_to_async(presence.depart)(*noted):
            await self._tell(member(self.authenticator.user).get_username(), online=False)
        self._presence = None

    @ws_handler(
        summary="Ask who is online",
        description="Answered with the names; from then on changes are told",
        output_type=OnlineMembersMessage | PresenceChangedMessage,
    )
    async def handle_who_is_online(self, _message: WhoIsOnlineMessage) -> OnlineMembersMessage | None:
        """Listens first, so that no change falls between answer and listening."""
        if self._presence is None:
            return None
        group_pk = self._presence[0]
        await self.hear(name_presence(group_pk))
        names = await database_sync_to_async(presence.online)(group_pk)
        return OnlineMembersMessage(payload=OnlinePayload(usernames=names))

    async def websocket_disconnect(self, message: Any) -> None:
        """Forgets the connection, then disconnects."""
        try:
            await self.be_gone()
        finally:
            await super().websocket_disconnect(message)

    async def _beat(self) -> None:
        while self._presence is not None:
            # Three signs of life within the time after which a connection counts as dead.
            await asyncio.sleep(settings.CHAT_PRESENCE_SECONDS / 3)
            try:
                anew, gone = await database_sync_to_async(presence.beat)(*self._presence)
            except DatabaseError:
                logger.warning("No sign of life for a connection: the database refuses it", exc_info=True)
                continue
            if anew:
                await self._tell(member(self.authenticator.user).get_username(), online=True)
            for username in gone:
                await self._tell(username, online=False)

    async def _tell(self, username: str, *, online: bool) -> None:
        if self._presence is not None:
            event = PresenceChangedMessage(payload=PresencePayload(username=username, online=online))
            await self.broadcast_event(event, [name_presence(self._presence[0])])
