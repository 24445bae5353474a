"""Open chat rooms: whoever knows the name is in."""

from system import groups
from system.consumers.notices import NoticeReceiver

from chanx.core.decorators import channel, ws_handler
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import ErrorMessage, PongMessage
from chat.messages.room import NewChatMessage

# 4000 to 4999 are an application's own; the page does not come back after this one.
CLOSE_NAME_REFUSED = 4400


@channel(name="chat", description="Open chat rooms, one per name", tags=["chat"])
class ChatConsumer(NoticeReceiver):
    """One person in one room."""

    async def post_authentication(self) -> None:
        """Joins the room; a name that Channels refuses is explained, then the connection closed."""
        self.group_name = str(self.scope["url_route"]["kwargs"]["group_name"])
        if reason := groups.refusal(self.group_name):
            await self.send_message(ErrorMessage(payload={"detail": reason}))
            await self.close(code=CLOSE_NAME_REFUSED)
            return
        await super().post_authentication()
        await self.hear(groups.topic_group(self.group_name))
        room = groups.room_group(self.group_name)
        self.groups.append(room)
        await self.channel_layer.group_add(room, self.channel_name)

    @ws_handler(summary="Answer a ping", description="Keeps the connection alive")
    async def handle_ping(self, _message: PingMessage) -> PongMessage:
        """Answers with a pong."""
        return PongMessage()

    @ws_handler(
        summary="Say something",
        description="Goes to everyone else in the room; the sender's page shows its own line",
        output_type=NewChatMessage,
    )
    async def handle_new_chat_message(self, message: NewChatMessage) -> None:
        """Passes the line on to the others."""
        await self.broadcast_message(message, exclude_current=True)
