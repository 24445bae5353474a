"""What is checked and derived when a message or consumer class is made."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

import pytest
from consumer_cases import CountMessage, NoteMessage, TokenEvent
from pydantic import BaseModel

import chanx
from chanx.channels.websocket import AsyncJsonWebsocketConsumer
from chanx.core.decorators import channel, event_handler, ws_handler
from chanx.messages.base import BaseMessage
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import CompleteMessage, PongMessage

T = TypeVar("T")


class Generically(BaseMessage, Generic[T]):
    action: Literal["generically"] = "generically"
    payload: T


def make(**attributes: Any) -> Any:
    return type("MadeConsumer", (AsyncJsonWebsocketConsumer,), attributes)


@ws_handler
async def on_ping(self: Any, message: PingMessage) -> PongMessage:
    return PongMessage()


@ws_handler
async def on_ping_too(self: Any, message: PingMessage) -> None: ...


@event_handler
async def on_token(self: Any, event: TokenEvent) -> None: ...


@event_handler
async def on_token_too(self: Any, event: TokenEvent) -> None: ...


def test_two_handlers_for_one_action_are_refused() -> None:
    with pytest.raises(TypeError, match=r"two message handlers for action 'ping': a\(\) and b\(\)"):
        make(a=on_ping, b=on_ping_too)
    with pytest.raises(TypeError, match=r"two event handlers for action 'token'"):
        make(a=on_token, b=on_token_too)
    parent = make(a=on_ping)
    with pytest.raises(TypeError, match="two message handlers"):
        type("Child", (parent,), {"b": on_ping_too})


@pytest.mark.parametrize("attribute", ["emits", "passthrough_events"])
@pytest.mark.parametrize("item", [BaseModel, int, "x"])
def test_items_that_are_no_messages_are_refused(attribute: str, item: Any) -> None:
    with pytest.raises(TypeError, match=f"{attribute} item .* must be a BaseMessage subclass"):
        make(**{attribute: [item]})


def test_handlers_of_something_else_are_refused() -> None:
    with pytest.raises(TypeError, match="must be a BaseMessage subclass"):

        @ws_handler
        async def number(self: Any, message: int) -> None: ...

    with pytest.raises(TypeError, match="must be a BaseMessage subclass"):

        @ws_handler
        async def union(self: Any, message: PingMessage | NoteMessage) -> None: ...

    with pytest.raises(TypeError, match="must be a BaseMessage subclass"):

        @ws_handler
        async def result(self: Any, message: PingMessage) -> int: ...

    with pytest.raises(TypeError, match="must be a BaseMessage subclass"):

        @ws_handler(output_type=int)  # type: ignore[call-overload]  # the mistake under test
        async def output(self: Any, message: PingMessage) -> None: ...

    with pytest.raises(ValueError, match="Must provide input type"):

        @ws_handler
        async def nothing(self: Any) -> None: ...


def test_handlers_are_described() -> None:
    @ws_handler(summary="S", description="D", tags=["t"], output_type=CountMessage, action="named")
    async def handle(self: Any, message: NoteMessage) -> None: ...

    info = make(handle=handle)._MESSAGE_HANDLER_INFO_MAP["note"]
    assert info == {
        "action": "named",
        "message_action": "note",
        "input_type": NoteMessage,
        "output_type": CountMessage,
        "method_name": "handle",
        "description": "D",
        "summary": "S",
        "tags": ["t"],
        "consumer_name": "test_handlers_are_described",
    }
    assert handle._ws_handler_info["message_action"] == "note"


def test_handlers_are_inherited_overridden_and_removed() -> None:
    class Mixin:
        @ws_handler
        async def handle_ping(self, message: PingMessage) -> PongMessage:
            return PongMessage()

    class Parent(Mixin, AsyncJsonWebsocketConsumer[Any]):
        @event_handler
        async def on_token(self, event: TokenEvent) -> None: ...

    class Child(Parent):
        @ws_handler
        async def handle_note(self, message: NoteMessage) -> NoteMessage:
            return message

    class Undecorated(Parent):
        async def handle_ping(self, message: PingMessage) -> PongMessage:
            return PongMessage()

    assert sorted(Child._MESSAGE_HANDLER_INFO_MAP) == ["note", "ping"]
    assert list(Child._EVENT_HANDLER_INFO_MAP) == ["token"]
    assert not Undecorated._MESSAGE_HANDLER_INFO_MAP


def test_outgoing_messages_are_those_declared_and_the_built_in_ones() -> None:
    consumer = make(handle=on_ping, emits=[NoteMessage], passthrough_events=[TokenEvent])
    adapter = consumer.outgoing_message_adapter
    for message in (PongMessage(), CompleteMessage(), TokenEvent(payload="a")):
        assert adapter.validate_python(message.model_dump()) == message
    with pytest.raises(ValueError, match="union_tag_invalid"):
        adapter.validate_python({"action": "count", "payload": 1})
    assert consumer._EVENT_HANDLER_INFO_MAP["token"]["method_name"] == "handle_passthrough_token_event"


def test_lists_of_classes_are_merged_over_the_bases() -> None:
    parent = make(extra_groups=["a"], emits=[NoteMessage])
    child = type("Child", (parent,), {"extra_groups": ["b", "a"], "emits": [CountMessage], "groups": ["z"]})
    assert child().groups == ["z", "b", "a"]
    assert child._chanx_merged_emits == [CountMessage, NoteMessage]
    assert parent().groups == ["a"]


@pytest.mark.parametrize(
    ("class_name", "name", "snake_name"),
    [
        ("ChatConsumer", "Chat", "chat"),
        ("HTTPServerConsumer", "HTTPServer", "http_server"),
        ("Chat", "Chat", "chat"),
    ],
)
def test_names(class_name: str, name: str, snake_name: str) -> None:
    consumer: Any = type(class_name, (AsyncJsonWebsocketConsumer,), {})
    assert (consumer.name, consumer.snake_name) == (name, snake_name)


def test_a_channel_is_described_for_subclasses_too() -> None:
    parent = channel(name="n", description="d", tags=["t"])(make())
    expected = {"name": "n", "description": "d", "tags": ["t"]}
    assert parent._channel_info == type("Child", (parent,), {})._channel_info == expected


def test_messages_need_an_action_that_is_a_literal() -> None:
    with pytest.raises(TypeError, match="must define an 'action' field"):
        type("NoAction", (BaseMessage,), {"__annotations__": {"payload": int}})
    with pytest.raises(TypeError, match="to be a `Literal` type"):
        type("Text", (BaseMessage,), {"__annotations__": {"action": str}})
    assert Generically[int](payload=1).action == "generically"


def test_an_action_with_several_values_is_handled_for_each() -> None:
    class Several(BaseMessage):
        action: Literal["up", "down"] = "up"
        payload: None = None

    @ws_handler
    async def handle(self: Any, message: Several) -> None: ...

    consumer = make(handle=handle)
    assert consumer._chanx_message_methods == {"up": "handle", "down": "handle"}


def test_camelize_without_pyhumps_names_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    from chanx.exceptions import ConfigurationError
    from chanx.utils import camel

    monkeypatch.setattr(camel, "_camelize", None)
    with pytest.raises(ConfigurationError, match=r"install chanx-native\[camel-case\]"):
        make(camelize=True)


def test_the_core_imports_without_django() -> None:
    code = (
        "import sys; sys.modules['django'] = sys.modules['channels'] = sys.modules['asgiref'] = None;"
        "import chanx.core.websocket, chanx.core.topic, chanx.core.decorators, chanx.messages.outgoing,"
        "chanx.utils.asyncio, chanx.utils.scope, chanx.utils.groups, chanx.utils.streaming"
    )
    in_use = str(Path(chanx.__file__).parents[1])  # the sources, or what is installed
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": in_use})


def test_settings_are_read_live(settings: Any) -> None:
    from chanx.channels.settings import chanx_settings
    from chanx.core.config import config

    consumer = make()()
    assert (consumer.should_send_completion, consumer.should_camelize) == (False, False)
    settings.CHANX = {
        "SEND_COMPLETION": True,
        "CAMELIZE": True,
        "SEND_MESSAGE_IMMEDIATELY": False,
        "LOG_IGNORED_ACTIONS": ["ping"],
    }
    assert chanx_settings.SEND_COMPLETION is True
    assert config.camelize is True
    assert (consumer.should_send_completion, consumer.should_camelize) == (True, True)
    assert consumer.send_message_immediately is False
    assert consumer.all_log_ignored_actions == {"ping", "complete", "event_complete", "group_complete"}
    with pytest.raises(AttributeError, match="Invalid API setting"):
        _ = chanx_settings.NOPE  # type: ignore[attr-defined]  # the mistake under test
    settings.CHANX = ["wrong"]
    with pytest.raises(TypeError, match="CHANX must be a dictionary"):
        _ = chanx_settings.CAMELIZE
