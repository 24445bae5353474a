"""Groups with members, live."""

from typing import Any

from channels.db import database_sync_to_async
from config.certain import member
from rest_framework.permissions import IsAuthenticated

from chanx.channels.authenticator import DjangoAuthenticator
from chanx.core.decorators import channel, event_handler, ws_handler
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import ErrorMessage, PongMessage
from chat.consumers.presence import PresenceTeller
from chat.messages.group import (
    GroupChangedMessage,
    GroupDeletedMessage,
    GroupPayload,
    MarkReadMessage,
    MemberAddedMessage,
    MemberChangedMessage,
    MemberRemovedMessage,
    MemberTypingMessage,
    NewGroupMessage,
    NotifyGroupDeletedEvent,
    NotifyMemberAddedEvent,
    NotifyMemberChangedEvent,
    NotifyMemberRemovedEvent,
    SendGroupMessage,
    TypingMessage,
    TypistPayload,
    UserRemovedFromGroupMessage,
)
from chat.models import GroupChat
from chat.permissions import IsGroupMember
from chat.services import lines
from chat.utils import name_group_chat

_NOT_MEMBER = ErrorMessage(payload={"detail": "You are not a member of this group any more."})


class ChatDetailAuthenticator(DjangoAuthenticator):
    """Finds the group of the address and asks whether the visitor is a member."""

    permission_classes = [IsAuthenticated, IsGroupMember]
    queryset = GroupChat.objects.all()
    obj: GroupChat


@channel(name="group_chat", description="A group with members, who are told of each other", tags=["chat"])
class ChatDetailConsumer(PresenceTeller):
    """One member's page of one group."""

    authenticator_class = ChatDetailAuthenticator
    authenticator: ChatDetailAuthenticator
    passthrough_events = [NewGroupMessage, GroupChangedMessage]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.was_removed = False

    async def post_authentication(self) -> None:
        """Joins the group's pages."""
        await super().post_authentication()
        group_chat = self.authenticator.obj
        group_name = name_group_chat(group_chat.pk)
        await self.channel_layer.group_add(group_name, self.channel_name)
        self.groups.append(group_name)
        await self.be_present(group_chat.pk)

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
        """Keeps the line; the service passes it on, with its id and time."""
        if self.was_removed:
            return _NOT_MEMBER
        say = database_sync_to_async(lines.say)
        try:
            await say(member(self.authenticator.user), self.authenticator.obj.pk, message.payload.content)
        except lines.NotMember:
            return _NOT_MEMBER
        return None

    @ws_handler(
        summary="Tell that one is writing",
        description="Goes to the other members' pages",
        output_type=MemberTypingMessage,
    )
    async def handle_typing(self, _message: TypingMessage) -> None:
        """Tells the others."""
        if not self.was_removed:
            payload = TypistPayload(username=member(self.authenticator.user).get_username())
            await self.broadcast_message(MemberTypingMessage(payload=payload), exclude_current=True)

    @ws_handler(summary="Mark as read", description="What the group's count of unread lines goes by")
    async def handle_mark_read(self, message: MarkReadMessage) -> None:
        """Moves the member's mark; the service tells the user's lists."""
        mark = database_sync_to_async(lines.mark_read)
        await mark(member(self.authenticator.user), self.authenticator.obj.pk, message.payload.message_id)

    @event_handler(summary="A member was added", description="Told to every member's page")
    async def handle_member_added(self, event: NotifyMemberAddedEvent) -> MemberAddedMessage:
        """Tells the page."""
        return MemberAddedMessage(payload=event.payload)

    @event_handler(summary="A member has another role", description="Told to every member's page")
    async def handle_member_changed(self, event: NotifyMemberChangedEvent) -> MemberChangedMessage:
        """Tells the page."""
        return MemberChangedMessage(payload=event.payload)

    @event_handler(summary="A member is gone", description="Told differently to that member")
    async def handle_member_removed(
        self, event: NotifyMemberRemovedEvent
    ) -> UserRemovedFromGroupMessage | MemberRemovedMessage:
        """Tells the page; the removed member's own hears nothing more of the group."""
        if member(self.authenticator.user).pk != event.payload.user_pk:
            return MemberRemovedMessage(payload=event.payload)
        await self._end()
        return UserRemovedFromGroupMessage(payload=GroupPayload(title=self.authenticator.obj.title))

    @event_handler(summary="The group is gone", description="The last message of the page")
    async def handle_group_deleted(self, event: NotifyGroupDeletedEvent) -> GroupDeletedMessage:
        """Tells the page, which hears nothing more."""
        await self._end()
        return GroupDeletedMessage(payload=event.payload)

    async def _end(self) -> None:
        """Neither hears nor speaks any more."""
        self.was_removed = True
        for group in list(self.groups):
            await self.leave_group(group)
        await self.be_gone()
