"""An application and its tests as one writes them for chanx 1.1; they run unchanged on 1.1 and here.

Nothing in here but the import paths and names of 1.x; the group chat is that of its documentation in small.
"""

from typing import Any, Literal, cast

from channels.routing import URLRouter
from django.contrib.auth.models import Group, User
from pydantic import BaseModel
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission

from chanx.constants import EVENT_ACTION_COMPLETE, GROUP_ACTION_COMPLETE
from chanx.core.decorators import channel, event_handler, ws_handler
from chanx.core.websocket import AsyncJsonWebsocketConsumer
from chanx.ext.channels.authenticator import DjangoAuthenticator
from chanx.ext.channels.routing import include, path, re_path
from chanx.ext.channels.testing import WebsocketTestCase
from chanx.messages.base import BaseMessage
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import PongMessage


class MemberPayload(BaseModel):
    name: str


class MessagePayload(BaseModel):
    content: str


class NewChatMessage(BaseMessage):
    action: Literal["new_chat_message"] = "new_chat_message"
    payload: MessagePayload


class MemberAddedMessage(BaseMessage):
    action: Literal["member_added"] = "member_added"
    payload: MemberPayload


class MemberRemovedMessage(BaseMessage):
    action: Literal["member_removed"] = "member_removed"
    payload: MemberPayload


class RemovedFromGroupMessage(BaseMessage):
    action: Literal["removed_from_group"] = "removed_from_group"
    payload: None = None


class NotifyMemberAddedEvent(BaseMessage):
    action: Literal["notify_member_added"] = "notify_member_added"
    payload: MemberPayload


class NotifyMemberRemovedEvent(BaseMessage):
    action: Literal["notify_member_removed"] = "notify_member_removed"
    payload: MemberPayload


ChatDetailEvent = NotifyMemberAddedEvent | NotifyMemberRemovedEvent


class IsMember(BasePermission):
    def has_object_permission(self, request: Any, view: Any, obj: Group) -> bool:
        if request.user.is_anonymous:
            raise PermissionDenied()
        return request.user.groups.filter(pk=obj.pk).exists()  # type: ignore[no-any-return]  # untyped request


class ChatDetailAuthenticator(DjangoAuthenticator):
    permission_classes = [IsMember]
    queryset = Group.objects.all()
    obj: Group


@channel(name="chat_detail", description="Group chat details", tags=["chat"])
class ChatDetailConsumer(AsyncJsonWebsocketConsumer[ChatDetailEvent]):  # type: ignore[type-var]  # a union, as in 1.x
    authenticator_class = ChatDetailAuthenticator
    authenticator: ChatDetailAuthenticator
    send_completion = True

    async def post_authentication(self) -> None:
        group_name = f"group_chat.{self.authenticator.obj.pk}"
        assert self.channel_layer
        await self.channel_layer.group_add(group_name, self.channel_name)
        self.groups.append(group_name)

    @ws_handler(summary="Ping", description="Simple ping-pong")
    async def handle_ping(self, _message: PingMessage) -> PongMessage:
        return PongMessage()

    @ws_handler(output_type=NewChatMessage)
    async def handle_new_chat_message(self, message: NewChatMessage) -> None:
        await self.broadcast_message(message, exclude_current=False)

    @event_handler
    async def handle_member_added(self, event: NotifyMemberAddedEvent) -> MemberAddedMessage:
        return MemberAddedMessage(payload=event.payload)

    @event_handler
    async def handle_member_removed(
        self, event: NotifyMemberRemovedEvent
    ) -> RemovedFromGroupMessage | MemberRemovedMessage:
        user = self.authenticator.user
        if user is not None and user.get_username() == event.payload.name:
            return RemovedFromGroupMessage()
        return MemberRemovedMessage(payload=event.payload)


chat_router = URLRouter([re_path(r"(?P<pk>\d+)/", ChatDetailConsumer.as_asgi())])


class InScope:
    """Puts a user into the scope, as a middleware would from a cookie."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.user: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self.user is not None:
            scope["user"] = self.user
        await self.inner(scope, receive, send)


class TestChatDetailConsumer(WebsocketTestCase):
    consumer = ChatDetailConsumer

    def setUp(self) -> None:
        super().setUp()
        self.user = User.objects.create_user("alice")
        self.group_chat = Group.objects.create(name="Test Group Chat")
        self.user.groups.add(self.group_chat)
        self.ws_path = f"/ws/chat/{self.group_chat.pk}/"
        router = URLRouter([path("ws/", URLRouter([path("chat/", include(chat_router))]))])
        self.router = InScope(router)
        self.router.user = self.user

    async def test_connect_successfully_and_ping(self) -> None:
        await self.auth_communicator.connect()
        await self.auth_communicator.assert_authenticated_status_ok()
        await self.auth_communicator.send_message(PingMessage())
        assert await self.auth_communicator.receive_all_messages() == [PongMessage()]

    async def test_notify_member_add_event(self) -> None:
        await self.auth_communicator.connect()
        await self.auth_communicator.assert_authenticated_status_ok()
        await ChatDetailConsumer.broadcast_event(
            NotifyMemberAddedEvent(payload=MemberPayload(name="bob")),
            [f"group_chat.{self.group_chat.pk}"],
        )
        messages = await self.auth_communicator.receive_all_messages(stop_action=EVENT_ACTION_COMPLETE)
        assert len(messages) == 1
        message = cast(MemberAddedMessage, messages[0])
        assert message.action == "member_added"
        assert message.payload.name == "bob"

    async def test_the_removed_member_gets_another_message_than_the_others(self) -> None:
        await self.auth_communicator.connect()
        await self.auth_communicator.assert_authenticated_status_ok()
        for name, expected in (("bob", "member_removed"), ("alice", "removed_from_group")):
            await ChatDetailConsumer.broadcast_event(
                NotifyMemberRemovedEvent(payload=MemberPayload(name=name)),
                [f"group_chat.{self.group_chat.pk}"],
            )
            (message,) = await self.auth_communicator.receive_all_messages(EVENT_ACTION_COMPLETE)
            assert message.action == expected

    async def test_a_message_reaches_the_whole_group(self) -> None:
        other = self.create_communicator()
        for communicator in (self.auth_communicator, other):
            await communicator.connect()
            await communicator.assert_authenticated_status_ok()
        message = NewChatMessage(payload=MessagePayload(content="hello"))
        await other.send_message(message)
        for communicator in (self.auth_communicator, other):
            assert await communicator.receive_all_messages(GROUP_ACTION_COMPLETE) == [message]

    async def test_a_stranger_is_refused(self) -> None:
        self.router.user = await User.objects.acreate(username="mallory")
        await self.auth_communicator.connect()
        auth = await self.auth_communicator.wait_for_auth(after_auth_time=0)
        assert auth is not None
        assert auth.payload.status_code == 403
        await self.auth_communicator.assert_closed()

    async def test_an_unknown_group_is_not_found(self) -> None:
        self.ws_path = "/ws/chat/99999/"
        await self.auth_communicator.connect()
        auth = await self.auth_communicator.wait_for_auth(after_auth_time=0)
        assert auth is not None
        assert auth.payload.status_code == 404

    async def test_a_frame_of_no_action_is_an_error_message(self) -> None:
        await self.auth_communicator.connect()
        await self.auth_communicator.assert_authenticated_status_ok()
        await self.auth_communicator.send_json_to({"action": "unknown"})
        (error,) = await self.auth_communicator.receive_all_messages()
        assert error.action == "error"
