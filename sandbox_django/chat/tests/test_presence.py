"""Who is online: over windows, processes and dead connections."""

import asyncio
from datetime import timedelta

from asgiref.sync import sync_to_async
from django.test import override_settings
from django.utils import timezone
from test_utils.users import session_headers

from chanx.channels.testing import DjangoWebsocketCommunicator, WebsocketTestCase
from chat import presence
from chat.consumers.chat_detail import ChatDetailConsumer
from chat.models import ChatPresence
from chat.services.members import remove_member
from chat.tests.factories import ChatMemberFactory, GroupChatFactory, UserFactory


class TestPresence(WebsocketTestCase):
    consumer = ChatDetailConsumer

    def setUp(self) -> None:
        self.alice, self.bob = (UserFactory.create(username=name) for name in ("alice", "bob"))
        super().setUp()
        self.group = GroupChatFactory.create()
        self.members = [
            ChatMemberFactory.create(user=user, group_chat=self.group) for user in (self.alice, self.bob)
        ]
        self.ws_path = f"/ws/chat/{self.group.pk}/"

    async def window(self, user):
        client = self.create_communicator(headers=await sync_to_async(session_headers)(user))
        await client.connect()
        await client.assert_authenticated_status_ok()
        await client.send_json_to({"action": "ping"})
        assert (await client.receive_json_from())["action"] == "pong"  # so it is noted by now
        assert (await client.receive_json_from())["action"] == "complete"
        return client

    async def watching(self, user) -> tuple[DjangoWebsocketCommunicator, list[str]]:
        """A window that asked who is online, and the answer."""
        client = await self.window(user)
        await client.send_json_to({"action": "who_is_online"})
        answer = await client.receive_json_from()
        assert answer["action"] == "online_members"
        assert (await client.receive_json_from())["action"] == "complete"
        return client, answer["payload"]["usernames"]

    async def change(self, client) -> tuple[str, bool]:
        frame = await client.receive_json_from(timeout=6)
        assert frame["action"] == "presence_changed"
        assert (await client.receive_json_from())["action"] == "event_complete"
        return frame["payload"]["username"], frame["payload"]["online"]

    def dead_window(self, user) -> None:
        """A connection of a process that was killed some time ago."""
        long_ago = timezone.now() - timedelta(hours=1)
        ChatPresence.objects.create(group_chat=self.group, user=user, channel="killed", seen_at=long_ago)

    async def test_coming_and_going_is_told_to_those_who_asked(self) -> None:
        alice, names = await self.watching(self.alice)
        assert names == ["alice"]
        silent = await self.window(self.alice)
        bob, names = await self.watching(self.bob)
        assert names == ["alice", "bob"]
        assert await self.change(alice) == ("bob", True)
        await bob.disconnect()
        assert await self.change(alice) == ("bob", False)
        assert await silent.receive_nothing(timeout=0.1)

    async def test_a_second_window_is_the_same_person(self) -> None:
        alice, _ = await self.watching(self.alice)
        first, second = await self.window(self.bob), await self.window(self.bob)
        assert await self.change(alice) == ("bob", True)
        await first.disconnect()
        assert await alice.receive_nothing(timeout=0.2)
        assert await sync_to_async(presence.online)(self.group.pk) == ["alice", "bob"]
        await second.disconnect()
        assert await self.change(alice) == ("bob", False)
        assert await sync_to_async(presence.online)(self.group.pk) == ["alice"]

    async def test_windows_of_another_process_count(self) -> None:
        await ChatPresence.objects.acreate(group_chat=self.group, user=self.bob, channel="elsewhere")
        alice, names = await self.watching(self.alice)
        assert names == ["alice", "bob"]
        here = await self.window(self.bob)
        await here.disconnect()
        assert await alice.receive_nothing(timeout=0.2)

    async def test_the_dead_are_not_online(self) -> None:
        await sync_to_async(self.dead_window)(self.bob)
        alice, names = await self.watching(self.alice)
        assert names == ["alice"]
        await self.window(self.bob)
        assert await self.change(alice) == ("bob", True)

    @override_settings(CHAT_PRESENCE_SECONDS=2)
    async def test_the_living_tell_of_the_dead_and_stay_alive_themselves(self) -> None:
        alice, _ = await self.watching(self.alice)
        await ChatPresence.objects.acreate(group_chat=self.group, user=self.bob, channel="about to be killed")
        assert await self.change(alice) == ("bob", False)
        await asyncio.sleep(2.4)
        assert await sync_to_async(presence.online)(self.group.pk) == ["alice"]
        assert await ChatPresence.objects.acount() == 1

    @override_settings(CHAT_PRESENCE_SECONDS=2)
    async def test_a_connection_that_was_taken_for_dead_comes_back(self) -> None:
        alice, _ = await self.watching(self.alice)
        await self.window(self.bob)
        assert await self.change(alice) == ("bob", True)
        await ChatPresence.objects.filter(user=self.bob).adelete()
        assert await self.change(alice) == ("bob", True)

    async def test_who_is_removed_is_offline(self) -> None:
        bob = await self.window(self.bob)
        await sync_to_async(remove_member)(self.members[1])
        assert (await bob.receive_json_from())["action"] == "user_removed_from_group"
        assert not await ChatPresence.objects.aexists()
        await bob.send_json_to({"action": "who_is_online"})
        assert await bob.receive_json_from() == {"action": "event_complete", "payload": None}
        assert await bob.receive_json_from() == {"action": "complete", "payload": None}

    async def test_who_is_refused_is_not_online(self) -> None:
        stranger = self.create_communicator(
            headers=await sync_to_async(lambda: session_headers(UserFactory.create()))()
        )
        await stranger.connect()
        await stranger.receive_json_from()
        await stranger.assert_closed(4403)
        await stranger.disconnect()
        assert not await ChatPresence.objects.aexists()
