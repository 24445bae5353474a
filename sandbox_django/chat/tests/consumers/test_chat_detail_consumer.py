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
from chat.services import groups, members
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
        assert (await communicator.receive_json_from())["payload"]["statusCode"] == status
        await communicator.assert_closed(4000 + status)

    async def say(self, client, content: str) -> None:
        await client.send_json_to({"action": "send_group_message", "payload": {"content": content}})

    async def frame(self, client, action: str):
        """The payload of the next frame of this action; others before it are passed over."""
        while True:
            frame = await client.receive_json_from()
            if frame["action"] == action:
                return frame["payload"]

    async def next_line(self, client):
        """The next line; an error frame before it is a failure."""
        while True:
            frame = await client.receive_json_from()
            assert frame["action"] not in ("error", "member_typing"), frame
            if frame["action"] == "new_group_message":
                return frame["payload"]

    async def drain(self, client) -> None:
        """Takes what has come until nothing comes for a moment."""
        while not await client.receive_nothing(timeout=0.2):
            await client.receive_json_from()

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

    async def test_the_mark_of_what_was_read_only_moves_forward_and_not_beyond_the_lines(self) -> None:
        client = await self.connected(self.user)
        first, second, _ = [
            await ChatMessage.objects.acreate(group_chat=self.group_chat, sender=self.bob, content="x")
            for _ in range(3)
        ]
        newest = await ChatMessage.objects.alatest("pk")
        for mark, expected in ((second.pk, second.pk), (first.pk, second.pk), (2**62, newest.pk)):
            await client.send_json_to({"action": "mark_read", "payload": {"message_id": mark}})
            assert (await client.receive_json_from())["action"] == "complete"
            member = await ChatMember.objects.aget(user=self.user)
            assert member.last_read_id == expected

    async def test_a_mark_that_no_database_takes_is_refused(self) -> None:
        client = await self.connected(self.user)
        for mark in (2**63, -1, "x"):
            await client.send_json_to({"action": "mark_read", "payload": {"message_id": mark}})
            assert (await client.receive_json_from())["action"] == "error"
            assert (await client.receive_json_from())["action"] == "complete"

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
        carol = await User.objects.acreate(username="carol")
        await ChatMember.objects.acreate(user=carol, group_chat=self.group_chat)
        people = [await self.connected(user) for user in (self.user, self.bob, carol)]
        alice, bob, witness = people
        await self.say(alice, "all hear this")
        for client in people:  # so the test could fail: as a member bob hears
            assert (await self.next_line(client))["content"] == "all hear this"
        membership = await ChatMember.objects.select_related("user", "group_chat").aget(user=self.bob)
        await sync_to_async(members.remove_member)(membership)
        assert await self.frame(bob, "user_removed_from_group")
        assert await self.frame(witness, "member_removed")
        await self.say(bob, "bob speaks")
        assert "not a member" in (await self.frame(bob, "error"))["detail"]
        await bob.send_json_to({"action": "typing"})
        await self.drain(bob)
        await self.say(alice, "without bob")
        # The witness hears alice, and nothing of bob's before; bob hears neither line, nor that alice is writing.
        assert (await self.next_line(witness))["content"] == "without bob"
        await alice.send_json_to({"action": "typing"})
        heard = await self.frame(witness, "member_typing")
        assert heard == {"username": "alice"}
        assert await bob.receive_nothing(timeout=0.3)
        said = [line.content async for line in ChatMessage.objects.all()]
        assert said == ["all hear this", "without bob"]

    async def test_whoever_was_removed_in_the_database_alone_does_not_speak(self) -> None:
        bob = await self.connected(self.bob)
        await ChatMember.objects.filter(user=self.bob).adelete()  # whose event was lost, say
        await self.say(bob, "still here")
        assert "not a member" in (await self.frame(bob, "error"))["detail"]
        assert await ChatMessage.objects.acount() == 0

    async def test_a_closed_account_does_not_speak(self) -> None:
        bob = await self.connected(self.bob)
        self.bob.is_active = False
        await self.bob.asave()
        await self.say(bob, "still here")
        assert await self.frame(bob, "error")
        assert await ChatMessage.objects.acount() == 0

    async def test_a_deleted_group_says_so_and_takes_nothing_more(self) -> None:
        bob = await self.connected(self.bob)
        await sync_to_async(groups.delete_group)(await GroupChat.objects.aget(pk=self.group_chat.pk))
        assert (await self.frame(bob, "group_deleted"))["title"] == "Test Group Chat"
        await self.say(bob, "late")
        assert await self.frame(bob, "error")

    async def test_changes_of_group_and_roles_are_told(self) -> None:
        bob = await self.connected(self.bob)
        group = await GroupChat.objects.aget(pk=self.group_chat.pk)
        await sync_to_async(groups.change_group)(group, title="New", is_public=True)
        assert await self.frame(bob, "group_changed") == {"title": "New", "isPublic": True}
        member = await ChatMember.objects.select_related("user").aget(user=self.user)
        await sync_to_async(members.change_role)(member, "owner")
        assert (await self.frame(bob, "member_changed"))["role"] == "owner"

    async def test_lines_that_cannot_be_are_refused(self) -> None:
        alice = await self.connected(self.user)
        for content, words in ((" ", "at least 1"), ("x" * 4001, "at most 4000"), ("a\x00b", "NUL")):
            await self.say(alice, content)
            assert words in str(await self.frame(alice, "error"))
            assert (await alice.receive_json_from())["action"] == "complete"
        assert await ChatMessage.objects.acount() == 0

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
