"""A kept conversation, live: only events, which the HTTP side sends, pass through here."""

from assistants.messages.assistant import (
    AssistantEvent,
    NewMessage,
    NewMessageEvent,
    StreamingEvent,
    StreamingFailedEvent,
    StreamingFailedMessage,
    StreamingMessage,
    TitleEvent,
    TitleMessage,
)
from assistants.models import AssistantConversation
from assistants.permissions import ConversationOwner
from chanx.channels.authenticator import DjangoAuthenticator
from chanx.channels.websocket import AsyncJsonWebsocketConsumer
from chanx.core.decorators import channel, event_handler


class AssistantAuthenticator(DjangoAuthenticator):
    """Finds the conversation of the address and asks whether it is the visitor's."""

    permission_classes = [ConversationOwner]
    queryset = AssistantConversation.objects.all()
    obj: AssistantConversation


@channel(
    name="assistant_conversation",
    description="A kept conversation: questions are posted over HTTP, answers arrive here",
    tags=["ai", "chat"],
)
class ConversationAssistantConsumer(AsyncJsonWebsocketConsumer[AssistantEvent]):
    """One page that shows one conversation."""

    authenticator_class = AssistantAuthenticator
    authenticator: AssistantAuthenticator

    async def post_authentication(self) -> None:
        """Joins the conversation's group."""
        group = self.authenticator.obj.layer_group
        await self.channel_layer.group_add(group, self.channel_name)
        self.groups.append(group)

    @event_handler(summary="A question", description="Put over HTTP, perhaps in another window")
    async def handle_new_message(self, event: NewMessageEvent) -> NewMessage:
        """Tells the page of the question."""
        return NewMessage(payload=event.payload)

    @event_handler(summary="A piece of an answer", description="As the model produces it")
    async def handle_streaming(self, event: StreamingEvent) -> StreamingMessage:
        """Passes the piece on."""
        return StreamingMessage(payload=event.payload)

    @event_handler(summary="A failed answer", description="The model could not be asked")
    async def handle_streaming_failed(self, event: StreamingFailedEvent) -> StreamingFailedMessage:
        """Tells why."""
        return StreamingFailedMessage(payload=event.payload)

    @event_handler(summary="A title", description="Made from the first question")
    async def handle_title(self, event: TitleEvent) -> TitleMessage:
        """Tells the page of its title."""
        return TitleMessage(payload=event.payload)
