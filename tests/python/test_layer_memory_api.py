"""The in-process layer against the Channels specification."""

import asyncio
import datetime
import logging
import re
import uuid

import pytest
from channels.exceptions import ChannelFull
from django.core.exceptions import ImproperlyConfigured

from chanx.layers import InMemoryChannelLayer

BAD_CHANNEL_NAMES = [
    "",
    "¯\\_(ツ)_/¯",
    "a b",
    "a!b!c",
    "!x",
    "x\n",
    "a!\n",
    "é",
    "a!é",
    "a" * 100,
    None,
    3,
    b"a",
]
BAD_GROUP_NAMES = ["", "a!b", "a b", "x\n", "é", "a" * 100, None, 3]


async def nothing_in(layer: InMemoryChannelLayer, channel: str) -> bool:
    try:
        await asyncio.wait_for(layer.receive(channel), 0.02)
    except TimeoutError:
        return True
    return False


async def test_send_then_receive_is_first_in_first_out():
    layer = InMemoryChannelLayer()
    for number in range(100):
        await layer.send("fifo", {"type": "n", "number": number})
    assert [(await layer.receive("fifo"))["number"] for _ in range(100)] == list(range(100))
    assert await nothing_in(layer, "fifo")


async def test_a_waiting_reader_gets_the_message():
    layer = InMemoryChannelLayer()
    reader = asyncio.create_task(layer.receive("wait"))
    await asyncio.sleep(0)
    await layer.send("wait", {"type": "hello"})
    assert await asyncio.wait_for(reader, 1) == {"type": "hello"}


@pytest.mark.parametrize("name", BAD_CHANNEL_NAMES)
async def test_bad_channel_names_are_type_errors(name):
    layer = InMemoryChannelLayer()
    with pytest.raises(TypeError, match="channel name"):
        await layer.send(name, {"type": "x"})
    with pytest.raises(TypeError, match="channel name"):
        await layer.receive(name)
    with pytest.raises(TypeError, match="channel name"):
        await layer.group_add("group", name)
    with pytest.raises(TypeError, match="channel name"):
        await layer.group_discard("group", name)


@pytest.mark.parametrize("name", BAD_GROUP_NAMES)
async def test_bad_group_names_are_type_errors(name):
    layer = InMemoryChannelLayer()
    with pytest.raises(TypeError, match="group name"):
        await layer.group_send(name, {"type": "x"})
    with pytest.raises(TypeError, match="group name"):
        await layer.group_add(name, "channel")
    with pytest.raises(TypeError, match="group name"):
        await layer.group_discard(name, "channel")


@pytest.mark.parametrize("error", [TypeError, AssertionError])
@pytest.mark.parametrize("message", [None, [], "x", {"type": "x", "__asgi_channel__": "y"}])
async def test_what_is_no_message_is_refused(message, error):
    layer = InMemoryChannelLayer()
    with pytest.raises(error):
        await layer.send("channel", message)
    with pytest.raises(error):
        await layer.group_send("group", message)


async def test_top_level_keys_must_be_str():
    with pytest.raises(TypeError, match=r"message\[3\]"):
        await InMemoryChannelLayer().send("channel", {"type": "x", 3: 4})


async def test_send_raises_channel_full_at_capacity_and_group_send_does_not():
    layer = InMemoryChannelLayer(capacity=3)
    for _ in range(3):
        await layer.send("full", {"type": "x"})
    with pytest.raises(ChannelFull):
        await layer.send("full", {"type": "x"})
    await layer.group_add("group", "full")
    await layer.group_send("group", {"type": "y"})
    assert layer.stats()["dropped"]["capacity"] == 1
    for _ in range(3):
        assert (await layer.receive("full"))["type"] == "x"
    assert await nothing_in(layer, "full")


async def test_the_first_matching_channel_capacity_counts():
    layer = InMemoryChannelLayer(
        capacity=5, channel_capacity={"http.request": 2, "http.*": 3, re.compile(r"^ws\.\d+$"): 1}
    )
    for channel, capacity in [("http.request", 2), ("http.other", 3), ("ws.1", 1), ("ws.x", 5)]:
        for _ in range(capacity):
            await layer.send(channel, {"type": "x"})
        with pytest.raises(ChannelFull):
            await layer.send(channel, {"type": "x"})


async def test_messages_expire():
    layer = InMemoryChannelLayer(expiry=0.05)
    await layer.send("old", {"type": "x"})
    await asyncio.sleep(0.08)
    assert await nothing_in(layer, "old")
    assert layer.stats()["dropped"]["expired"] == 1
    assert layer.channels == {}


async def test_groups():
    layer = InMemoryChannelLayer()
    for channel in ("one", "two", "three"):
        await layer.group_add("room", channel)
    await layer.group_add("room", "one")
    await layer.group_discard("room", "two")
    await layer.group_discard("room", "nobody")
    await layer.group_discard("nowhere", "one")
    await layer.group_send("room", {"type": "hi"})
    await layer.group_send("nowhere", {"type": "hi"})
    assert await layer.receive("one") == {"type": "hi"}
    assert await layer.receive("three") == {"type": "hi"}
    assert await nothing_in(layer, "one")
    assert await nothing_in(layer, "two")


async def test_a_member_that_nobody_reads_leaves_after_group_expiry():
    layer = InMemoryChannelLayer(group_expiry=0.05)
    await layer.group_add("room", "dead")
    await layer.group_add("room", "live")
    reader = asyncio.create_task(layer.receive("live"))
    await asyncio.sleep(0.08)
    assert await asyncio.wait_for(_send_until_read(layer, reader), 1) == {"type": "hi"}
    assert await nothing_in(layer, "dead")
    assert list(layer.groups["room"]) == ["live"]


async def _send_until_read(layer, reader):
    await layer.group_send("room", {"type": "hi"})
    return await reader


async def test_each_receiver_has_containers_of_its_own():
    layer = InMemoryChannelLayer()
    payload = {"list": [1, {"deep": [2]}], "text": "x"}
    message = {"type": "x", "payload": payload}
    for channel in ("one", "two"):
        await layer.group_add("room", channel)
    await layer.group_send("room", message)
    payload["list"].append("changed after sending")
    one, two = await layer.receive("one"), await layer.receive("two")
    assert one == two == {"type": "x", "payload": {"list": [1, {"deep": [2]}], "text": "x"}}
    one["payload"]["list"][1]["deep"].append(3)
    assert two["payload"]["list"][1]["deep"] == [2]


async def test_objects_are_deep_copied_with_one_warning(caplog):
    layer = InMemoryChannelLayer()

    def function():
        return "called"

    message = {"type": "x", "at": datetime.date(2026, 1, 2), "id": uuid.uuid4(), "f": function, "set": {1, 2}}
    await layer.group_add("room", "one")
    await layer.group_add("room", "two")
    with caplog.at_level(logging.WARNING, "chanx.layers"):
        await layer.group_send("room", message)
        await layer.group_send("room", message)
    assert len(caplog.records) == 1
    assert "message['at']" in caplog.text
    one, two = await layer.receive("one"), await layer.receive("two")
    assert one == two == message
    assert one["set"] is not two["set"]
    assert one["f"]() == "called"


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"when": [0, datetime.date(2026, 1, 2)]}, r"message\['payload'\]\['when'\]\[1\] is a datetime.date"),
        ({"n": 2**64}, r"message\['payload'\]\['n'\] is an integer of more than 64 bits"),
        ({"s": "\ud800"}, r"message\['payload'\]\['s'\]"),
        ({3: 4}, r"message\['payload'\]\[3\] has a key of type int"),
    ],
)
async def test_strict_refuses_what_redis_could_not_carry(value, path):
    layer = InMemoryChannelLayer(strict=True)
    with pytest.raises((TypeError, ValueError, OverflowError), match=path):
        await layer.send("channel", {"type": "x", "payload": value})
    assert layer.channels == {}


async def test_what_cannot_be_copied_fails_at_send_with_its_path():
    with pytest.raises(TypeError, match=r"message\['x'\]\[0\] is a generator"):
        await InMemoryChannelLayer().send("channel", {"type": "x", "x": [(i for i in ())]})


async def test_nesting_is_bounded():
    deep: dict = {}
    for _ in range(10_000):
        deep = {"d": deep}
    with pytest.raises(ValueError, match="nested too deeply"):
        await InMemoryChannelLayer().send("channel", {"type": "x", "deep": deep})


async def test_a_megabyte_passes():
    layer = InMemoryChannelLayer()
    await layer.send("big", {"type": "x", "data": "x" * 2**20, "bytes": b"\0" * 2**20})
    got = await layer.receive("big")
    assert len(got["data"]) == len(got["bytes"]) == 2**20


async def test_new_channels_are_unique_and_valid():
    layer = InMemoryChannelLayer()
    names = {await layer.new_channel() for _ in range(1000)}
    assert len(names) == 1000
    name = await layer.new_channel(prefix="test")
    assert name.startswith("test")
    await layer.send(name, {"type": "x"})
    assert await layer.receive(name) == {"type": "x"}


async def test_flush_forgets_everything_but_the_readers():
    layer = InMemoryChannelLayer()
    await layer.send("one", {"type": "x"})
    await layer.group_add("room", "two")
    reader = asyncio.create_task(layer.receive("waiting"))
    await asyncio.sleep(0)
    await layer.flush()
    assert list(layer.channels) == ["waiting"]
    assert layer.groups == {}
    assert await nothing_in(layer, "one")
    await layer.send("waiting", {"type": "after"})
    assert await asyncio.wait_for(reader, 1) == {"type": "after"}


async def test_drop_channel_frees_messages_and_memberships():
    layer = InMemoryChannelLayer()
    await layer.group_add("room", "gone")
    await layer.send("gone", {"type": "x"})
    assert layer.drop_channel("gone")
    assert not layer.drop_channel("gone")
    assert layer.groups == {}
    assert layer.stats()["channels"] == 0
    assert await nothing_in(layer, "gone")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"hosts": []}, "no option 'hosts'; its options are capacity, channel_capacity, expiry"),
        ({"capacity": 0}, "'capacity'"),
        ({"capacity": "100"}, "'capacity'"),
        ({"expiry": -1}, "'expiry'"),
        ({"expiry": None}, "'expiry'"),
        ({"group_expiry": "x"}, "'group_expiry'"),
        ({"channel_capacity": {"a*": -1}}, "channel_capacity"),
        ({"channel_capacity": {3: 1}}, "channel_capacity"),
        ({"channel_capacity": 7}, "channel_capacity"),
    ],
)
def test_bad_options_are_named(options, text):
    with pytest.raises(ImproperlyConfigured, match=text):
        InMemoryChannelLayer(**options)


def test_extensions():
    assert set(InMemoryChannelLayer.extensions) == {"groups", "flush"}
    assert asyncio.iscoroutinefunction(InMemoryChannelLayer().receive)


async def test_group_send_many_and_counters():
    layer = InMemoryChannelLayer()
    await layer.group_add("a", "one")
    await layer.group_add("b", "one")
    assert layer.group_send_many([("a", {"type": "1"}), ("b", {"type": "2"}), ("c", {"type": "3"})]) == 2
    assert [(await layer.receive("one"))["type"] for _ in range(2)] == ["1", "2"]
    stats = layer.stats()
    assert (stats["sent"], stats["received"], stats["delivered"]) == (3, 2, 2)
