"""The pub/sub layer over a real Redis, with channels_redis on the other side."""

import asyncio
import contextlib
import subprocess
import time

import pytest
from asgiref.sync import async_to_sync
from channels_redis.pubsub import RedisPubSubChannelLayer as PeerLayer
from django.core.exceptions import ImproperlyConfigured

from chanx.exceptions import RedisAuthenticationError, RedisConnectionError, RedisDatabaseError, RedisError
from chanx.layers import RedisPubSubChannelLayer
from tests.support.redis_server import RedisServer


@pytest.fixture(scope="module")
def server():
    with RedisServer() as running:
        yield running


@pytest.fixture
async def layer(server):
    made = RedisPubSubChannelLayer(hosts=[server.url])
    yield made
    await made.close()


async def within(awaitable, seconds=5):
    return await asyncio.wait_for(awaitable, seconds)


async def nothing_in(layer, channel, seconds=0.1):
    with contextlib.suppress(TimeoutError):
        return await asyncio.wait_for(layer.receive(channel), seconds) and False
    return True


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"serializer_format": "json"},
        {"symmetric_encryption_keys": ["first", "second"]},
        {"prefix": "other"},
        {"serializer_format": "json", "symmetric_encryption_keys": ["k"]},
    ],
)
async def test_a_mixed_fleet_talks_in_all_directions(server, options):
    ours, theirs = (
        RedisPubSubChannelLayer(hosts=[server.url], **options),
        PeerLayer(hosts=[server.url], **options),
    )
    here, there = await ours.new_channel(), await theirs.new_channel()
    assert here.rpartition(".")[0] == there.rpartition(".")[0]
    assert len(here) == len(there)
    message = {"type": "x", "text": "ü\0", "list": [1, -1, 2**40, 1.5, None, True, {"deep": []}], "empty": {}}
    for sender in (ours, theirs):
        await sender.send(here, message)
        await sender.send(there, message)
        assert await within(ours.receive(here)) == message
        assert await within(theirs.receive(there)) == message
    await ours.group_add("room", here)
    await theirs.group_add("room", there)
    for sender in (ours, theirs):
        await sender.group_send("room", message)
        assert await within(ours.receive(here)) == message
        assert await within(theirs.receive(there)) == message
    await ours.group_discard("room", here)
    await theirs.group_send("room", message)
    assert await within(theirs.receive(there)) == message
    assert await nothing_in(ours, here)
    await ours.close()
    await theirs.flush()


async def test_two_hosts_share_the_names_as_their_peers_do():
    with RedisServer() as one, RedisServer() as two:
        hosts = [one.url, two.url]
        ours, theirs = RedisPubSubChannelLayer(hosts=hosts), PeerLayer(hosts=hosts)
        for number in range(20):
            here, there = await ours.new_channel(), await theirs.new_channel()
            await ours.send(there, {"type": "n", "n": number})
            await theirs.send(here, {"type": "n", "n": number})
            assert (await within(theirs.receive(there)))["n"] == number
            assert (await within(ours.receive(here)))["n"] == number
            await ours.group_add(f"room{number}", here)
            await theirs.group_send(f"room{number}", {"type": "g"})
            assert await within(ours.receive(here)) == {"type": "g"}
        await ours.close()
        await theirs.flush()


async def test_messages_of_one_sender_arrive_in_order(layer):
    channel = await layer.new_channel()
    for number in range(500):
        await layer.send(channel, {"type": "n", "n": number})
    assert [(await within(layer.receive(channel)))["n"] for _ in range(500)] == list(range(500))


async def test_each_member_has_containers_of_its_own(layer):
    channels = [await layer.new_channel() for _ in range(3)]
    for channel in channels:
        await layer.group_add("own", channel)
    await layer.group_send("own", {"type": "x", "list": [{}]})
    got = [await within(layer.receive(channel)) for channel in channels]
    got[0]["list"][0]["changed"] = True
    assert got[1] == got[2] == {"type": "x", "list": [{}]}


async def test_a_burst_reaches_a_thousand_members_whole(layer):
    got = 0

    async def read(channel):
        nonlocal got
        while True:
            await layer.receive(channel)
            got += 1

    channels = [await layer.new_channel() for _ in range(1000)]
    for channel in channels:
        await layer.group_add("burst", channel)
    tasks = [asyncio.create_task(read(channel)) for channel in channels]
    await asyncio.gather(*(layer.group_send("burst", {"type": "x"}) for _ in range(200)))
    for _ in range(1000):
        await asyncio.sleep(0.02)
        if got == 200_000:
            break
    for task in tasks:
        task.cancel()
    assert got == 200_000
    assert sum(layer.stats()["dropped"].values()) == 0


async def test_a_restarted_server_is_found_again_and_the_callbacks_are_called():
    calls: list[str] = []

    async def reconnected():
        calls.append("reconnect")

    with RedisServer() as server:
        layer = RedisPubSubChannelLayer(
            hosts=[server.url], on_disconnect=lambda: calls.append("disconnect"), on_reconnect=reconnected
        )
        channels = [await layer.new_channel() for _ in range(50)]
        for channel in channels:
            await layer.group_add("room", channel)
        server.stop()

        async def send_until_refused():
            for _ in range(100):
                await within(layer.group_send("room", {"type": "lost"}), 15)
                await asyncio.sleep(0.05)

        with pytest.raises(RedisError):
            await send_until_refused()
        server.start()
        for _ in range(200):
            await asyncio.sleep(0.05)
            if "reconnect" in calls and layer.stats()["connected"]:
                break
        assert calls[0] == "disconnect"
        assert "reconnect" in calls
        await within(layer.group_send("room", {"type": "back"}), 15)
        for channel in channels:
            message = await within(layer.receive(channel))
            while message["type"] == "lost":
                message = await within(layer.receive(channel))
            assert message == {"type": "back"}
        assert layer.stats()["reconnects"] >= 1
        await layer.close()


async def test_errors_name_the_host_and_the_cause(server):
    nowhere = RedisPubSubChannelLayer(hosts=["redis://127.0.0.1:1"])
    with pytest.raises(RedisConnectionError, match=r"127\.0\.0\.1:1"):
        await within(nowhere.send("a", {"type": "x"}), 10)
    with pytest.raises(RedisConnectionError, match=r"127\.0\.0\.1:1"):
        await within(nowhere.new_channel(), 10)
    with pytest.raises(RedisConnectionError, match=r"127\.0\.0\.1:1"):
        nowhere.group_send_sync("a", {"type": "x"})
    with pytest.raises(RedisDatabaseError, match=rf"{server.port}.*DB index"):
        await within(
            RedisPubSubChannelLayer(hosts=[server.url.replace("/0", "/9999")]).send("a", {"type": "x"})
        )
    with RedisServer("--requirepass", "secret") as locked:
        with pytest.raises(RedisAuthenticationError, match=str(locked.port)):
            await within(RedisPubSubChannelLayer(hosts=[locked.url]).send("a", {"type": "x"}))
        right = RedisPubSubChannelLayer(hosts=[locked.url.replace("//", "//:secret@")])
        channel = await right.new_channel()
        await right.send(channel, {"type": "x"})
        assert await within(right.receive(channel)) == {"type": "x"}
        await right.close()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"serializer_format": "yaml"}, "serializer_format"),
        ({"symmetric_encryption_keys": "secret"}, "must be a list of keys"),
        ({"nonsense": 1}, "no option 'nonsense'; its options are capacity"),
        ({"capacity": 0}, "'capacity'"),
    ],
)
def test_bad_options_are_named(options, text):
    with pytest.raises(ImproperlyConfigured, match=text):
        RedisPubSubChannelLayer(**options)


async def test_what_cannot_be_serialized_fails_at_send_with_its_path(layer):
    with pytest.raises(TypeError, match=r"at"):
        await layer.send("channel", {"type": "x", "at": {"when": object()}})


async def test_bytes_that_are_no_message_are_set_aside(layer, server, caplog):
    channel = await layer.new_channel()
    server.cli("PUBLISH", channel, "\xc1 no message")
    await layer.send(channel, {"type": "x"})
    assert await within(layer.receive(channel)) == {"type": "x"}
    assert layer.stats()["dropped"]["undecodable"] == 1


async def test_only_own_channels_are_received_from(layer):
    with pytest.raises(RuntimeError, match="new_channel"):
        await layer.receive("somebody-elses")
    with pytest.raises(RuntimeError, match="new_channel"):
        await layer.group_add("room", "somebody-elses")


async def test_capacity_works_when_it_is_set(server, caplog):
    layer = RedisPubSubChannelLayer(hosts=[server.url], capacity=3)
    channel = await layer.new_channel()
    for number in range(10):
        await layer.send(channel, {"type": "n", "n": number})
    await asyncio.sleep(0.2)
    assert [(await within(layer.receive(channel)))["n"] for _ in range(3)] == [0, 1, 2]
    assert await nothing_in(layer, channel)
    assert layer.stats()["dropped"]["capacity"] == 7
    assert "dropped 1 message(s): capacity" in caplog.text  # at once; the rest of them ten seconds later
    await layer.close()


async def test_a_closed_layer_opens_again(server):
    layer = RedisPubSubChannelLayer(hosts=[server.url])
    old = await layer.new_channel()
    await layer.close()
    with pytest.raises(RuntimeError, match="new_channel"):
        await layer.receive(old)
    channel = await layer.new_channel()
    await layer.send(channel, {"type": "x"})
    assert await within(layer.receive(channel)) == {"type": "x"}
    await layer.close()


async def test_attached_consumers_get_group_messages_of_other_processes(layer, server):
    batches = []

    def deliver(batch):
        batches.append(batch)

    channels = [await layer.new_channel() for _ in range(10)]
    for channel in channels:
        await layer.group_add("attached", channel)
        layer.attach(channel, channel, deliver)
    peer = PeerLayer(hosts=[server.url])
    await peer.group_send("attached", {"type": "x"})
    for _ in range(100):
        await asyncio.sleep(0.02)
        if batches:
            break
    (batch,) = batches
    assert sorted(target for target, _ in batch) == sorted(channels)
    assert len({id(message) for _, message in batch}) == 1
    assert batch[0][1].content == {"type": "x"}
    for channel in channels:
        layer.drop_channel(channel)
    await peer.flush()


async def test_subscriptions_end_with_the_last_member_and_the_channel(layer, server):
    async def subscriptions():
        found = server.cli("PUBSUB", "CHANNELS", "asgi*").split()
        return {name for name in found if name == channel or name.endswith("__short")}

    channel = await layer.new_channel()
    await layer.group_add("short", channel)
    assert await subscriptions() == {channel, "asgi__group__short"}
    await layer.group_discard("short", channel)
    await asyncio.sleep(0.2)
    assert await subscriptions() == {channel}
    await layer.group_add("short", channel)
    layer.drop_channel(channel)
    await asyncio.sleep(0.2)
    assert await subscriptions() == set()


def test_without_a_loop_and_with_async_to_sync(server):
    layer = RedisPubSubChannelLayer(hosts=[server.url])
    channel = async_to_sync(layer.new_channel)()
    layer.send_sync(channel, {"type": "1"})
    async_to_sync(layer.send)(channel, {"type": "2"})
    async_to_sync(layer.group_add)("sync", channel)
    layer.group_send_many([("sync", {"type": "3"}), ("nobody", {"type": "-"}), ("sync", {"type": "4"})])
    layer.group_send_sync("sync", {"type": "5"}, wait=False)
    assert layer.flush_sync(5)
    assert [async_to_sync(layer.receive)(channel)["type"] for _ in range(5)] == ["1", "2", "3", "4", "5"]
    async_to_sync(layer.close)()


def test_a_normal_exit_flushes_what_was_pipelined(server):
    listener = subprocess.Popen(
        ["redis-cli", "-p", str(server.port), "SUBSCRIBE", "asgi__group__exit"], stdout=subprocess.PIPE
    )
    time.sleep(0.5)
    program = (
        "from chanx.layers import RedisPubSubChannelLayer\n"
        f"layer = RedisPubSubChannelLayer(hosts=[{server.url!r}])\n"
        "layer.group_send_many([('exit', {'type': 'x', 'n': n}) for n in range(1000)], wait=False)\n"
    )
    import sys

    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)
    time.sleep(0.3)
    listener.terminate()
    assert listener.communicate()[0].count(b"\nmessage\n") >= 999
