"""Both Redis layers on a cluster that speaks TLS alone, as a user who may do what a layer needs and no more."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from layers import OURS, close, take

from chanx.exceptions import RedisAuthenticationError, RedisConnectionError, RedisError
from tests.support.certificates import make_certificates
from tests.support.redis_cluster import RedisCluster

KINDS = pytest.mark.parametrize("kind", list(OURS))
# What docs/channel-layers.md says a user of a layer with the prefix "team" needs.
RIGHTS = ("~team*", "&team*", "-@all", "+@connection", "+@sortedset", "+@scripting", "+@pubsub", "+expire", "+scan",
          "+unlink", "+cluster|slots", "+command|info")  # fmt: skip


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def cluster(certificates: Path) -> Iterator[RedisCluster]:
    with RedisCluster(masters=3, password="root", certificates=certificates) as running:
        for node in running.nodes:
            running.command(node, "ACL", "SETUSER", "app", "on", ">secret", *RIGHTS)
        yield running


def hosts(
    cluster: RedisCluster, only: int | None = None, password: str = "secret"
) -> list[dict[str, object]]:
    addresses = cluster.addresses("app", password)
    chosen = addresses if only is None else [addresses[only]]
    return [{"cluster": chosen, "ssl_ca_certs": f"{cluster.certificates}/ca.pem"}]


@KINDS
async def test_messages_and_groups_over_all_nodes(cluster: RedisCluster, kind: str) -> None:
    # Each is told of one node and finds the others: over TLS, and as the same user.
    layers = [OURS[kind](hosts=hosts(cluster, index), prefix="team") for index in range(3)]
    channels = [(layer, await layer.new_channel()) for layer in layers for _ in range(4)]
    for number in range(6):  # group names on several slots
        for layer, channel in channels:
            await layer.group_add(f"room{number}", channel)
    for number in range(6):
        await layers[number % 3].group_send(f"room{number}", {"type": "x", "n": number})
    for layer, channel in channels:
        got = [await take(layer, channel) for _ in range(6)]
        assert sorted(each["n"] for each in got if each) == list(range(6))
        await layers[0].send(channel, {"type": "direct"})
        assert await take(layer, channel) == {"type": "direct"}
    await asyncio.to_thread(
        layers[0].group_send_many, [(f"room{n}", {"type": "y", "n": n}) for n in range(6)]
    )
    layer, channel = channels[-1]
    got = [await take(layer, channel) for _ in range(6)]
    assert sorted(each["n"] for each in got if each) == list(range(6))
    if kind == "core":
        await layers[0].send("work", {"type": "t"})
        assert await take(layers[1], "work") == {"type": "t"}
        await layers[0].flush()
    await close(*layers)


@KINDS
async def test_what_is_wrong_is_named(cluster: RedisCluster, kind: str) -> None:
    wrong = OURS[kind](hosts=hosts(cluster, password="other"), prefix="team")
    with pytest.raises(RedisAuthenticationError, match=f"127.0.0.1:{cluster.nodes[0].port}"):
        await wrong.group_send("room", {"type": "x"})
    stranger = OURS[kind](hosts=[{"cluster": cluster.addresses("app", "secret")}], prefix="team")
    with pytest.raises(RedisConnectionError, match="certificate verification failed"):
        await stranger.group_send("room", {"type": "x"})
    elsewhere = OURS[kind](hosts=hosts(cluster), prefix="others")
    with pytest.raises(RedisError, match=r"NOPERM|permission"):
        await elsewhere.group_send("room", {"type": "x"})
    await close(wrong, stranger, elsewhere)
