"""Topics over the WebSocket: what pages hear, and what they refuse."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from chat.consumers.chat_consumer import ChatConsumer
from chat.tests.factories import UserFactory
from test_utils.users import session_headers

from chanx.channels.testing import WebsocketTestCase
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import PongMessage
from discussion import services
from discussion.consumers.topic_detail import TopicConsumer
from discussion.consumers.topic_list import TopicListConsumer
from discussion.models import Reply, Topic
from discussion.tests.factories import ReplyFactory, TopicFactory
from discussion.utils import TOPIC_LIST, name_topic


class TestTopicConsumer(WebsocketTestCase):
    consumer = TopicConsumer

    def setUp(self) -> None:
        self.user = UserFactory.create(username="alice")
        self.topic = TopicFactory.create()
        self.ws_path = f"/ws/discussion/{self.topic.pk}/"
        super().setUp()

    def get_ws_headers(self) -> list[tuple[bytes, bytes]]:
        return session_headers(self.user)

    async def connected(self, **options):
        client = self.create_communicator(**options)
        await client.connect()
        await client.assert_authenticated_status_ok()
        return client

    async def frames_until(self, client, action: str) -> list[dict]:
        frames = [await client.receive_json_from()]
        while frames[-1]["action"] != action:
            frames.append(await client.receive_json_from())
        return frames

    async def test_connect_successfully_and_ping(self) -> None:
        client = await self.connected()
        await client.send_message(PingMessage())
        assert await client.receive_all_messages() == [PongMessage()]

    async def test_a_reply_is_kept_and_reaches_every_page(self) -> None:
        alice, visitor = await self.connected(), await self.connected(headers=[])
        await alice.send_json_to({"action": "post_reply", "payload": {"body": "  Tea  "}})
        for client in (alice, visitor):
            told = (await self.frames_until(client, "reply_created"))[-1]["payload"]
            assert (told["author"], told["body"], told["score"]) == ("alice", "Tea", 0)
        kept = await Reply.objects.aget()
        assert (kept.pk, kept.topic_id) == (told["id"], self.topic.pk)

    async def test_the_wire_speaks_camel_case(self) -> None:
        client = await self.connected()
        await client.send_json_to({"action": "post_reply", "payload": {"body": "Tea"}})
        texts = [(await client.receive_output())["text"] for _ in range(2)]
        assert any('"topicId"' in text and '"createdAt"' in text for text in texts)

    async def test_a_vote_is_counted_for_oneself_and_told_to_all(self) -> None:
        alice, visitor = await self.connected(), await self.connected(headers=[])
        for value in (1, 1, -1, 0):
            await alice.send_json_to({"action": "cast_vote", "payload": {"value": value}})
            own = (await self.frames_until(alice, "vote_counted"))[-1]["payload"]
            assert own == {"replyId": None, "score": value, "myVote": value}
            told = (await self.frames_until(visitor, "score_changed"))[-1]["payload"]
            assert told == {"replyId": None, "score": value}

    async def test_what_cannot_be_is_explained(self) -> None:
        elsewhere = await sync_to_async(ReplyFactory.create)()
        client = await self.connected()
        for action, payload, words in (
            ("post_reply", {"body": " "}, "at least 1 character"),
            ("post_reply", {"body": "x" * 20_001}, "at most 20000"),
            ("post_reply", {"body": "a\x00b"}, "NUL"),
            ("cast_vote", {"value": 2}, "Input should be -1, 0 or 1"),
            ("cast_vote", {"value": 1, "reply_id": elsewhere.pk}, "no such reply"),
            ("cast_vote", {"value": 1, "reply_id": 10**30}, "no such reply"),
        ):
            await client.send_json_to({"action": action, "payload": payload})
            frame = (await self.frames_until(client, "error"))[-1]
            assert words in str(frame["payload"]), frame
        assert await Reply.objects.acount() == 1

    async def test_half_a_character_is_refused(self) -> None:
        client = await self.connected()
        await client.send_input(
            {
                "type": "websocket.receive",
                "text": '{"action": "post_reply", "payload": {"body": "\\ud800"}}',
            }
        )
        assert (await self.frames_until(client, "error"))[-1]["payload"]
        assert await Reply.objects.acount() == 0

    async def test_a_closed_account_takes_part_no_more(self) -> None:
        client = await self.connected()
        self.user.is_active = False
        await self.user.asave()
        await client.send_json_to({"action": "post_reply", "payload": {"body": "still here"}})
        assert "Log in" in (await self.frames_until(client, "error"))[-1]["payload"]["detail"]
        assert await Reply.objects.acount() == 0

    async def test_a_deleted_topic_says_so_and_takes_nothing_more(self) -> None:
        client = await self.connected()
        await sync_to_async(services.delete_topic)(await Topic.objects.aget(pk=self.topic.pk))
        frames = await self.frames_until(client, "topic_deleted")
        assert frames[-1]["payload"] == {"id": self.topic.pk}
        await client.send_json_to({"action": "post_reply", "payload": {"body": "late"}})
        assert "was deleted" in (await self.frames_until(client, "error"))[-1]["payload"]["detail"]

    async def test_an_unknown_topic_is_not_found(self) -> None:
        for pk in (self.topic.pk + 1, 10**17):
            client = self.create_communicator(ws_path=f"/ws/discussion/{pk}/")
            await client.connect()
            assert (await client.receive_json_from())["payload"]["statusCode"] == 404
            await client.assert_closed(4404)

    async def test_an_open_room_named_like_a_group_neither_hears_nor_speaks(self) -> None:
        page = await self.connected(headers=[])
        rooms = []
        for name in (name_topic(self.topic.pk), TOPIC_LIST):
            room = self.create_communicator(ws_path=f"/ws/chat/{name}/", headers=[])
            room.consumer = ChatConsumer
            await room.connect()
            rooms.append(room)
        await sync_to_async(services.create_reply)(self.user, self.topic.pk, body="heard by pages alone")
        await self.frames_until(page, "event_complete")
        for room in rooms:
            assert await room.receive_nothing(timeout=0.2)
            line = {"message": "intruder", "name": "Mallory"}
            await room.send_json_to({"action": "new_chat_message", "payload": line})
        assert await page.receive_nothing(timeout=0.3)


class TestTopicListConsumer(WebsocketTestCase):
    consumer = TopicListConsumer
    ws_path = "/ws/discussion/"

    async def test_a_list_hears_what_becomes_of_topics(self) -> None:
        await self.auth_communicator.connect()
        await self.auth_communicator.send_message(PingMessage())
        assert await self.auth_communicator.receive_all_messages() == [PongMessage()]
        author, reader = await sync_to_async(UserFactory.create)(), await sync_to_async(UserFactory.create)()
        topic = await sync_to_async(services.create_topic)(author, title="Tea", body="or coffee")
        reply = await sync_to_async(services.create_reply)(reader, topic.pk, body="Tea")
        await sync_to_async(services.cast_vote)(reader, topic, 1)
        await sync_to_async(services.accept_answer)(author, topic.pk, reply.pk)
        await sync_to_async(services.delete_topic)(topic)
        frames: list[dict[str, Any]] = []
        while not frames or frames[-1]["action"] != "topic_unlisted":
            frames.append(await self.auth_communicator.receive_json_from())
        told = [frame for frame in frames if frame["action"] != "event_complete"]
        assert [frame["action"] for frame in told] == [
            "topic_created",
            *["topic_listed"] * 3,
            "topic_unlisted",
        ]
        facts = [
            (f["payload"]["replyCount"], f["payload"]["score"], f["payload"]["isAnswered"]) for f in told[:-1]
        ]
        assert facts == [(0, 0, False), (1, 0, False), (1, 1, False), (1, 1, True)]


def test_refusals_are_raised(db):
    topic = TopicFactory.create()
    with pytest.raises(services.Refused, match="yourself"):
        services.cast_vote(topic.author, topic, 1)
    with pytest.raises(services.Refused, match="author"):
        services.accept_answer(UserFactory.create(), topic.pk, None)
