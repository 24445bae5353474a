"""Open chat rooms over the WebSocket."""

from channels.layers import get_channel_layer

from chanx.channels.testing import WebsocketTestCase
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import PongMessage
from chat.consumers.chat_consumer import ChatConsumer
from chat.messages.room import ChatMessagePayload, NewChatMessage


def line(text: str) -> NewChatMessage:
    return NewChatMessage(payload=ChatMessagePayload(message=text, name="Alice"))


class TestChatConsumer(WebsocketTestCase):
    consumer = ChatConsumer
    ws_path = "/ws/chat/room1/"

    async def test_ping_is_answered(self) -> None:
        await self.auth_communicator.connect()
        await self.auth_communicator.send_message(PingMessage())
        assert await self.auth_communicator.receive_all_messages() == [PongMessage()]

    async def test_a_line_reaches_the_others_and_not_its_sender(self) -> None:
        alice = self.create_communicator()
        bob = self.create_communicator()
        carol = self.create_communicator(ws_path="/ws/chat/room2/")
        for person in (alice, bob, carol):
            await person.connect()
        await alice.send_message(line("hello"))
        assert (await alice.receive_json_from()) == {"action": "complete", "payload": None}
        assert await bob.receive_json_from() == {
            "action": "new_chat_message",
            "payload": {"message": "hello", "name": "Alice"},
        }
        assert await carol.receive_nothing()
        assert await alice.receive_nothing()

    async def test_a_room_is_a_layer_group_with_a_prefix(self) -> None:
        guest = self.create_communicator(ws_path="/ws/chat/group_chat.1/")
        await guest.connect()
        layer = get_channel_layer()
        assert layer is not None
        frame = {"type": "handle_group_message", "exclude_current": False, "from_channel": ""}
        await layer.group_send("group_chat.1", {**frame, "message": {"action": "private"}})
        assert await guest.receive_nothing()
        await layer.group_send("room.group_chat.1", {**frame, "message": {"action": "open"}})
        assert (await guest.receive_json_from())["action"] == "open"

    async def test_a_name_that_channels_refuses_is_explained_and_closed(self) -> None:
        for name, words in (("my%20room", "contains a space"), ("x" * 95, "95 characters")):
            guest = self.create_communicator(ws_path=f"/ws/chat/{name}/")
            await guest.connect()
            frame = await guest.receive_json_from()
            assert frame["action"] == "error"
            assert words in frame["payload"]["detail"]
            await guest.assert_closed(4400)

    async def test_an_oversize_line_is_refused_and_the_connection_stays(self) -> None:
        await self.auth_communicator.connect()
        content = {"message": "x" * 4001, "name": "Alice"}
        await self.auth_communicator.send_json_to({"action": "new_chat_message", "payload": content})
        error = await self.auth_communicator.receive_json_from()
        assert await self.auth_communicator.receive_json_from() == {
            "action": "complete",
            "payload": None,
        }
        assert error["payload"][0]["type"] == "string_too_long"
        await self.auth_communicator.send_message(PingMessage())
        assert await self.auth_communicator.receive_all_messages() == [PongMessage()]
