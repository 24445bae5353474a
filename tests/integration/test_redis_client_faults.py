"""What the Redis client does when the server or the network fails."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from chanx import exceptions
from chanx._core import RedisClient
from tests.support.cutting_proxy import CuttingProxy
from tests.support.ports import free_port
from tests.support.redis_server import RedisServer


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with RedisServer() as started:
        yield started


def eventually(what: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(exceptions.RedisError):
            if what():
                return True
        time.sleep(0.02)
    return False


def test_a_connection_cut_at_every_byte_of_a_reply_recovers(server: RedisServer) -> None:
    proxy = CuttingProxy(server.port)
    client = RedisClient({"host": "127.0.0.1", "port": proxy.port, "backoff_first": 0.001})
    client.execute("SET", "key", "value")
    reply = b"*2\r\n$5\r\nvalue\r\n$-1\r\n"
    assert client.execute("MGET", "key", "none") == [b"value", None]
    for cut in range(len(reply)):
        proxy.left = cut
        with pytest.raises(exceptions.RedisConnectionError, match=str(proxy.port)):
            client.execute("MGET", "key", "none")
        assert client.execute("MGET", "key", "none") == [b"value", None]
    assert client.stats()["gaps"] == len(reply)
    client.close()
    proxy.close()


def test_messages_cut_at_every_byte_resume_after_the_gap(server: RedisServer) -> None:
    proxy = CuttingProxy(server.port)
    reader = RedisClient({"host": "127.0.0.1", "port": proxy.port, "backoff_first": 0.001})
    writer = RedisClient(server.options())
    reader.subscribe(["room"])
    message = b"*3\r\n$7\r\nmessage\r\n$4\r\nroom\r\n$5\r\nfirst\r\n"
    for cut in range(0, len(message), 3):
        before = reader.stats()["connects"]
        proxy.left = cut
        writer.execute("PUBLISH", "room", "first")
        assert eventually(lambda before=before: reader.stats()["connects"] > before)  # type: ignore[misc]  # bound now
        assert eventually(lambda: bool(writer.execute("PUBSUB", "NUMSUB", "room")[1]))
        writer.execute("PUBLISH", "room", "second")
        assert reader.next_message(5) == ("room", b"second")
    events = reader.events()
    assert sum(event.startswith("reconnected after") for event in events) == len(range(0, len(message), 3))
    assert sum(event.startswith("disconnected") for event in events) == len(range(0, len(message), 3))
    for each in (reader, writer):
        each.close()
    proxy.close()


def test_a_restart_under_load_loses_only_what_was_under_way(server: RedisServer) -> None:
    client = RedisClient(server.options())
    reader = RedisClient(server.options())
    reader.subscribe(["room", *(f"c{i}" for i in range(1500))])
    stop = threading.Event()
    counts = {"answered": 0, "failed": 0}
    strange: list[BaseException] = []

    def load() -> None:
        while not stop.is_set():
            try:
                client.execute("PUBLISH", "room", "x", timeout=20)
                counts["answered"] += 1
            except exceptions.RedisConnectionError as error:
                if str(server.port) not in str(error):
                    strange.append(error)
                counts["failed"] += 1
            except BaseException as error:
                strange.append(error)

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        time.sleep(0.3)
        server.stop()
        time.sleep(0.3)
        server.start()
        before = counts["answered"]
        assert eventually(lambda before=before: counts["answered"] > before + 50)  # type: ignore[misc]  # bound now
    stop.set()
    for thread in threads:
        thread.join()
    assert not strange
    # Each loss fails what was under way at that moment: one command of each thread at most.
    assert counts["failed"] <= 8 * 3
    assert eventually(lambda: bool(client.execute("PUBSUB", "NUMSUB", "c1499")[1]))
    while reader.next_message(0.3):
        pass
    client.execute("PUBLISH", "c1499", "restored")
    assert reader.next_message(5) == ("c1499", b"restored")
    client.close()
    reader.close()


def test_commands_given_while_the_server_is_away_run_once_it_is_back(server: RedisServer) -> None:
    client = RedisClient(server.options())
    client.execute("PING")
    server.stop()
    assert eventually(lambda: not client.stats()["connected"])
    for _ in range(100):
        client.send("INCR", "counter")
    server.start()
    assert client.execute("GET", "counter", timeout=20) == b"100"
    assert client.stats()["failed"] == 0
    client.close()


def test_memory_is_bounded_while_the_server_is_away(server: RedisServer) -> None:
    client = RedisClient(server.options(backlog_bytes=1_000_000))
    client.execute("PING")
    server.stop()
    assert eventually(lambda: not client.stats()["connected"])
    for _ in range(100):
        client.send("SET", "key", b"x" * 100_000)
    stats = client.stats()
    assert stats["backlog_bytes"] <= 1_000_000
    assert stats["refused"] >= 90
    begun = time.monotonic()
    with pytest.raises(exceptions.RedisBacklogError, match="there is no connection"):
        client.execute("SET", "key", b"x" * 100_000)
    assert time.monotonic() - begun < 1
    client.close()


def test_a_paused_server_times_commands_out_and_serves_again(server: RedisServer) -> None:
    client = RedisClient(server.options(keepalive=1.0, connect_timeout=1.0))
    reader = RedisClient(server.options(keepalive=1.0, connect_timeout=1.0))
    client.execute("PING")
    reader.subscribe(["room"])
    server.pause()
    try:
        with pytest.raises(exceptions.RedisTimeoutError, match=str(server.port)):
            client.execute("ECHO", "x", timeout=0.5)
        assert eventually(lambda: not client.stats()["connected"] and not reader.stats()["connected"])
        time.sleep(1)
    finally:
        server.resume()
    assert eventually(lambda: client.execute("ECHO", "y") == b"y")
    assert eventually(lambda: bool(client.execute("PUBSUB", "NUMSUB", "room")[1]))
    client.execute("PUBLISH", "room", "again")
    assert reader.next_message(10) == ("room", b"again")
    client.close()
    reader.close()


def test_a_client_made_before_its_server_finds_it() -> None:
    with RedisServer() as server:
        server.stop()
        client = RedisClient(server.options())
        with pytest.raises(exceptions.RedisConnectionError, match="refused"):
            client.execute("PING")
        server.start()
        assert eventually(lambda: client.execute("PING") == "PONG")
        client.close()


def test_a_server_of_another_protocol_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=serve, daemon=True).start()
        client = RedisClient({"host": "127.0.0.1", "port": port})
        with pytest.raises(exceptions.RedisConnectionError, match="no Redis server"):
            client.execute("PING")
        client.close()


def test_a_failover_by_sentinel_is_followed() -> None:
    with RedisServer() as master, RedisServer("--replicaof", "127.0.0.1", str(master.port)) as replica:
        quorum = [
            f"sentinel monitor main 127.0.0.1 {master.port} 1",
            "sentinel down-after-milliseconds main 500",
            "sentinel failover-timeout main 2000",
        ]
        with RedisServer(*quorum, sentinel=True) as sentinel:
            client = RedisClient(
                {
                    "sentinels": [("127.0.0.1", free_port()), ("127.0.0.1", sentinel.port)],
                    "master_name": "main",
                }
            )
            assert client.execute("CONFIG", "GET", "port")[1] == str(master.port).encode()
            watch = RedisClient({"host": "127.0.0.1", "port": sentinel.port})
            assert eventually(lambda: len(watch.execute("SENTINEL", "REPLICAS", "main")) == 1, 30)
            master.stop()
            there = str(replica.port).encode()
            assert eventually(lambda: client.execute("CONFIG", "GET", "port", timeout=3)[1] == there, 40)
            assert client.execute("SET", "key", "value") == "OK"
            stranger = RedisClient({"sentinels": [("127.0.0.1", sentinel.port)], "master_name": "other"})
            with pytest.raises(exceptions.RedisConnectionError, match="no Sentinel knows a master 'other'"):
                stranger.execute("PING")
            for each in (client, watch, stranger):
                each.close()
