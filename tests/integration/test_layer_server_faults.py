"""Both Redis layers when the server fails under load: killed, paused, failed over, cut off within a reply."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any

import pytest
from cutting_proxy import CuttingProxy
from layers import OURS, Reader, close, take, until, within
from ports import free_port
from redis_server import RedisServer

from chanx._core import RedisClient
from chanx.exceptions import RedisError, RedisReadOnlyError

KINDS = pytest.mark.parametrize("kind", list(OURS))


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with RedisServer() as started:
        yield started


class Load:
    """Senders that number their messages, to a group of readers in two processes' worth of layers."""

    def __init__(self, kind: str, hosts: list[Any], senders: int = 4, members: int = 10) -> None:
        self.layers = [OURS[kind](hosts=hosts, capacity=100_000) for _ in range(2)]
        self.members, self.senders = members, senders
        self.readers: list[Reader] = []
        self.acknowledged: list[list[int]] = [[] for _ in range(senders)]
        self.refused: list[Exception] = []
        self.stopping = False

    async def start(self) -> None:
        for number in range(self.members):
            layer = self.layers[number % 2]
            self.readers.append(Reader(layer, await layer.new_channel()))
            await layer.group_add("load", self.readers[-1].channel)
        self.tasks = [asyncio.create_task(self._send(sender)) for sender in range(self.senders)]

    async def _send(self, sender: int) -> None:
        number = 0
        while not self.stopping:
            number += 1
            try:
                await self.layers[sender % 2].group_send("load", {"type": "x", "n": number * 100 + sender})
                self.acknowledged[sender].append(number * 100 + sender)
            except RedisError as error:
                self.refused.append(error)
            await asyncio.sleep(0.002)

    @property
    def sent(self) -> int:
        return sum(map(len, self.acknowledged))

    async def flows(self, more: int = 40, seconds: float = 20) -> bool:
        """Whether sends are acknowledged, and every reader gets messages, from now on."""
        begun, had = self.sent, [len(reader.got) for reader in self.readers]
        return await until(
            lambda: (
                self.sent >= begun + more
                and all(len(r.got) >= n + more // 2 for r, n in zip(self.readers, had, strict=True))
            ),
            seconds,
        )

    async def stop(self) -> None:
        self.stopping = True
        await asyncio.gather(*self.tasks)
        await asyncio.sleep(0.5)
        for reader in self.readers:
            await reader.stop()

    def check(self, *, whole: bool) -> None:
        """Nothing doubled, each sender's messages in order; and nothing lost that was acknowledged, if `whole`."""
        for reader in self.readers:
            assert reader.error is None
            assert len(set(reader.got)) == len(reader.got), "a message came twice"
            for sender, acknowledged in enumerate(self.acknowledged):
                mine = [n for n in reader.got if n % 100 == sender]
                assert mine == sorted(mine)
                if whole:
                    assert set(acknowledged) <= set(mine)


@contextlib.asynccontextmanager
async def load(kind: str, hosts: list[Any]) -> AsyncIterator[Load]:
    made = Load(kind, hosts)
    await made.start()
    assert await made.flows()
    try:
        yield made
    finally:
        if not made.stopping:
            await made.stop()
        await close(*made.layers)


@KINDS
async def test_a_server_killed_under_load_is_found_again(server: RedisServer, kind: str) -> None:
    async with load(kind, [server.url]) as running:
        for _ in range(3):
            server.stop()
            await asyncio.sleep(0.3)
            server.start()
            # The restarted server has lost its groups with its data: the layers bring their members back.
            assert await running.flows()
        await running.stop()
        running.check(whole=False)
        assert all(str(server.port) in str(error) for error in running.refused)
        # A loss fails what was under way: at most one send of each task, every time.
        assert len(running.refused) <= running.senders * 3


@KINDS
async def test_a_paused_server_delays_and_loses_nothing(server: RedisServer, kind: str) -> None:
    async with load(kind, [server.url]) as running:
        server.pause()
        await asyncio.sleep(6)
        server.resume()
        assert await running.flows()
        await running.stop()
        running.check(whole=True)
        assert running.refused == []


@KINDS
async def test_a_failover_by_sentinel_is_followed_under_load(kind: str) -> None:
    with RedisServer() as master, RedisServer("--replicaof", "127.0.0.1", str(master.port)) as replica:
        watch = [
            f"sentinel monitor main 127.0.0.1 {master.port} 2",
            "sentinel down-after-milliseconds main 500",
            "sentinel failover-timeout main 2000",
        ]
        with contextlib.ExitStack() as stack:
            sentinels = [stack.enter_context(RedisServer(*watch, sentinel=True)) for _ in range(3)]
            asked = [RedisClient({"host": "127.0.0.1", "port": each.port}) for each in sentinels]

            def ready() -> bool:
                return all(
                    len(each.execute("SENTINEL", "REPLICAS", "main")) == 1
                    and len(each.execute("SENTINEL", "SENTINELS", "main")) == 2
                    for each in asked
                )

            assert await until(ready, 20)
            assert await until(lambda: "master_link_status:up" in replica.cli("INFO", "replication"), 20)
            hosts = [
                {
                    "sentinels": [
                        ("127.0.0.1", free_port()),
                        *(("127.0.0.1", each.port) for each in sentinels),
                    ],
                    "master_name": "main",
                }
            ]
            async with load(kind, hosts) as running:
                await asyncio.sleep(0.3)  # the replica has the members of the group
                master.stop()
                assert await running.flows(seconds=40)
                assert "role:master" in replica.cli("INFO", "replication")
                await running.stop()
                running.check(whole=False)
                assert all("main" in str(error) for error in running.refused)
            for each in asked:
                each.close()


async def _cut(kind: str, server: RedisServer, lane: int, cuts: Iterable[int]) -> None:
    proxy = CuttingProxy(server.port)
    host = {"host": "127.0.0.1", "port": proxy.port}
    receiver, sender = OURS[kind](hosts=[host]), OURS[kind](hosts=[server.url])
    reader, room = Reader(receiver, await receiver.new_channel()), f"room{lane}"
    await receiver.group_add(room, reader.channel)
    await sender.group_send(room, {"type": "x", "n": 0})
    assert await until(lambda: reader.got == [0])
    for cut in cuts:
        gaps = receiver.stats()["gaps"]
        proxy.left = cut
        await sender.group_send(room, {"type": "x", "n": cut * 10 + 1})
        await sender.group_send(room, {"type": "x", "n": cut * 10 + 2})
        # Two deliveries are more than the bytes that may pass, so one of them is cut.
        assert await until(lambda gaps=gaps: receiver.stats()["gaps"] > gaps)  # type: ignore[misc]  # bound now
        assert await until(lambda: receiver.stats()["connected"])
        number, came = 0, False
        while not came and number < 50:
            number += 1
            with contextlib.suppress(RedisError):
                await sender.group_send(room, {"type": "x", "n": 1_000_000 + cut})
            came = await until(lambda cut=cut: 1_000_000 + cut in reader.got, 0.2)  # type: ignore[misc]  # bound now
        assert came, f"nothing comes after a cut at byte {cut}"
    got = [n for n in await reader.stop() if n < 1_000_000]
    assert got == sorted(set(got)), "a message came twice, or out of order"
    assert receiver.stats()["dropped"]["undecodable"] == 0
    await close(receiver, sender)
    proxy.close()


@KINDS
async def test_a_connection_cut_at_every_byte_of_a_message_loses_that_one_at_most(
    server: RedisServer, kind: str
) -> None:
    size = 130 if kind == "core" else 110  # more than one delivery takes on the wire
    # Most of the time each of them waits for its next connection.
    await asyncio.gather(*(_cut(kind, server, lane, range(lane, size, 4)) for lane in range(4)))


async def test_a_replica_that_is_promoted_hands_messages_over_without_a_restart(server: RedisServer) -> None:
    with RedisServer("--replicaof", "127.0.0.1", str(server.port)) as replica:
        assert await until(lambda: "master_link_status:up" in replica.cli("INFO", "replication"))
        layer = OURS["core"](hosts=[replica.url])
        reader = Reader(layer, await layer.new_channel())
        await asyncio.sleep(0.2)
        with pytest.raises(RedisReadOnlyError, match=str(replica.port)):
            await layer.send(reader.channel, {"type": "x", "n": 1})
        replica.cli("REPLICAOF", "NO", "ONE")
        await layer.send(reader.channel, {"type": "x", "n": 2})
        assert await until(lambda: reader.got == [2])
        await reader.stop()
        await close(layer)


async def test_two_hosts_of_which_one_is_lost_serve_half_of_the_names(server: RedisServer) -> None:
    with RedisServer() as other:
        layer = OURS["pubsub"](hosts=[server.url, other.url])
        channels = [await layer.new_channel() for _ in range(40)]
        other.stop()
        await asyncio.sleep(0.1)
        outcome = await asyncio.gather(
            *(within(layer.send(channel, {"type": "x"}), 8) for channel in channels), return_exceptions=True
        )
        arrived = await asyncio.gather(*(take(layer, channel, 0.5) for channel in channels))
        for sent, got in zip(outcome, arrived, strict=True):
            assert (sent is None) == (got is not None)
            assert sent is None or str(other.port) in str(sent)
        assert 0 < sum(got is not None for got in arrived) < 40
        await close(layer)
