"""Kept conversations over the WebSocket: who may listen, and what is heard."""

from uuid import uuid4

from accounts.models import User
from test_utils.users import session_headers

from assistants.consumers.conversation_consumer import ConversationAssistantConsumer
from assistants.messages.assistant import (
    StreamingEvent,
    StreamingMessage,
    StreamingPayload,
    TitleEvent,
    TitleMessage,
    TitlePayload,
)
from assistants.models import AssistantConversation
from chanx.channels.testing import WebsocketTestCase
from chanx.constants import EVENT_ACTION_COMPLETE


class TestConversationAssistantConsumer(WebsocketTestCase):
    consumer = ConversationAssistantConsumer

    def setUp(self) -> None:
        self.user = User.objects.create_user("alice")
        self.conversation = AssistantConversation.objects.create(user=self.user)
        self.ws_path = f"/ws/assistants/{self.conversation.pk}/"
        super().setUp()

    def get_ws_headers(self) -> list[tuple[bytes, bytes]]:
        return session_headers(self.user)

    async def refused_with(self, communicator, status: int) -> None:
        await communicator.connect()
        frame = await communicator.receive_json_from()
        assert frame["payload"]["statusCode"] == status
        await communicator.assert_closed(4000 + status)

    async def test_events_of_the_conversation_are_forwarded(self) -> None:
        await self.auth_communicator.connect()
        await self.auth_communicator.assert_authenticated_status_ok()
        piece = StreamingPayload(content="hel", message_id=7)
        group = f"user_{self.user.pk}_conversation_{self.conversation.pk}"
        await ConversationAssistantConsumer.broadcast_event(StreamingEvent(payload=piece), [group])
        assert await self.auth_communicator.receive_all_messages(EVENT_ACTION_COMPLETE) == [
            StreamingMessage(payload=piece)
        ]
        title = TitlePayload(title="Greetings")
        await ConversationAssistantConsumer.broadcast_event(TitleEvent(payload=title), [group])
        assert await self.auth_communicator.receive_all_messages(EVENT_ACTION_COMPLETE) == [
            TitleMessage(payload=title)
        ]

    async def test_the_wire_speaks_camel_case(self) -> None:
        await self.auth_communicator.connect()
        await self.auth_communicator.assert_authenticated_status_ok()
        await ConversationAssistantConsumer.broadcast_event(
            StreamingEvent(payload=StreamingPayload(content="x", message_id=7)),
            [self.conversation.layer_group],
        )
        output = await self.auth_communicator.receive_output()
        assert '"isComplete"' in output["text"]
        assert '"messageId"' in output["text"]

    async def test_another_user_is_refused(self) -> None:
        bob = await User.objects.acreate(username="bob")
        from asgiref.sync import sync_to_async

        headers = await sync_to_async(session_headers)(bob)
        await self.refused_with(self.create_communicator(headers=headers), 403)

    async def test_a_visitor_is_refused(self) -> None:
        await self.refused_with(self.create_communicator(headers=[]), 403)

    async def test_an_unknown_conversation_is_not_found(self) -> None:
        await self.refused_with(self.create_communicator(ws_path=f"/ws/assistants/{uuid4()}/"), 404)

    async def test_an_anonymous_conversation_is_open_to_who_knows_its_id(self) -> None:
        conversation = await AssistantConversation.objects.acreate(user=None)
        visitor = self.create_communicator(ws_path=f"/ws/assistants/{conversation.pk}/", headers=[])
        await visitor.connect()
        await visitor.assert_authenticated_status_ok()
        piece = StreamingPayload(content="x", message_id=1)
        await ConversationAssistantConsumer.broadcast_event(
            StreamingEvent(payload=piece), [f"anonymous_{conversation.pk}"]
        )
        assert await visitor.receive_all_messages(EVENT_ACTION_COMPLETE) == [StreamingMessage(payload=piece)]

    async def test_a_chat_room_named_like_the_conversation_hears_nothing(self) -> None:
        from chat.consumers.chat_consumer import ChatConsumer

        room = self.create_communicator(ws_path=f"/ws/chat/{self.conversation.layer_group}/", headers=[])
        room.consumer = ChatConsumer
        await room.connect()
        await ConversationAssistantConsumer.broadcast_event(
            StreamingEvent(payload=StreamingPayload(content="secret", message_id=1)),
            [self.conversation.layer_group],
        )
        assert await room.receive_nothing(timeout=0.2)
