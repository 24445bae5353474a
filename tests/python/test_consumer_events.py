"""Events, broadcasts and groups, over the layers of this package and of Channels."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from channels.layers import channel_layers, get_channel_layer
from consumer_cases import LongWayConsumer, Note, NoteMessage, NotesConsumer, StrayEvent, TokenEvent
from consumer_client import Client, connected

LAYERS = ("chanx.layers.InMemoryChannelLayer", "channels.layers.InMemoryChannelLayer")
NOTE = {"action": "note", "payload": {"some_text": "to all", "user_name": "x"}}
TOKEN = {"action": "token", "payload": "a"}
COMPLETE = {"action": "complete", "payload": None}
GROUP_COMPLETE = {"action": "group_complete", "payload": None}
EVENT_COMPLETE = {"action": "event_complete", "payload": None}


@pytest.fixture(params=LAYERS, autouse=True)
def layer(request: pytest.FixtureRequest, settings: Any) -> Any:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": request.param}}
    channel_layers.backends = {}
    yield get_channel_layer()
    channel_layers.backends = {}


@pytest.mark.parametrize("consumer", [NotesConsumer, LongWayConsumer])
async def test_a_broadcast_reaches_all_or_all_but_the_sender(consumer: Any) -> None:
    async with connected(consumer) as alice, connected(consumer) as bob:
        await alice.send({"action": "broadcast"})
        assert await alice.frame() == NOTE
        assert await bob.frame() == NOTE
        await alice.send({"action": "broadcast", "payload": True})
        assert await bob.frame() == NOTE
        assert await alice.nothing()


@pytest.mark.parametrize("consumer", [NotesConsumer, LongWayConsumer])
async def test_completion_comes_before_ones_own_broadcast(consumer: Any) -> None:
    completing: Any = type("Completing", (consumer,), {"send_completion": True})
    async with connected(completing) as alice, connected(completing) as bob:
        for _ in range(5):
            await alice.send({"action": "broadcast"})
            assert await alice.frames(3) == [COMPLETE, NOTE, GROUP_COMPLETE]
            assert await bob.frames(2) == [NOTE, GROUP_COMPLETE]
        await completing.broadcast_event(TokenEvent(payload="a"))
        assert await bob.frames(2) == [TOKEN, EVENT_COMPLETE]
        await completing.broadcast_event(TokenEvent(payload="fail"))
        assert await bob.frame() == EVENT_COMPLETE
        await completing.broadcast_event(StrayEvent())
        assert await bob.nothing()


async def test_broadcasts_are_camel_cased_for_those_who_want_it() -> None:
    camel = type("Camel", (NotesConsumer,), {"camelize": True})
    async with connected(NotesConsumer) as snake_client, connected(camel) as camel_client:
        await snake_client.send({"action": "broadcast"})
        assert await snake_client.frame() == NOTE
        assert (await camel_client.frame())["payload"] == {"someText": "to all", "userName": "x"}


@pytest.mark.parametrize("groups", [None, "notes", ["notes"], ("notes",), {"notes"}])
async def test_events_reach_the_groups_named(groups: Any) -> None:
    async with connected(NotesConsumer) as client:
        await NotesConsumer.broadcast_event(TokenEvent(payload="a"), groups)
        assert await client.frame() == TOKEN
        await NotesConsumer.broadcast_event(TokenEvent(payload="a"), ["others"])
        await NotesConsumer.broadcast_event(TokenEvent(payload="a"), [])
        assert await client.nothing()


async def test_events_can_be_sent_without_a_loop_and_keep_their_order() -> None:
    def publish() -> None:
        for number in range(50):
            NotesConsumer.broadcast_event_sync(TokenEvent(payload=str(number)))

    async with connected(NotesConsumer) as client:
        await asyncio.to_thread(publish)
        assert [frame["payload"] for frame in await client.frames(50)] == [str(n) for n in range(50)]


async def test_an_event_reaches_one_connection() -> None:
    names: list[str] = []

    class Named(NotesConsumer):
        async def post_authentication(self) -> None:
            names.append(self.channel_name)

    async with connected(Named) as first, connected(Named) as second:
        await Named.send_event(TokenEvent(payload="a"), names[1])
        assert await second.frame() == TOKEN
        await asyncio.to_thread(Named.send_event_sync, TokenEvent(payload="a"), names[1])
        assert await second.frame() == TOKEN
        assert await first.nothing()


async def test_what_the_layer_carries(layer: Any) -> None:
    seen: list[Any] = []
    original = layer.group_send

    async def recording(group: str, message: Any) -> None:
        seen.append((group, message))
        await original(group, message)

    layer.group_send = recording
    async with connected(NotesConsumer) as client:
        await client.send({"action": "broadcast"})
        await client.frame()
        await NotesConsumer.broadcast_event(TokenEvent(payload="a"))
    (group, message), (_, event) = seen
    sender = message.pop("from_channel")
    assert group == "notes"
    assert isinstance(sender, str)
    assert message == {"type": "handle_group_message", "message": NOTE, "exclude_current": False}
    assert event == {"type": "handle_channel_event", "event_data": TOKEN}


@pytest.mark.parametrize(
    "message",
    [
        {"type": "handle_channel_event"},
        {"type": "handle_channel_event", "event_data": None},
        {"type": "handle_channel_event", "event_data": {"action": "token"}},
        {"type": "handle_channel_event", "event_data": {"action": "ping"}},
        {"type": "handle_group_message", "exclude_current": False, "from_channel": "q"},
    ],
)
async def test_malformed_layer_messages_are_logged_only(layer: Any, message: Any) -> None:
    async with connected(NotesConsumer) as client:
        await layer.group_send("notes", message)
        assert await client.nothing()
        assert await client.ask({"action": "ping"}) == {"action": "pong", "payload": None}


async def test_events_of_one_connection_are_handled_one_after_the_other(layer: Any) -> None:
    class Slow(NotesConsumer):
        async def receive_event(self, event: Any) -> None:
            await asyncio.sleep(0.01 if event.payload == "0" else 0)
            await super().receive_event(event)

    async with connected(Slow) as client:
        for number in range(5):
            await Slow.broadcast_event(TokenEvent(payload=str(number)))
        await layer.group_send(
            "notes",
            {
                "type": "handle_group_message",
                "message": {"last": 1},
                "exclude_current": False,
                "from_channel": "q",
            },
        )
        frames = await client.frames(6)
        assert [frame.get("payload", "last") for frame in frames] == ["0", "1", "2", "3", "4", "last"]


async def test_groups_are_joined_and_left(layer: Any) -> None:
    consumers: list[Any] = []

    class Grouped(NotesConsumer):
        extra_groups = ["extra", "notes"]

        async def post_authentication(self) -> None:
            consumers.append(self)
            await self.join_group("more")
            await self.join_group("more")
            await self.join_group("gone")
            await self.leave_group("gone")
            await self.leave_group("never")

    async with connected(Grouped) as client:
        assert consumers[0].groups == ["notes", "extra", "more"]
        assert NotesConsumer.groups == ["notes"]
        for group in ("notes", "extra", "more"):
            await NotesConsumer.broadcast_event(TokenEvent(payload="a"), group)
            assert await client.frame() == TOKEN
        await NotesConsumer.broadcast_event(TokenEvent(payload="a"), "gone")
        assert await client.nothing()
    assert not any(layer.groups.values())


async def test_a_consumer_without_a_layer(settings: Any) -> None:
    from chanx.exceptions import ConfigurationError

    settings.CHANNEL_LAYERS = {}
    channel_layers.backends = {}

    class NoGroups(NotesConsumer):
        groups: list[str] = []

    async with connected(NoGroups) as client:
        assert await client.ask({"action": "ping"}) == {"action": "pong", "payload": None}
        failed = await client.ask({"action": "broadcast"})
        assert failed["payload"] == {"detail": "Failed to process message for broadcast"}
    with pytest.raises(ConfigurationError, match="CHANNEL_LAYERS"):
        await NotesConsumer.broadcast_event(TokenEvent(payload="a"))


@pytest.mark.parametrize("joins", ["declared", "by_method", "by_hand"])
async def test_joining_without_a_layer_names_the_setting(joins: str, settings: Any) -> None:
    settings.CHANNEL_LAYERS = {}
    channel_layers.backends = {}

    class Joining(NotesConsumer):
        groups = ["room"] if joins == "declared" else []

        async def post_authentication(self) -> None:
            if joins == "by_method":
                await self.join_group("room")
            else:
                await self.channel_layer.group_add("room", self.channel_name)

    client = Client(Joining)
    await client.raw({"type": "websocket.connect"})
    assert (await client.message())["type"] == "websocket.accept"
    with pytest.raises(
        Exception, match=r"Joining needs the channel layer 'default': add it to CHANNEL_LAYERS"
    ):
        await client.connection.future


async def test_a_failing_layer_method_ends_the_connection(layer: Any) -> None:
    class Failing(NotesConsumer):
        async def custom_event(self, event: Any) -> None:
            raise LookupError("as expected")

    async with connected(Failing) as client:
        await layer.group_send("notes", {"type": "custom.event"})
        with pytest.raises(LookupError, match="as expected"):
            async with asyncio.timeout(2):
                await client.connection.future


async def test_a_dict_may_be_broadcast() -> None:
    class Raw(NotesConsumer):
        async def handle_note(self, message: NoteMessage) -> None:  # type: ignore[override]  # not a handler
            raise AssertionError

        async def post_authentication(self) -> None:
            await self.broadcast_message({"any": [1]}, "notes")
            await self.broadcast_message(NoteMessage(payload=Note(some_text="to all")), ["notes"])

    async with connected(Raw) as client:
        assert await client.frames(2) == [{"any": [1]}, NOTE]
