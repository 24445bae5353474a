"""Groups with members, live."""

from typing import Any

from rest_framework.permissions import IsAuthenticated
from system.consumers.notices import NoticeReceiver

from chanx.channels.authenticator import DjangoAuthenticator
from chanx.core.decorators import channel, event_handler, ws_handler
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import ErrorMessage, PongMessage
from chat.messages.group import (
    GroupLinePayload,
    GroupPayload,
    MarkReadMessage,
    MemberAddedMessage,
    MemberRemovedMessage,
    MemberTypingMessage,
    NewGroupMessage,
    NotifyMemberAddedEvent,
    NotifyMemberRemovedEvent,
    SendGroupMessage,
    TypingMessage,
    TypistPayload,
    UserRemovedFromGroupMessage,
)
from chat.models import ChatMember, ChatMessage, GroupChat
from chat.permissions import IsGroupMember
from chat.utils import name_group_chat


class ChatDetailAuthenticator(DjangoAuthenticator):
    """Finds the group of the address and asks whether the visitor is a member."""

    permission_classes = [IsAuthenticated, IsGroupMember]
    queryset = GroupChat.objects.all()
    obj: GroupChat


@channel(name="group_chat", description="A group with members, who are told of each other", tags=["chat"])
class ChatDetailConsumer(NoticeReceiver):
    """One member's page of one group."""

    authenticator_class = ChatDetailAuthenticator
    authenticator: ChatDetailAuthenticator

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.was_removed = False

    async def post_authentication(self) -> None:
        """Joins the group's pages."""
        await super().post_authentication()
        group_name = name_group_chat(self.authenticator.obj.pk)
        await self.channel_layer.group_add(group_name, self.channel_name)
        self.groups.append(group_name)

    @ws_handler(summary="Answer a ping", description="Keeps the connection alive")
    async def handle_ping(self, _message: PingMessage) -> PongMessage:
        """Answers with a pong."""
        return PongMessage()

    @ws_handler(
        summary="Say something",
        description="Kept, and sent to every member's page, the sender's as well",
        output_type=NewGroupMessage | ErrorMessage,
    )
    async def handle_send_group_message(self, message: SendGroupMessage) -> ErrorMessage | None:
        """Keeps the line and passes it on, with its id and time."""
        if self.was_removed:
            return ErrorMessage(payload={"detail": "You are not a member of this group any more."})
        user = self.authenticator.user
        line = await ChatMessage.objects.acreate(
            group_chat_id=self.authenticator.obj.pk,
            sender_id=user.pk,
            content=message.payload.content,
        )
        payload = GroupLinePayload(
            id=line.pk,
            sender=user.get_username(),
            content=line.content,
            created_at=line.created_at,
        )
        await self.broadcast_message(NewGroupMessage(payload=payload))
        return None

    @ws_handler(
        summary="Tell that one is writing",
        description="Goes to the other members' pages",
        output_type=MemberTypingMessage,
    )
    async def handle_typing(self, _message: TypingMessage) -> None:
        """Tells the others."""
        if not self.was_removed:
            payload = TypistPayload(username=self.authenticator.user.get_username())
            await self.broadcast_message(MemberTypingMessage(payload=payload), exclude_current=True)

    @ws_handler(summary="Mark as read", description="What the group's count of unread lines goes by")
    async def handle_mark_read(self, message: MarkReadMessage) -> None:
        """Moves the member's mark forward, never back."""
        await ChatMember.objects.filter(
            group_chat_id=self.authenticator.obj.pk,
            user_id=self.authenticator.user.pk,
            last_read_id__lt=message.payload.message_id,
        ).aupdate(last_read_id=message.payload.message_id)

    @event_handler(summary="A member was added", description="Told to every member's page")
    async def handle_member_added(self, event: NotifyMemberAddedEvent) -> MemberAddedMessage:
        """Tells the page."""
        return MemberAddedMessage(payload=event.payload)

    @event_handler(summary="A member is gone", description="Told differently to that member")
    async def handle_member_removed(
        self, event: NotifyMemberRemovedEvent
    ) -> UserRemovedFromGroupMessage | MemberRemovedMessage:
        """Tells the page; the removed member's own hears nothing more of the group."""
        if self.authenticator.user.pk != event.payload.user_pk:
            return MemberRemovedMessage(payload=event.payload)
        self.was_removed = True
        for group in self.groups:
            await self.channel_layer.group_discard(group, self.channel_name)
        return UserRemovedFromGroupMessage(payload=GroupPayload(title=self.authenticator.obj.title))
