from typing import Any

from chanx.channels.websocket import AsyncJsonWebsocketConsumer
from chanx.core.decorators import channel, event_handler, ws_handler
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import PongMessage
from chanx.utils.groups import safe_group_name

from system.messages import NotificationMessage, NotifyEvent

EVERYONE = "notifications"


def user_group(user_id: int) -> str:
    """The group of all connections of one user."""
    return safe_group_name("user", user_id, namespace=EVERYONE)


class NotifiedConsumer(AsyncJsonWebsocketConsumer):
    """Base class of the consumers whose clients see notifications."""

    notification_groups: tuple[str, ...] = ()

    async def post_authentication(self) -> None:
        self.notification_groups = (EVERYONE,)
        user = self.scope["user"]
        if user.is_authenticated:
            self.notification_groups += (user_group(user.pk),)
        for group in self.notification_groups:
            await self.channel_layer.group_add(group, self.channel_name)

    async def websocket_disconnect(self, message: Any) -> None:
        for group in self.notification_groups:
            await self.channel_layer.group_discard(group, self.channel_name)
        await super().websocket_disconnect(message)

    @event_handler
    async def handle_notify(self, event: NotifyEvent) -> NotificationMessage:
        return NotificationMessage(payload=event.payload)


@channel(name="system", description="Notifications to one user or to everyone", tags=["system"])
class SystemConsumer(NotifiedConsumer):
    """The notifications page."""

    @ws_handler
    async def handle_ping(self, _message: PingMessage) -> PongMessage:
        return PongMessage()
