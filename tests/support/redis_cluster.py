"""A Redis Cluster of a test's own: real nodes on free ports, made and changed with the commands of redis-server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from tests.support.certificates import server_options
from tests.support.ports import free_port
from tests.support.redis_server import RedisServer

SLOTS = 16384
NODE_TIMEOUT_MS = 800
"""How long a node has to be silent until the others replace it."""


def wait_until(true: Callable[[], object], seconds: float = 20, what: str = "the cluster") -> None:
    """Waits until a condition holds; a node that does not answer counts as not yet."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if true():
                return
        except RedisError:
            pass
        time.sleep(0.03)
    raise RuntimeError(f"{what} did not get ready in {seconds} s")


class RedisCluster:
    """Masters that share the slots evenly, each with so many replicas.

    With `certificates` the nodes speak TLS alone, to clients and to each other.
    """

    def __init__(
        self,
        masters: int = 3,
        replicas: int = 0,
        *options: str,
        password: str = "",
        certificates: Path | None = None,
    ) -> None:
        self.password, self.certificates = password, certificates
        if certificates is not None:
            options = (
                *options,
                *server_options(certificates),
                "--tls-cluster",
                "yes",
                "--tls-replication",
                "yes",
            )
        secret = ["--requirepass", password, "--masterauth", password] if password else []
        count = masters * (1 + replicas)

        def start(_: int) -> RedisServer:
            return RedisServer(
                "--cluster-enabled",
                "yes",
                "--cluster-node-timeout",
                str(NODE_TIMEOUT_MS),
                "--cluster-port",
                str(free_port()),
                "--repl-diskless-sync-delay",
                "0",
                *secret,
                *options,
                tls=certificates is not None,
            )

        with ThreadPoolExecutor(count) as pool:
            starting = [pool.submit(start, number) for number in range(count)]
        self.nodes = [each.result() for each in starting if each.exception() is None]
        try:
            for each in starting:
                each.result()
            self.masters = self.nodes[:masters]
            self.replicas = self.nodes[masters:]
            self._unite(masters, count)
        except BaseException:
            self.close()
            raise

    def _unite(self, masters: int, count: int) -> None:
        self._introduce()
        for index, node in enumerate(self.masters):
            first, last = SLOTS * index // masters, SLOTS * (index + 1) // masters - 1
            self.command(node, "CLUSTER", "ADDSLOTSRANGE", first, last)
        wait_until(lambda: all(len(self._lines(node)) == count for node in self.nodes))
        for index, node in enumerate(self.replicas):
            self.command(node, "CLUSTER", "REPLICATE", self.identity(self.masters[index % masters]))
        wait_until(self.settled)

    def _introduce(self) -> None:
        first = self.nodes[0]
        bus = int(self._lines(first)[0].split()[1].partition("@")[2].partition(",")[0])
        for epoch, node in enumerate(self.nodes):
            self.command(node, "CLUSTER", "SET-CONFIG-EPOCH", epoch + 1)
            if node is not first:
                self.command(node, "CLUSTER", "MEET", "127.0.0.1", first.port, bus)

    def settled(self) -> bool:
        """Whether every running node sees all slots served, and every replica is linked to its master."""
        replicas = linked = 0
        for node in self.nodes:
            if node.process is None:
                continue
            if "cluster_state:ok" not in self.command(node, "CLUSTER", "INFO"):
                return False
            info = self.command(node, "INFO", "replication")
            if info["role"] == "master":
                linked += info["connected_slaves"]
            elif info["master_link_status"] == "up":
                replicas += 1
        return replicas == linked == len(self.replicas)

    def restore(self) -> None:
        """Starts the nodes that were stopped, and waits until the cluster is whole."""
        for node in self.nodes:
            if node.process is None:
                node.start()
        wait_until(self.settled)

    def client(self, node: RedisServer) -> Redis:
        """A plain client of one node."""
        secure = {"ssl": True, "ssl_ca_certs": f"{self.certificates}/ca.pem"} if self.certificates else {}
        return Redis(port=node.port, password=self.password or None, decode_responses=True, **secure)

    def command(self, node: RedisServer, *words: Any) -> Any:
        """The answer of one node."""
        with self.client(node) as client:
            return client.execute_command(*words)

    def _lines(self, node: RedisServer) -> list[str]:
        return str(self.command(node, "CLUSTER", "NODES")).splitlines()

    def identity(self, node: RedisServer) -> str:
        """The node's name within the cluster."""
        return str(self.command(node, "CLUSTER", "MYID"))

    def addresses(self, user: str = "", password: str = "") -> list[str]:
        """URLs of all nodes, for the setting ``cluster``; with the default user's password, or another's."""
        password = password or self.password
        secret = f"{user}:{password}@" if password else ""
        scheme = "rediss" if self.certificates else "redis"
        return [f"{scheme}://{secret}127.0.0.1:{node.port}" for node in self.nodes]

    def owner(self, slot: int) -> RedisServer:
        """The node that serves a slot, as the first running node sees it."""
        seen = next(node for node in self.nodes if node.process is not None)
        for line in self._lines(seen):
            words = line.split()
            if "master" not in words[2] or "fail" in words[2]:
                continue
            for word in words[8:]:
                first, _, last = word.partition("-")
                if not word.startswith("[") and int(first) <= slot <= int(last or first):
                    port = int(words[1].partition("@")[0].rpartition(":")[2])
                    return next(node for node in self.nodes if node.port == port)
        raise RuntimeError(f"no node serves slot {slot}")

    def slot(self, key: str) -> int:
        """The slot of a key, as Redis computes it."""
        return int(
            self.command(next(n for n in self.nodes if n.process is not None), "CLUSTER", "KEYSLOT", key)
        )

    def begin_move(self, slot: int, source: RedisServer, target: RedisServer) -> None:
        """From now on keys that are not at the source are asked for at the target."""
        self.command(target, "CLUSTER", "SETSLOT", slot, "IMPORTING", self.identity(source))
        self.command(source, "CLUSTER", "SETSLOT", slot, "MIGRATING", self.identity(target))

    def move_keys(self, slot: int, source: RedisServer, target: RedisServer) -> None:
        """Carries the keys of a slot over."""
        while keys := self.command(source, "CLUSTER", "GETKEYSINSLOT", slot, 100):
            secret = ["AUTH", self.password] if self.password else []
            self.command(source, "MIGRATE", "127.0.0.1", target.port, "", 0, 5000, *secret, "KEYS", *keys)

    def end_move(self, slot: int, target: RedisServer) -> None:
        """The target serves the slot."""
        name = self.identity(target)
        for node in [target, *(other for other in self.masters if other is not target)]:
            if node.process is not None:
                self.command(node, "CLUSTER", "SETSLOT", slot, "NODE", name)

    def move(self, slots: Iterable[int], source: RedisServer, target: RedisServer) -> None:
        """Moves slots with their keys, as an operator's tool does."""
        for slot in slots:
            self.begin_move(slot, source, target)
            self.move_keys(slot, source, target)
            self.end_move(slot, target)

    def close(self) -> None:
        """Stops all nodes."""
        for node in self.nodes:
            node.close()

    def __enter__(self) -> RedisCluster:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
