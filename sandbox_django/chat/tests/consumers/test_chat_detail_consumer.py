"""Groups with members over the WebSocket."""

from accounts.models import User
from asgiref.sync import sync_to_async
from test_utils.users import session_headers

from chanx.channels.testing import WebsocketTestCase
from chanx.constants import EVENT_ACTION_COMPLETE
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import PongMessage
from chat.consumers.chat_consumer import ChatConsumer
from chat.consumers.chat_detail import ChatDetailConsumer
from chat.messages.group import (
    MemberAddedMessage,
    MemberPayload,
    MemberRemovedMessage,
    NotifyMemberAddedEvent,
    NotifyMemberRemovedEvent,
    UserRemovedFromGroupMessage,
)
from chat.models import ChatMember, ChatMessage, GroupChat
from chat.tests.factories import ChatMemberFactory
from chat.utils import name_group_chat


class TestChatDetailConsumer(WebsocketTestCase):
    consumer = ChatDetailConsumer

    def setUp(self) -> None:
        self.user = User.objects.create_user("alice")
        self.bob = User.objects.create_user("bob")
        super().setUp()
        self.group_chat = GroupChat.objects.create(title="Test Group Chat")
        for user in (self.user, self.bob):
            ChatMemberFactory.create(user=user, group_chat=self.group_chat)
        self.ws_path = f"/ws/chat/{self.group_chat.pk}/"
        self.group = name_group_chat(self.group_chat.pk)

    def get_ws_headers(self) -> list[tuple[bytes, bytes]]:
        return session_headers(self.user)

    async def connected(self, user: User):
        headers = await sync_to_async(session_headers)(user)
        client = self.create_communicator(headers=headers)
        await client.connect()
        await client.assert_authenticated_status_ok()
        return client

    async def refused_with(self, communicator, status: int) -> None:
        await communicator.connect()
        assert (await communicator.receive_json_from())["payload"]["status_code"] == status
        await communicator.assert_closed(4000 + status)

    def payload(self, user: User) -> MemberPayload:
        return MemberPayload(id=7, user_pk=user.pk, username=user.username)

    async def test_connect_successfully_and_ping(self) -> None:
        await self.auth_communicator.connect()
        await self.auth_communicator.assert_authenticated_status_ok()
        await self.auth_communicator.send_message(PingMessage())
        assert await self.auth_communicator.receive_all_messages() == [PongMessage()]

    async def test_strangers_visitors_and_unknown_groups_are_refused(self) -> None:
        stranger = await User.objects.acreate(username="stranger")
        admin = await User.objects.acreate(username="admin", is_superuser=True)
        for user in (stranger, admin):
            headers = await sync_to_async(session_headers)(user)
            await self.refused_with(self.create_communicator(headers=headers), 403)
        await self.refused_with(self.create_communicator(headers=[]), 401)
        await self.refused_with(self.create_communicator(ws_path="/ws/chat/999999/"), 404)

    async def test_a_line_is_kept_and_reaches_every_member(self) -> None:
        alice, bob = await self.connected(self.user), await self.connected(self.bob)
        await alice.send_json_to({"action": "send_group_message", "payload": {"content": " hi "}})
        lines = []
        for client in (alice, bob):
            frame = await client.receive_json_from()
            while frame["action"] != "new_group_message":
                frame = await client.receive_json_from()
            lines.append(frame["payload"])
        kept = await ChatMessage.objects.aget()
        assert (kept.content, kept.sender_id) == ("hi", self.user.pk)
        assert [line["id"] for line in lines] == [kept.pk, kept.pk]
        assert lines[1]["sender"] == "alice"

    async def test_typing_is_told_to_the_others(self) -> None:
        alice, bob = await self.connected(self.user), await self.connected(self.bob)
        await alice.send_json_to({"action": "typing"})
        assert await bob.receive_json_from() == {
            "action": "member_typing",
            "payload": {"username": "alice"},
        }
        assert await alice.receive_json_from() == {"action": "complete", "payload": None}
        assert await alice.receive_nothing()

    async def test_the_mark_of_what_was_read_only_moves_forward(self) -> None:
        await self.auth_communicator.connect()
        await self.auth_communicator.assert_authenticated_status_ok()
        for mark in (5, 3):
            message = {"action": "mark_read", "payload": {"message_id": mark}}
            await self.auth_communicator.send_json_to(message)
            await self.auth_communicator.receive_all_json()
        member = await ChatMember.objects.aget(user=self.user)
        assert member.last_read_id == 5

    async def test_notify_member_add_event(self) -> None:
        await self.auth_communicator.connect()
        await self.auth_communicator.assert_authenticated_status_ok()
        payload = self.payload(self.bob)
        await ChatDetailConsumer.broadcast_event(
            NotifyMemberAddedEvent(payload=payload), [f"group_chat.{self.group_chat.pk}"]
        )
        messages = await self.auth_communicator.receive_all_messages(EVENT_ACTION_COMPLETE)
        assert messages == [MemberAddedMessage(payload=payload)]

    async def test_a_removal_is_told_differently_to_oneself_and_to_others(self) -> None:
        alice, bob = await self.connected(self.user), await self.connected(self.bob)
        event = NotifyMemberRemovedEvent(payload=self.payload(self.bob))
        await ChatDetailConsumer.broadcast_event(event, [self.group])
        assert await alice.receive_all_messages(EVENT_ACTION_COMPLETE) == [
            MemberRemovedMessage(payload=event.payload)
        ]
        (own,) = await bob.receive_all_messages(EVENT_ACTION_COMPLETE)
        assert isinstance(own, UserRemovedFromGroupMessage)

    async def test_a_removed_member_neither_hears_nor_speaks(self) -> None:
        alice, bob = await self.connected(self.user), await self.connected(self.bob)
        event = NotifyMemberRemovedEvent(payload=self.payload(self.bob))
        await ChatDetailConsumer.broadcast_event(event, [self.group])
        for client in (alice, bob):
            await client.receive_all_messages(EVENT_ACTION_COMPLETE)
        line = {"action": "send_group_message", "payload": {"content": "secret"}}
        await bob.send_json_to(line)
        assert "not a member" in (await bob.receive_json_from())["payload"]["detail"]
        await alice.send_json_to(line)
        assert (await alice.receive_all_json())[-1] is not None
        assert [frame["action"] for frame in await bob.receive_all_json()] in ([], ["complete"])
        assert await ChatMessage.objects.acount() == 1

    async def test_an_open_room_named_like_the_group_neither_hears_nor_speaks(self) -> None:
        alice = await self.connected(self.user)
        room = self.create_communicator(ws_path=f"/ws/chat/{self.group}/", headers=[])
        room.consumer = ChatConsumer
        await room.connect()
        await alice.send_json_to({"action": "send_group_message", "payload": {"content": "secret"}})
        await alice.receive_all_json()
        assert await room.receive_nothing(timeout=0.2)
        line = {"message": "intruder", "name": "Mallory"}
        await room.send_json_to({"action": "new_chat_message", "payload": line})
        assert await alice.receive_nothing(timeout=0.3)
