"""Serializers that the application registered, with us or with channels_redis, in both Redis layers."""

import asyncio
import datetime
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import channels_redis.serializers as their_serializers
import pytest
from django.core.exceptions import ImproperlyConfigured
from layers import OURS, THEIRS, close, take, until
from redis_server import RedisServer

from chanx.layers import serializers

WHEN = datetime.datetime(2026, 11, 21, 12, 30, tzinfo=datetime.UTC)
KINDS = pytest.mark.parametrize("kind", list(OURS))
CONFIGS: list[dict[str, Any]] = [{}, {"symmetric_encryption_keys": ["one", "two"]}]


def _default(value: object) -> object:
    if isinstance(value, datetime.datetime):
        return {"__when__": value.isoformat()}
    raise TypeError(f"{type(value).__name__} is nothing that this serializer takes")


def _hook(found: dict[str, Any]) -> Any:
    return datetime.datetime.fromisoformat(found["__when__"]) if "__when__" in found else found


class _Dated:
    def as_bytes(self, message: Any, *args: Any, **kwargs: Any) -> bytes:
        return json.dumps(message, default=_default).encode()

    def from_bytes(self, message: bytes, *args: Any, **kwargs: Any) -> Any:
        return json.loads(message, object_hook=_hook)


class TheirDated(_Dated, their_serializers.BaseMessageSerializer):  # type: ignore[misc]  # it has no types
    pass


class OurDated(_Dated, serializers.BaseMessageSerializer):
    pass


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with RedisServer() as started:
        yield started


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    for each in (serializers.registry, their_serializers.registry):
        monkeypatch.setattr(each, "_registry", dict(each._registry))
    serializers.registry.register_serializer("dated", OurDated)
    their_serializers.registry.register_serializer("dated", TheirDated)
    their_serializers.registry.register_serializer("theirs", TheirDated)


@KINDS
@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("ours", ["dated", "theirs"])
async def test_a_mixed_fleet_shares_a_registered_serializer(
    server: RedisServer, kind: str, config: dict[str, Any], ours: str
) -> None:
    fleet = [
        OURS[kind](hosts=[server.url], serializer_format=ours, **config),
        THEIRS[kind](hosts=[server.url], serializer_format="dated", **config),
    ]
    channels = [await layer.new_channel() for layer in fleet]
    for layer, channel in zip(fleet, channels, strict=True):
        await layer.group_add("room", channel)
    message = {"type": "x", "when": WHEN, "deep": [{"when": WHEN}]}
    for sender in fleet:
        for layer, channel in zip(fleet, channels, strict=True):
            await sender.send(channel, message)
            assert await take(layer, channel) == message
        await sender.group_send("room", message)
        for layer, channel in zip(fleet, channels, strict=True):
            assert await take(layer, channel) == message
        if kind == "core":
            await sender.send("worker", message)
            assert await take(fleet[0], "worker") == message
    await close(*fleet)


@KINDS
async def test_each_receiver_gets_its_own_message(server: RedisServer, kind: str) -> None:
    layer = OURS[kind](hosts=[server.url], serializer_format="dated")
    channels = [await layer.new_channel() for _ in range(3)]
    for channel in channels:
        await layer.group_add("room", channel)
    await layer.group_send("room", {"type": "x", "items": [WHEN]})
    got = [await take(layer, channel) for channel in channels]
    assert got == [{"type": "x", "items": [WHEN]}] * 3
    assert got[0] is not None
    got[0]["items"].append(1)
    assert got[1] == {"type": "x", "items": [WHEN]}
    await close(layer)


@KINDS
async def test_attached_consumers_share_one_message(server: RedisServer, kind: str) -> None:
    """As consumers of this package read: without receive()."""
    layer = OURS[kind](hosts=[server.url], serializer_format="dated")
    handed: list[Any] = []
    for number in range(3):
        channel = await layer.new_channel()
        layer.attach(channel, number, handed.extend)
        await layer.group_add("room", channel)
    await layer.group_send("room", {"type": "x", "when": WHEN})
    assert await until(lambda: len(handed) == 3)
    assert sorted(target for target, _ in handed) == [0, 1, 2]
    assert len({id(message) for _, message in handed}) == 1
    assert handed[0][1].content == {"type": "x", "when": WHEN}
    await close(layer)


@KINDS
async def test_publishing_without_a_loop_calls_the_serializer(server: RedisServer, kind: str) -> None:
    layer = OURS[kind](hosts=[server.url], serializer_format="dated")
    channel = await layer.new_channel()
    await layer.group_add("room", channel)

    def publish() -> None:
        layer.send_sync(channel, {"type": "x", "when": WHEN})
        layer.group_send_sync("room", {"type": "x", "when": WHEN})
        layer.group_send_many([("room", {"type": "x", "when": WHEN})] * 20, wait=False)
        assert layer.flush_sync(10)

    thread = threading.Thread(target=publish)
    thread.start()
    for _ in range(22):
        assert await take(layer, channel) == {"type": "x", "when": WHEN}
    thread.join()
    await close(layer)


@KINDS
async def test_what_the_serializer_refuses_fails_at_send(server: RedisServer, kind: str) -> None:
    layer = OURS[kind](hosts=[server.url], serializer_format="dated")
    channel = await layer.new_channel()
    await layer.group_add("room", channel)
    odd = {"type": "x", "odd": {1, 2}}
    for refused in (layer.send(channel, odd), layer.group_send("room", odd), layer.group_send("empty", odd)):
        with pytest.raises(TypeError, match="set is nothing that this serializer takes"):
            await refused
    for to, name in ((layer.send_sync, channel), (layer.group_send_sync, "room")):
        with pytest.raises(TypeError, match="set is nothing"):
            await asyncio.to_thread(to, name, odd)
    with pytest.raises(TypeError, match="set is nothing"):
        await asyncio.to_thread(layer.group_send_many, [("room", {"type": "x"}), ("room", odd)])
    await layer.group_send("room", {"type": "last"})
    assert await take(layer, channel) == {"type": "last"}
    await close(layer)


class OnlyPlain(OurDated):
    """Refuses a message that has an address."""

    def as_bytes(self, message: Any, *args: Any, **kwargs: Any) -> bytes:
        if "__asgi_channel__" in message:
            raise TypeError("no addresses")
        return super().as_bytes(message)


async def test_a_serializer_that_refuses_only_the_addressed_message_fails_the_send_too(
    server: RedisServer,
) -> None:
    serializers.registry.register_serializer("plain", OnlyPlain)
    layer = OURS["core"](hosts=[server.url], serializer_format="plain")
    channel = await layer.new_channel()
    await layer.group_add("room", channel)
    with pytest.raises(TypeError, match="no addresses"):
        await layer.send(channel, {"type": "x"})
    with pytest.raises(TypeError, match="no addresses"):
        await layer.group_send("room", {"type": "x"})
    with pytest.raises(TypeError, match="no addresses"):
        await asyncio.to_thread(layer.group_send_sync, "room", {"type": "x"})
    await close(layer)


@KINDS
async def test_what_cannot_be_read_is_set_aside(
    server: RedisServer, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(OurDated):
        def from_bytes(self, message: bytes, *args: Any, **kwargs: Any) -> Any:
            found = super().from_bytes(message)
            if found["type"] == "bad":
                raise ValueError("cannot read this")
            return found if found["type"] != "list" else [found]

    serializers.registry.register_serializer("broken", Broken)
    layer = OURS[kind](hosts=[server.url], serializer_format="broken")
    channel = await layer.new_channel()
    await layer.send(channel, {"type": "bad"})
    await layer.send(channel, {"type": "list"})
    await layer.send(channel, {"type": "good"})
    assert await take(layer, channel) == {"type": "good"}
    assert layer.stats()["dropped"]["undecodable"] == 2
    assert await until(lambda: "cannot decode: cannot read this" in caplog.text)
    await close(layer)


@KINDS
def test_an_unknown_name_is_refused_with_those_there_are(kind: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"'yaml'.*only dated, json, msgpack, theirs"):
        OURS[kind](serializer_format="yaml")


def test_a_class_that_is_no_serializer_is_refused() -> None:
    for wrong in (object, OurDated()):
        with pytest.raises(TypeError, match="serialize and deserialize"):
            serializers.registry.register_serializer("wrong", wrong)  # type: ignore[arg-type]  # that is the point
    with pytest.raises(serializers.SerializerDoesNotExist):
        serializers.registry.get_serializer("wrong")


@pytest.mark.parametrize("name", ["json", "msgpack"])
@pytest.mark.parametrize("keys", [None, ["one"]])
def test_our_serializers_write_what_theirs_read(name: str, keys: list[str] | None) -> None:
    ours = serializers.registry.get_serializer(name, keys, random_prefix_length=12, expiry=60)
    theirs = their_serializers.registry.get_serializer(name, keys, random_prefix_length=12, expiry=60)
    message = {"type": "x", "deep": [1, "é", None]}
    assert theirs.deserialize(ours.serialize(message)) == message
    assert ours.deserialize(theirs.serialize(message)) == message


@pytest.mark.parametrize("registry", [serializers.registry, their_serializers.registry])
async def test_a_native_name_may_be_registered_anew(server: RedisServer, registry: Any) -> None:
    registry.register_serializer("json", OurDated)
    layer = OURS["core"](hosts=[server.url], serializer_format="json")
    channel = await layer.new_channel()
    await layer.send(channel, {"type": "x", "when": WHEN})
    assert await take(layer, channel) == {"type": "x", "when": WHEN}
    await close(layer)


PUBLISHER = """
import pickle, sys
sys.modules["channels_redis"] = None  # as if it were not installed
from chanx.layers import RedisChannelLayer
from chanx.layers.serializers import BaseMessageSerializer, registry

class Pickled(BaseMessageSerializer):
    as_bytes = staticmethod(pickle.dumps)
    from_bytes = staticmethod(pickle.loads)

registry.register_serializer("pickled", Pickled)
layer = RedisChannelLayer(hosts=[sys.argv[1]], serializer_format="pickled", symmetric_encryption_keys=["key"])
layer.group_send_many([("room", {"type": "x", "n": n, "kinds": {1, 2}}) for n in range(300)], wait=False)
"""


async def test_a_process_that_ends_takes_its_messages_through_the_serializer(server: RedisServer) -> None:
    import pickle

    class Pickled(serializers.BaseMessageSerializer):
        def as_bytes(self, message: Any, *args: Any, **kwargs: Any) -> bytes:
            return pickle.dumps(message)

        def from_bytes(self, message: bytes, *args: Any, **kwargs: Any) -> Any:
            return pickle.loads(message)

    serializers.registry.register_serializer("pickled", Pickled)
    layer = OURS["core"](
        hosts=[server.url], serializer_format="pickled", symmetric_encryption_keys=["key"], capacity=1000
    )
    channel = await layer.new_channel()
    await layer.group_add("room", channel)
    await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", PUBLISHER, server.url], check=True, timeout=60
    )
    for n in range(300):
        assert await take(layer, channel) == {"type": "x", "n": n, "kinds": {1, 2}}
    await close(layer)
