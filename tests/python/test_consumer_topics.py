"""Topics over one connection: subscribing, envelopes, errors, pushes, the default topic."""

from __future__ import annotations

from typing import Any

import pytest
from channels.layers import channel_layers, get_channel_layer
from consumer_cases import RunTopic, TokenEvent
from consumer_client import Client, connected

from chanx.channels.websocket import AsyncJsonWebsocketConsumer
from chanx.core.decorators import ws_handler
from chanx.core.topic import Topic
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import PongMessage

PONG = {"action": "pong", "payload": None}
LAYERS = ("chanx.layers.InMemoryChannelLayer", "channels.layers.InMemoryChannelLayer")


@pytest.fixture(params=LAYERS, autouse=True)
def layer(request: pytest.FixtureRequest, settings: Any) -> Any:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": request.param}}
    channel_layers.backends = {}
    yield get_channel_layer()
    channel_layers.backends = {}


class HostConsumer(AsyncJsonWebsocketConsumer[Any]):
    topics = [RunTopic]

    @ws_handler
    async def handle_ping(self, message: PingMessage) -> PongMessage:
        return PongMessage()


def subscribed(topic: str, **envelope: Any) -> dict[str, Any]:
    return {"action": "subscribed", "payload": None, "version": 1, "topic": topic, **envelope}


def refused(topic: str, reason: str, detail: str, **envelope: Any) -> dict[str, Any]:
    payload = {"reason": reason, "detail": detail}
    return {"action": "error", "payload": payload, "version": 1, "topic": topic, **envelope}


async def subscribe(client: Client, topic: str) -> None:
    assert await client.ask({"action": "subscribe", "topic": topic}) == subscribed(topic)


async def test_subscribing_and_unsubscribing_are_confirmed_each_time() -> None:
    async with connected(HostConsumer) as client:
        for ref in ("a", "b"):
            answer = await client.ask({"action": "subscribe", "topic": "run:1", "ref": ref})
            assert answer == subscribed("run:1", ref=ref)
        for ref in ("c", "d"):
            answer = await client.ask({"action": "unsubscribe", "topic": "run:1", "ref": ref})
            assert answer == {**subscribed("run:1", ref=ref), "action": "unsubscribed"}


@pytest.mark.parametrize(
    ("frame", "reason", "detail"),
    [
        ({"action": "subscribe", "topic": "nope:1"}, "unknown_topic", "Unknown topic 'nope:1'"),
        ({"action": "subscribe", "topic": "run:"}, "unknown_topic", "Unknown topic 'run:'"),
        (
            {"action": "subscribe", "topic": "run:secret"},
            "unauthorized",
            "Not allowed to subscribe to 'run:secret'",
        ),
        ({"action": "ping", "topic": "run:9"}, "not_subscribed", "Not subscribed to 'run:9'"),
    ],
)
async def test_topic_errors(frame: dict[str, Any], reason: str, detail: str) -> None:
    async with connected(HostConsumer) as client:
        answer = await client.ask({**frame, "ref": "r"})
        assert answer == refused(frame["topic"], reason, detail, ref="r")


async def test_a_failing_authorisation_is_answered_and_closes_nothing() -> None:
    async with connected(HostConsumer) as client:
        answer = await client.ask({"action": "subscribe", "topic": "run:broken"})
        assert answer["payload"] == {"detail": "Failed to process message"}
        answer = await client.ask({"action": "ping", "topic": "run:broken"})
        assert answer["payload"]["reason"] == "not_subscribed"


async def test_frames_go_to_their_topic_and_answers_carry_it() -> None:
    async with connected(HostConsumer) as client:
        await subscribe(client, "run:1")
        assert await client.ask({"action": "ping", "topic": "run:1", "ref": "a"}) == {
            **PONG,
            "version": 1,
            "topic": "run:1",
            "ref": "a",
        }
        assert await client.ask({"action": "ping"}) == PONG
        failed = await client.ask({"action": "fail", "topic": "run:1"})
        assert failed == {
            "action": "error",
            "payload": {"detail": "Failed to process message for fail"},
            "version": 1,
            "topic": "run:1",
        }
        unknown = await client.ask({"action": "nope", "topic": "run:1"})
        assert unknown["payload"][0]["type"] == "union_tag_invalid"


async def test_pushes_carry_their_sequence_number() -> None:
    async with connected(HostConsumer) as client:
        await subscribe(client, "run:1")
        await RunTopic.broadcast("run:1", TokenEvent(payload="a"), seq=3)
        push = {"action": "token", "payload": "a", "version": 1, "topic": "run:1"}
        assert await client.frame() == {**push, "seq": 3}
        await RunTopic.broadcast("run:1", TokenEvent(payload="a"))
        assert await client.frame() == push
        await RunTopic.broadcast("run:2", TokenEvent(payload="a"))
        assert await client.nothing()


async def test_topics_that_share_a_group_name_are_kept_apart() -> None:
    assert RunTopic.group_name("run:a b") == RunTopic.group_name("run:a/b") == "RunTopic.run-a-b"
    async with connected(HostConsumer) as client:
        await subscribe(client, "run:a b")
        await RunTopic.broadcast("run:a/b", TokenEvent(payload="theirs"))
        assert await client.nothing()
        await subscribe(client, "run:a/b")
        await client.ask({"action": "unsubscribe", "topic": "run:a b"})
        await RunTopic.broadcast("run:a/b", TokenEvent(payload="mine"))
        assert (await client.frame())["payload"] == "mine"


async def test_hooks_of_a_subscription_are_called(layer: Any) -> None:
    calls: list[str] = []

    class HookTopic(Topic[TokenEvent]):
        pattern = "hook:{a}:{b}"

        async def authorize(self, **params: str) -> bool:
            calls.append(f"authorize {params}")
            return True

        async def on_subscribe(self) -> None:
            calls.append("on_subscribe")
            await self.send_message(PongMessage())

        async def on_unsubscribe(self) -> None:
            calls.append("on_unsubscribe")

    class HookHost(AsyncJsonWebsocketConsumer[Any]):
        topics = [HookTopic]

    async with connected(HookHost) as client:
        await client.send({"action": "subscribe", "topic": "hook:1:2", "ref": "r"})
        confirmed, greeting = await client.frames(2)
        assert confirmed == subscribed("hook:1:2", ref="r")
        assert greeting == {**PONG, "version": 1, "topic": "hook:1:2"}
    assert calls == ["authorize {'a': '1', 'b': '2'}", "on_subscribe", "on_unsubscribe"]
    assert not any(layer.groups.values())


async def test_the_default_topic_is_subscribed_and_takes_frames_without_one() -> None:
    class DefaultHost(HostConsumer):
        default_topic = RunTopic

    for consumer in (DefaultHost, RunTopic.as_consumer()):
        async with connected(consumer, kwargs={"pk": 7}) as client:
            assert await client.frame() == subscribed("run:7")
            answer = await client.ask({"action": "ping", "ref": "a"})
            assert answer == {**PONG, "version": 1, "topic": "run:7", "ref": "a"}
            await subscribe(client, "run:8")


async def test_a_default_topic_names_the_parameters_that_its_route_lacks() -> None:
    client = Client(RunTopic.as_consumer())
    await client.raw({"type": "websocket.connect"})
    assert (await client.message())["type"] == "websocket.accept"
    with pytest.raises(ValueError, match=r"needs URL parameters \['pk'\]"):
        await client.connection.future


async def test_keys_are_camel_cased_as_the_host_has_it() -> None:
    camel: Any = type("CamelHost", (HostConsumer,), {"camelize": True})
    async with connected(camel) as client:
        await subscribe(client, "run:1")
        assert RunTopic.parse("run:1\n") == {"pk": "1\n"}
        assert (await client.ask({"action": "ping", "topic": "run:1"}))["topic"] == "run:1"


def test_patterns_that_make_no_sense_are_refused() -> None:
    with pytest.raises(TypeError, match="must be a string"):
        type("Number", (Topic,), {"pattern": 3})
    with pytest.raises(ValueError, match="twice"):
        type("Twice", (Topic,), {"pattern": "x:{a}:{a}"})
