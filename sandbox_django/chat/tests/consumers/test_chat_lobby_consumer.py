"""A user's list of groups over the WebSocket."""

from asgiref.sync import sync_to_async
from test_utils.users import session_headers

from chanx.channels.testing import WebsocketTestCase
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import PongMessage
from chat.consumers.chat_lobby import ChatLobbyConsumer
from chat.models import ChatMember
from chat.services import groups, invitations, lines, members
from chat.tests.factories import ChatMemberFactory, GroupChatFactory, UserFactory


class TestChatLobbyConsumer(WebsocketTestCase):
    consumer = ChatLobbyConsumer
    ws_path = "/ws/chat/"

    def setUp(self) -> None:
        self.alice, self.bob = (UserFactory.create(username=name) for name in ("alice", "bob"))
        super().setUp()
        self.group = GroupChatFactory.create(title="Crew")
        ChatMemberFactory.create(user=self.bob, group_chat=self.group, role="owner")

    def get_ws_headers(self) -> list[tuple[bytes, bytes]]:
        return session_headers(self.alice)

    async def connected(self):
        client = self.create_communicator()
        await client.connect()
        await client.assert_authenticated_status_ok()
        await client.send_message(PingMessage())
        assert await client.receive_all_messages() == [PongMessage()]
        return client

    async def told(self, client) -> tuple[str, dict]:
        frame = await client.receive_json_from()
        if frame["action"] == "notification":  # the toast beside it
            await client.receive_json_from()
            return await self.told(client)
        assert (await client.receive_json_from())["action"] == "event_complete"
        return frame["action"], frame["payload"]

    async def test_unread_lines_are_counted_live_and_read_elsewhere(self) -> None:
        await sync_to_async(lines.say)(self.bob, self.group.pk, "before alice came")
        await sync_to_async(members.add_member)(self.group, self.alice)
        client = await self.connected()
        for unread in (1, 2):
            line = await sync_to_async(lines.say)(self.bob, self.group.pk, "hello")
            expected = {"groupId": self.group.pk, "unread": unread}
            assert await self.told(client) == ("unread_changed", expected)
        await sync_to_async(lines.say)(self.alice, self.group.pk, "one's own is not unread")
        await sync_to_async(lines.mark_read)(self.alice, self.group.pk, line.pk)
        assert await self.told(client) == ("unread_changed", {"groupId": self.group.pk, "unread": 0})
        assert await client.receive_nothing(timeout=0.1)

    async def test_invitations_and_memberships_arrive(self) -> None:
        client = await self.connected()
        ref = {"groupId": self.group.pk, "title": "Crew"}
        first = await sync_to_async(invitations.invite)(self.group, self.alice, by=self.bob)
        assert await self.told(client) == (
            "invitation_received",
            {"id": first.pk, **ref, "invitedBy": "bob"},
        )
        gone = ("invitation_gone", {"id": first.pk})
        await sync_to_async(invitations.end)(first)
        assert await self.told(client) == gone
        second = await sync_to_async(invitations.invite)(self.group, self.alice, by=self.bob)
        await self.told(client)
        member = await sync_to_async(invitations.accept)(second)
        assert await self.told(client) == ("group_joined", ref)
        assert (await self.told(client))[0] == "invitation_gone"
        await sync_to_async(members.remove_member)(member)
        assert await self.told(client) == ("group_left", ref)
        assert not await ChatMember.objects.filter(user=self.alice).aexists()

    async def test_another_users_affairs_are_not_heard(self) -> None:
        client = await self.connected()
        carol = await sync_to_async(UserFactory.create)(username="carol")
        await sync_to_async(members.add_member)(self.group, carol)
        await sync_to_async(lines.say)(self.bob, self.group.pk, "secret")
        await sync_to_async(invitations.invite)(
            self.group, await sync_to_async(UserFactory.create)(), by=self.bob
        )
        await sync_to_async(groups.delete_group)(self.group)
        assert await client.receive_nothing(timeout=0.2)
