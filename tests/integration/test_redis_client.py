"""The Redis client against a real server: commands, subscriptions, threads, forks, refusals."""

import os
import threading
import time
from collections.abc import Iterator

import pytest

from chanx import exceptions
from chanx._core import RedisClient
from tests.support.ports import free_port
from tests.support.redis_server import RedisServer


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with RedisServer() as started:
        yield started


@pytest.fixture
def client(server: RedisServer) -> Iterator[RedisClient]:
    made = RedisClient(server.options())
    yield made
    made.close()


def test_values_of_any_size_come_back_over_tcp_and_unix_sockets(server: RedisServer) -> None:
    for options in (server.options(), {"unix_path": server.socket}):
        client = RedisClient(options)
        for size in (0, 1, 100, 16 * 1024, 1 << 20, 8 << 20):
            value = os.urandom(size)
            assert client.execute("SET", "value", value) == "OK"
            assert client.execute("GET", "value") == value
        client.close()


def test_a_pipeline_keeps_order_and_an_error_spares_its_neighbours(client: RedisClient) -> None:
    client.execute("SET", "text", "x")
    first, error, last = client.pipeline([("ECHO", "1"), ("LPUSH", "text", "y"), ("ECHO", "2")])
    assert (first, last) == (b"1", b"2")
    assert isinstance(error, exceptions.RedisResponseError)
    assert "WRONGTYPE" in str(error)


def test_a_script_runs_after_the_server_forgot_it(client: RedisClient) -> None:
    for _ in range(2):
        assert client.evaluate("return {KEYS[1], ARGV[1]}", ["k"], ["v"]) == [b"k", b"v"]
        client.execute("SCRIPT", "FLUSH")


def test_fifty_threads_share_one_connection_without_mixing_answers(client: RedisClient) -> None:
    wrong: list[object] = []

    def run(number: int) -> None:
        for turn in range(100):
            word = f"{number}-{turn}".encode()
            if client.execute("ECHO", word, timeout=60) != word:
                wrong.append(word)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert client.stats()["connects"] == 1


def test_published_messages_arrive_in_order(server: RedisServer, client: RedisClient) -> None:
    reader = RedisClient(server.options())
    reader.subscribe(["room", *(f"other-{i}" for i in range(2000))])
    for number in range(5000):
        client.send("PUBLISH", "room", str(number))
    assert client.flush(30)
    received = [reader.next_message(10) for _ in range(5000)]
    assert received == [("room", str(number).encode()) for number in range(5000)]
    reader.unsubscribe(["room"])
    client.execute("PUBLISH", "room", "late")
    assert reader.next_message(0.2) is None
    assert reader.stats()["subscriptions"] == 2000
    reader.close()


def test_nothing_sent_without_waiting_is_lost_on_flush(client: RedisClient) -> None:
    client.execute("DEL", "counter")
    for _ in range(20_000):
        client.send("INCR", "counter")
    assert client.flush(30)
    assert client.execute("GET", "counter") == b"20000"
    assert client.stats()["failed"] == 0


def test_a_forked_child_connects_afresh_and_leaves_the_parent_alone(
    server: RedisServer, client: RedisClient
) -> None:
    parent_id = client.execute("CLIENT", "ID")
    stop = threading.Event()

    def load() -> None:
        while not stop.is_set():
            client.execute("ECHO", "x")

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(10):
            child = os.fork()
            if child == 0:
                try:
                    good = client.execute("CLIENT", "ID") != parent_id and client.execute("ECHO", "c") == b"c"
                    os._exit(0 if good else 1)
                except BaseException:
                    os._exit(2)
            deadline = time.monotonic() + 20
            while (ended := os.waitpid(child, os.WNOHANG)) == (0, 0) and time.monotonic() < deadline:
                time.sleep(0.01)
            if ended == (0, 0):
                os.kill(child, 9)
                os.waitpid(child, 0)
                pytest.fail("the child hung")
            assert os.waitstatus_to_exitcode(ended[1]) == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert client.execute("CLIENT", "ID") == parent_id


def test_forks_of_forks_leave_no_descriptors_open(server: RedisServer) -> None:
    """Each child closes its copies of its parent's sockets and of what the I/O thread used."""
    client = RedisClient(server.options())
    client.execute("PING")
    before = len(os.listdir("/proc/self/fd"))
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            for _ in range(4):
                client.execute("PING")
                if grandchild := os.fork():
                    os._exit(os.waitstatus_to_exitcode(os.waitpid(grandchild, 0)[1]))
            client.execute("PING")
            os.write(writing, str(len(os.listdir("/proc/self/fd")) - 2).encode())
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert int(os.read(reading, 20)) == before
    os.close(reading)
    os.close(writing)
    client.close()


def test_a_closed_client_refuses_and_says_so(server: RedisServer) -> None:
    client = RedisClient(server.options())
    client.execute("PING")
    client.close()
    client.close()
    with pytest.raises(exceptions.RedisConnectionError, match="closed"):
        client.execute("PING")


def test_close_ends_a_wait_that_would_last(server: RedisServer) -> None:
    client = RedisClient(server.options())
    client.execute("PING")
    threading.Timer(0.2, client.close).start()
    begun = time.monotonic()
    with pytest.raises(exceptions.RedisConnectionError, match="closed"):
        client.execute("BLPOP", "nothing", "0", timeout=30)
    assert time.monotonic() - begun < 5


def test_a_refused_connection_fails_at_once_and_names_the_server() -> None:
    port = free_port()
    client = RedisClient({"host": "127.0.0.1", "port": port})
    begun = time.monotonic()
    with pytest.raises(exceptions.RedisConnectionError, match=f"127.0.0.1:{port}: Connection refused"):
        client.execute("PING")
    assert time.monotonic() - begun < 5
    client.close()


@pytest.mark.parametrize(
    ("options", "error", "told"),
    [
        ({"password": "wrong"}, exceptions.RedisAuthenticationError, "WRONGPASS"),
        ({"username": "nobody", "password": "x"}, exceptions.RedisAuthenticationError, "WRONGPASS"),
        ({}, exceptions.RedisAuthenticationError, "NOAUTH"),
        ({"password": "right", "database": 99}, exceptions.RedisDatabaseError, "DB index is out of range"),
        ({"host": "no-such-host.invalid"}, exceptions.RedisConnectionError, "cannot resolve"),
        ({"unix_path": "/nowhere/redis.sock"}, exceptions.RedisConnectionError, "No such file"),
    ],
)
def test_a_wrong_setting_is_a_clear_error(
    options: dict[str, object], error: type[Exception], told: str
) -> None:
    with RedisServer("--requirepass", "right") as server:
        client = RedisClient(server.options(**options))
        with pytest.raises(error) as raised:
            client.execute("PING")
        assert told in str(raised.value)
        where = str(options.get("unix_path") or options.get("host") or server.port)
        assert where in str(raised.value)
        client.close()


def test_users_and_databases_are_honoured() -> None:
    with RedisServer("--requirepass", "root", "--user", *["ann", "on", ">pw", "~*", "&*", "+@all"]) as server:
        client = RedisClient(server.options(username="ann", password="pw", database=5, client_name="me"))
        assert client.execute("ACL", "WHOAMI") == b"ann"
        assert client.execute("CLIENT", "GETNAME") == b"me"
        assert b" db=5 " in client.execute("CLIENT", "INFO")
        client.close()


def test_a_full_server_and_a_replica_say_so(server: RedisServer) -> None:
    with RedisServer("--maxmemory", "1kb") as full:
        client = RedisClient(full.options())
        with pytest.raises(exceptions.RedisMemoryError, match=f"{full.port}: OOM"):
            client.execute("SET", "key", b"x" * 100_000)
        client.close()
    with RedisServer("--replicaof", "127.0.0.1", str(server.port)) as replica:
        client = RedisClient(replica.options())
        with pytest.raises(exceptions.RedisReadOnlyError, match=f"{replica.port}: READONLY"):
            client.execute("SET", "a", "b")
        client.close()


def test_an_unknown_option_is_named() -> None:
    with pytest.raises(TypeError, match="unknown connection option 'hots'"):
        RedisClient({"hots": "x"})
