"""Everything an application may override is called with the same meaning, on the short way through C++ as well."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any, Literal
from unittest import mock

import pytest
from channels.layers import channel_layers
from consumer_client import Client, connected
from pydantic import BaseModel, TypeAdapter

from chanx.channels.websocket import AsyncJsonWebsocketConsumer
from chanx.core.decorators import event_handler, ws_handler
from chanx.messages.base import BaseMessage
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import PongMessage

LAYERS = ("chanx.layers.InMemoryChannelLayer", "channels.layers.InMemoryChannelLayer")


@pytest.fixture(params=LAYERS, autouse=True)
def layer(request: pytest.FixtureRequest, settings: Any) -> Iterator[None]:
    """Ours hands messages over without ``receive()``, Channels' is asked: hooks are called either way."""
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": request.param}}
    channel_layers.backends = {}
    yield
    channel_layers.backends = {}


class Note(BaseModel):
    some_text: str


class NoteMessage(BaseMessage):
    action: Literal["note"] = "note"
    payload: Note


class FailMessage(BaseMessage):
    action: Literal["fail"] = "fail"
    payload: None = None


class TokenEvent(BaseMessage):
    action: Literal["token"] = "token"
    payload: str


def make_consumer() -> type[AsyncJsonWebsocketConsumer[Any]]:
    class HookConsumer(AsyncJsonWebsocketConsumer[TokenEvent]):
        groups = ["hooks"]

        @ws_handler
        async def handle_ping(self, message: PingMessage) -> PongMessage:
            return PongMessage()

        @ws_handler
        async def handle_note(self, message: NoteMessage) -> NoteMessage:
            return message

        @ws_handler
        async def handle_fail(self, message: FailMessage) -> None:
            raise LookupError("as expected")

        @event_handler
        async def on_token(self, event: TokenEvent) -> TokenEvent:
            if event.payload == "fail":
                raise LookupError("as expected")
            return event

    return HookConsumer


PONG = {"action": "pong", "payload": None}
FRAME = {"type": "websocket.receive", "text": '{"action": "ping"}'}
GROUP_MESSAGE = {
    "type": "handle_group_message",
    "message": {"action": "note"},
    "exclude_current": False,
    "from_channel": "other",
}
EVENT = {"type": "handle_channel_event", "event_data": {"action": "token", "payload": "a"}}
FAILING_EVENT = {"type": "handle_channel_event", "event_data": {"action": "token", "payload": "fail"}}
FAIL = {"type": "websocket.receive", "text": '{"action": "fail"}'}
INVALID = {"type": "websocket.receive", "text": '{"action": "nope"}'}

# hook, what reaches the application, the argument that the hook is called with
ON_THE_WAY: list[tuple[str, dict[str, Any], Any]] = [
    ("dispatch", FRAME, FRAME),
    ("websocket_receive", FRAME, FRAME),
    ("decode_json", FRAME, '{"action": "ping"}'),
    ("receive_json", FRAME, {"action": "ping"}),
    ("handle_json", FRAME, {"action": "ping"}),
    ("receive_message", FRAME, PingMessage()),
    ("handle_result", FRAME, PongMessage()),
    ("send_message", FRAME, PongMessage()),
    ("send_json", FRAME, PONG),
    ("encode_json", FRAME, PONG),
    ("handle_group_message", GROUP_MESSAGE, GROUP_MESSAGE),
    ("send_json", GROUP_MESSAGE, {"action": "note"}),
    ("encode_json", GROUP_MESSAGE, {"action": "note"}),
    ("handle_channel_event", EVENT, EVENT),
    ("receive_event", EVENT, TokenEvent(payload="a")),
    ("send_message", EVENT, TokenEvent(payload="a")),
    ("send_json", EVENT, {"action": "token", "payload": "a"}),
    ("encode_json", EVENT, {"action": "token", "payload": "a"}),
]
IDS = [f"{hook}-{message['type']}" for hook, message, _ in ON_THE_WAY]


async def warm_up(client: Client) -> None:
    """Has the short way taken once, so that what it remembers is there to be noticed as outdated."""
    assert await client.ask({"action": "ping"}) == PONG


@pytest.mark.parametrize(("hook", "message", "argument"), ON_THE_WAY, ids=IDS)
async def test_a_hook_overridden_in_the_class_is_called(hook: str, message: Any, argument: Any) -> None:
    base = make_consumer()
    calls: list[Any] = []
    stock = getattr(base, hook)

    if hook in ("decode_json", "encode_json"):

        async def class_hook(cls: Any, content: Any) -> Any:
            calls.append(content)
            return await stock(content)

        override: Any = classmethod(class_hook)
    else:

        async def method_hook(self: Any, *args: Any, **kwargs: Any) -> Any:
            calls.append(args[0])
            return await stock(self, *args, **kwargs)

        override = method_hook
    async with connected(type("Overriding", (base,), {hook: override})) as client:
        calls.clear()
        await client.raw(message)
        await client.frame()
        assert argument in calls


@pytest.mark.parametrize(("hook", "message", "argument"), ON_THE_WAY, ids=IDS)
async def test_a_hook_patched_on_the_class_later_is_called(hook: str, message: Any, argument: Any) -> None:
    consumer = make_consumer()
    async with connected(consumer) as client:
        await warm_up(client)
        stock = getattr(consumer, hook)
        with mock.patch.object(
            consumer, hook, autospec=hook not in ("decode_json", "encode_json")
        ) as patched:
            patched.side_effect = stock
            await client.raw(message)
            await client.frame()
            assert any(argument in call.args for call in patched.mock_calls)
            patched.reset_mock()
        await client.raw(message)
        await client.frame()
        patched.assert_not_called()


@pytest.mark.parametrize(
    ("hook", "message", "argument"),
    [case for case in ON_THE_WAY if case[0] not in ("decode_json", "encode_json")],
    ids=[name for name in IDS if not name.startswith(("decode", "encode"))],
)
async def test_a_hook_set_on_the_instance_is_called(hook: str, message: Any, argument: Any) -> None:
    instances: list[Any] = []
    base = make_consumer()

    class Kept(base):  # type: ignore[misc, valid-type]  # a class made by a function
        async def post_authentication(self) -> None:
            instances.append(self)

    async with connected(Kept) as client:
        await warm_up(client)
        instance = instances[0]
        stock = getattr(instance, hook)
        calls: list[Any] = []

        async def override(*args: Any, **kwargs: Any) -> Any:
            calls.append(args[0])
            return await stock(*args, **kwargs)

        setattr(instance, hook, override)
        await client.raw(message)
        if hook == "dispatch":
            await client.frame()  # the loop of this connection has its dispatch already
            return
        await client.frame()
        assert argument in calls


@pytest.mark.parametrize(
    ("hook", "message", "frames"),
    [
        ("handle_validation_error", INVALID, 1),
        ("handle_message_handler_error", FAIL, 1),
        ("handle_event_handler_error", FAILING_EVENT, 0),
    ],
)
async def test_error_hooks_are_called(hook: str, message: Any, frames: int) -> None:
    consumer = make_consumer()
    async with connected(consumer) as client:
        await warm_up(client)
        with mock.patch.object(consumer, hook, autospec=True, side_effect=getattr(consumer, hook)) as patched:
            await client.raw(message)
            await client.frames(frames)
            assert await client.nothing()
            patched.assert_called_once()


async def test_a_failing_error_hook_goes_to_the_last_resort() -> None:
    consumer = make_consumer()
    async with connected(consumer) as client:
        await warm_up(client)
        with mock.patch.object(consumer, "handle_message_handler_error", side_effect=RuntimeError("twice")):
            answer = await client.ask({"action": "fail"})
        assert answer == {"action": "error", "payload": {"detail": "Failed to process message"}}


@pytest.mark.parametrize("name", ["should_camelize", "should_send_completion", "all_log_ignored_actions"])
async def test_overridden_properties_are_read(name: str) -> None:
    base = make_consumer()
    reads: list[str] = []
    value: Any = {"ping"} if name == "all_log_ignored_actions" else True

    def read(self: Any) -> Any:
        reads.append(name)
        return value

    overriding = type("Overriding", (base,), {name: property(read), "log_websocket_message": True})
    async with connected(overriding) as client:
        answer = await client.ask({"action": "note", "payload": {"some_text": "x", "someText": "x"}})
        if name == "should_camelize":
            assert answer["payload"] == {"someText": "x"}
        if name == "should_send_completion":
            assert (await client.frame())["action"] == "complete"
        assert reads


@pytest.mark.parametrize("where", ["class", "instance", "settings"])
async def test_flags_take_effect_when_changed(where: str, settings: Any) -> None:
    instances: list[Any] = []
    base = make_consumer()

    class Kept(base):  # type: ignore[misc, valid-type]  # a class made by a function
        async def post_authentication(self) -> None:
            instances.append(self)

    async with connected(Kept) as client:
        await warm_up(client)
        if where == "settings":
            settings.CHANX = {"CAMELIZE": True, "SEND_COMPLETION": True}
        else:
            target = Kept if where == "class" else instances[0]
            target.camelize = target.send_completion = True
        note = await client.ask({"action": "note", "payload": {"someText": "x"}})
        assert note == {"action": "note", "payload": {"someText": "x"}}
        assert await client.frame() == {"action": "complete", "payload": None}


async def test_a_patched_validator_of_received_messages_is_called() -> None:
    consumer = make_consumer()
    async with connected(consumer) as client:
        await warm_up(client)
        adapter = consumer.incoming_message_adapter
        assert adapter is not None
        with mock.patch.object(adapter, "validate_python", wraps=adapter.validate_python) as patched:
            assert await client.ask({"action": "ping"}) == PONG
            patched.assert_called_once_with({"action": "ping"})
        with mock.patch.object(TypeAdapter, "validate_python", autospec=True) as patched:
            patched.return_value = PingMessage()
            assert await client.ask({"action": "note", "payload": {"some_text": "x"}}) == PONG


async def test_a_patched_handler_is_called() -> None:
    consumer = make_consumer()
    async with connected(consumer) as client:
        await warm_up(client)
        with mock.patch.object(consumer, "handle_ping", autospec=True) as patched:
            patched.return_value = NoteMessage(payload=Note(some_text="patched"))
            assert (await client.ask({"action": "ping"}))["payload"] == {"some_text": "patched"}


async def test_a_mixin_behind_ours_in_the_resolution_order_is_noticed() -> None:
    from channels.generic.websocket import AsyncJsonWebsocketConsumer as ChannelsConsumer

    sent: list[Any] = []

    class Recording(ChannelsConsumer):  # type: ignore[misc]  # an application's own mixin
        async def send_json(self, content: Any, close: bool = False) -> None:
            sent.append(content)
            await super().send_json(content, close)

    mixed: Any = type("Mixed", (make_consumer(), Recording), {})
    async with connected(mixed) as client:
        await warm_up(client)
        assert sent == [PONG]


async def test_middleware_around_send_sees_every_frame() -> None:
    consumer = make_consumer().as_asgi()
    seen: list[Any] = []

    async def middleware(scope: Any, receive: Any, send: Any) -> None:
        async def recording_send(message: Any) -> None:
            seen.append(message["type"])
            await send(message)

        await consumer(scope, receive, recording_send)

    async with connected(middleware) as client:
        await warm_up(client)
        await client.raw(GROUP_MESSAGE)
        await client.frame()
        await client.raw(EVENT)
        await client.frame()
    assert seen == ["websocket.accept", *["websocket.send"] * 3]


@pytest.mark.parametrize(
    "hook", ["accept", "post_authentication", "websocket_connect", "disconnect", "websocket_disconnect"]
)
async def test_connection_hooks_are_called(hook: str) -> None:
    base = make_consumer()
    stock = getattr(base, hook)
    calls: list[str] = []

    @functools.wraps(stock)
    async def override(self: Any, *args: Any, **kwargs: Any) -> Any:
        calls.append(hook)
        return await stock(self, *args, **kwargs)

    async with connected(type("Overriding", (base,), {hook: override})) as client:
        await warm_up(client)
    assert calls == [hook]
