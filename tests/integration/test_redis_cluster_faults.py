"""Nodes of a Redis Cluster that are lost under load, and a cluster that is away as a whole."""

import asyncio
import contextlib
import os
import time
from collections.abc import Iterator
from typing import Any

import pytest

from chanx.exceptions import RedisConnectionError, RedisError
from chanx.layers import RedisChannelLayer, RedisPubSubChannelLayer
from tests.support.redis_cluster import RedisCluster, wait_until

LAYERS = [RedisChannelLayer, RedisPubSubChannelLayer]
Layer = RedisChannelLayer | RedisPubSubChannelLayer


@pytest.fixture(scope="module")
def shared() -> Iterator[RedisCluster]:
    with RedisCluster(masters=3, replicas=1) as running:
        yield running


@pytest.fixture
def cluster(shared: RedisCluster) -> RedisCluster:
    """The shared one, whole again after whatever the last test did to it."""
    shared.restore()
    return shared


async def arrives(layer: Layer, channel: str, seconds: float = 10) -> Any:
    return await asyncio.wait_for(layer.receive(channel), seconds)


@pytest.mark.parametrize("kind", LAYERS)
async def test_a_node_is_killed_under_load_and_its_replica_followed(
    kind: type[Layer], cluster: RedisCluster
) -> None:
    hosts = [{"cluster": cluster.addresses()}]
    sender = kind(hosts=hosts, capacity=100_000)
    layers = [kind(hosts=hosts, capacity=100_000) for _ in range(3)]
    channels = [(layer, await layer.new_channel()) for layer in layers for _ in range(10)]
    for layer, channel in channels:
        await layer.group_add("room", channel)
    got: dict[str, list[int]] = {channel: [] for _, channel in channels}

    async def read(layer: Layer, channel: str) -> None:
        while True:
            got[channel].append((await layer.receive(channel))["number"])

    readers = [asyncio.create_task(read(layer, channel)) for layer, channel in channels]
    group = f"{sender.prefix}:group:room" if kind is RedisChannelLayer else f"{sender.prefix}__group__room"
    victim = cluster.owner(cluster.slot(group))
    sent, failed = 0, 0

    async def send(until: float) -> None:
        nonlocal sent, failed
        while time.monotonic() < until:
            try:
                await sender.group_send("room", {"type": "t", "number": sent})
            except RedisError:
                failed += 1
            sent += 1
            await asyncio.sleep(0.002)

    await send(time.monotonic() + 0.3)
    before = sent
    victim.stop()
    began = time.monotonic()
    await send(began + 0.2)  # the first one waits for the replica
    await asyncio.to_thread(wait_until, lambda: cluster.owner(cluster.slot(group)) is not victim)
    await send(time.monotonic() + 0.3)
    # Members that the replica had not heard of come back by themselves.
    last = sent
    for _ in range(100):
        await sender.group_send("room", {"type": "t", "number": sent})
        sent += 1
        await asyncio.sleep(0.05)
        if all(numbers and numbers[-1] >= last for numbers in got.values()):
            break
    for reader in readers:
        reader.cancel()
    for numbers in got.values():
        assert numbers == sorted(set(numbers)), "doubled, or out of order"
        assert numbers[:before] == list(range(before)), "lost while all was well"
        assert numbers[-1] >= last, "the replica was not followed"
    assert failed <= 5, "all but what was under way waits for the replica"
    assert sender.stats()["gaps"] > 0
    if kind is RedisPubSubChannelLayer:
        assert all(layer.stats()["gaps"] > 0 and layer.stats()["reconnects"] > 0 for layer in layers)
    for layer in [sender, *layers]:
        await layer.close()


@pytest.mark.parametrize("kind", LAYERS)
async def test_a_cluster_that_was_away_is_found_again(kind: type[Layer], cluster: RedisCluster) -> None:
    layer = kind(hosts=[{"cluster": cluster.addresses(), "command_timeout": 0.5, "backlog_bytes": 20_000}])
    channel = await layer.new_channel()
    await layer.group_add("room", channel)
    await layer.group_send("room", {"type": "before"})
    assert (await arrives(layer, channel))["type"] == "before"
    for node in cluster.nodes:
        node.stop()
    with pytest.raises(
        RedisConnectionError, match=r"slot \d+ could not be reached in time: .*127.0.0.1:\d+: .*refused"
    ):
        await layer.group_send("room", {"type": "lost"})
    waiting = [asyncio.ensure_future(layer.group_send("room", {"type": "lost"})) for _ in range(200)]
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(answer, RedisError) for answer in answers)
    assert sum("wait already" in str(answer) for answer in answers) > 100
    await asyncio.to_thread(cluster.restore)
    deadline = time.monotonic() + 10
    while True:
        with contextlib.suppress(RedisError):
            await layer.group_send("room", {"type": "after"})
        try:
            assert (await arrives(layer, channel, 0.3))["type"] == "after"
            break
        except TimeoutError:
            assert time.monotonic() < deadline, "the cluster was not found again"
    assert layer.stats()["reconnects"] > 0
    await layer.close()


@pytest.mark.parametrize("kind", LAYERS)
async def test_a_forked_child_talks_to_the_cluster_by_itself(
    kind: type[Layer], cluster: RedisCluster
) -> None:
    layer = kind(hosts=[{"cluster": cluster.addresses()}])
    channel = await layer.new_channel()
    await layer.group_add("room", channel)
    child = os.fork()
    if child == 0:
        try:
            layer.group_send_sync("room", {"type": "t", "from": "child"})
            os._exit(0)
        finally:
            os._exit(1)
    _, status = await asyncio.to_thread(os.waitpid, child, 0)
    assert status == 0
    assert (await arrives(layer, channel))["from"] == "child"
    await layer.close()
