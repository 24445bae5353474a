"""Receiving notices: the part shared by the consumers of all pages."""

from typing import Any

from accounts.models import notice_group_of

from chanx.channels.websocket import AsyncJsonWebsocketConsumer
from chanx.core.decorators import event_handler
from system import groups
from system.messages.notice import NotificationEvent, NotificationMessage


class NoticeReceiver(AsyncJsonWebsocketConsumer):
    """A consumer whose connection hears the notices to all and to its user.

    The notice groups are kept out of `self.groups`, where `broadcast_message` sends by default.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.notice_groups: set[str] = set()

    async def post_authentication(self) -> None:
        """Joins the notice groups of everyone and of the connection's user."""
        await self.hear(groups.ALL)
        # An authenticator may know a user whom the session does not: that of a token.
        user = getattr(self.authenticator, "user", None) or self.scope.get("user")
        if user is not None and user.is_authenticated:
            await self.hear(notice_group_of(user.pk))

    async def hear(self, group: str) -> None:
        """Joins a layer group that carries notices."""
        await self.channel_layer.group_add(group, self.channel_name)
        self.notice_groups.add(group)

    async def ignore(self, group: str) -> None:
        """Leaves a layer group that carries notices."""
        self.notice_groups.discard(group)
        await self.channel_layer.group_discard(group, self.channel_name)

    async def websocket_disconnect(self, message: Any) -> None:
        """Leaves the notice groups, then disconnects."""
        for group in list(self.notice_groups):
            await self.ignore(group)
        await super().websocket_disconnect(message)

    @event_handler(summary="Forward a notice", description="Sends a notice on to the browser")
    async def handle_notify(self, event: NotificationEvent) -> NotificationMessage:
        """A notice for this connection."""
        return NotificationMessage(payload=event.payload)
