"""What both Redis layers say when a server refuses: every message names the host and the cause. And TLS."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from layers import OURS, close, within
from redis_server import RedisServer

from chanx import exceptions

KINDS = pytest.mark.parametrize("kind", list(OURS))


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    reader = ("--user", "reader", "on", ">pw", "~*", "&*", "+@all", "-publish", "-zadd", "-eval", "-evalsha")
    with RedisServer("--requirepass", "right", *reader) as started:
        yield started


def host(server: RedisServer, **options: Any) -> dict[str, Any]:
    return {"host": "127.0.0.1", "port": server.port, "password": "right", **options}


async def operations(layer: Any) -> dict[str, Exception | None]:
    """What each operation that writes raises, by its name."""
    message = {"type": "x"}
    calls: dict[str, Callable[[], Any]] = {
        "send": lambda: layer.send("somebody", message),
        "group_send": lambda: layer.group_send("room", message),
        "send_sync": lambda: layer.send_sync("somebody", message),
        "group_send_many": lambda: layer.group_send_many([("room", message)] * 3),
    }
    outcome: dict[str, Exception | None] = {}
    for name, call in calls.items():
        outcome[name] = None
        try:
            answer = call()
            if answer is not None:
                await within(answer)
        except Exception as error:
            outcome[name] = error
    return outcome


@KINDS
@pytest.mark.parametrize(
    ("options", "kind_of_error", "cause"),
    [
        ({"password": "wrong"}, exceptions.RedisAuthenticationError, "WRONGPASS"),
        ({"password": None}, exceptions.RedisAuthenticationError, "NOAUTH"),
        ({"db": 999}, exceptions.RedisDatabaseError, "DB index is out of range"),
    ],
)
async def test_a_wrong_password_or_database_is_named(
    server: RedisServer, kind: str, options: dict[str, Any], kind_of_error: type[Exception], cause: str
) -> None:
    layer = OURS[kind](hosts=[host(server, **options)])
    for name, error in (await operations(layer)).items():
        assert isinstance(error, kind_of_error), (name, error)
        assert f"127.0.0.1:{server.port}" in str(error)
        assert cause in str(error)
        assert "wrong" not in str(error)  # no password in messages
    await close(layer)


@KINDS
async def test_a_user_without_the_right_is_named(server: RedisServer, kind: str) -> None:
    layer = OURS[kind](hosts=[host(server, username="reader", password="pw")])
    error = (await operations(layer))["send"]
    assert isinstance(error, exceptions.RedisPermissionError), error
    assert f"127.0.0.1:{server.port}" in str(error)
    assert "no permissions" in str(error)
    await close(layer)


async def test_a_full_server_is_named() -> None:
    with RedisServer("--maxmemory", "1", "--maxmemory-policy", "noeviction") as full:
        layer = OURS["core"](hosts=[full.url])
        outcome = await operations(layer)
        for name in ("send", "send_sync"):
            assert isinstance(outcome[name], exceptions.RedisMemoryError), outcome
            assert f"127.0.0.1:{full.port}" in str(outcome[name])
            assert "maxmemory" in str(outcome[name])
        with pytest.raises(exceptions.RedisMemoryError, match="maxmemory"):
            await layer.group_add("room", "somebody")
        await close(layer)


async def test_a_read_only_replica_is_named(server: RedisServer) -> None:
    with RedisServer("--replicaof", "127.0.0.1", str(server.port), "--masterauth", "right") as replica:
        layer = OURS["core"](hosts=[replica.url])
        outcome = await operations(layer)
        for name in ("send", "group_send", "send_sync", "group_send_many"):
            assert isinstance(outcome[name], exceptions.RedisReadOnlyError), outcome
            assert f"127.0.0.1:{replica.port}" in str(outcome[name])
        with pytest.raises(exceptions.RedisReadOnlyError, match=str(replica.port)):
            await layer.group_add("room", "somebody")
        await close(layer)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("certificates")

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=where, check=True, capture_output=True)

    (where / "san").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    for name in ("ca", "stranger"):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                "-keyout", f"{name}.key", "-out", f"{name}.pem")  # fmt: skip
    openssl(
        "req",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=redis",
        "-keyout",
        "redis.key",
        "-out",
        "redis.csr",
    )
    openssl("x509", "-req", "-in", "redis.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-days", "2", "-extfile", "san", "-out", "redis.pem")  # fmt: skip
    return where


@KINDS
async def test_messages_go_over_tls_and_a_stranger_is_refused(kind: str, certificates: Path) -> None:
    files = ("--tls-cert-file", f"{certificates}/redis.pem", "--tls-key-file", f"{certificates}/redis.key",
             "--tls-ca-cert-file", f"{certificates}/ca.pem")  # fmt: skip
    own = {"ssl_certfile": f"{certificates}/redis.pem", "ssl_keyfile": f"{certificates}/redis.key"}
    with RedisServer(*files, tls=True) as server:
        good = {"address": server.url, "ssl_ca_certs": f"{certificates}/ca.pem", **own}
        one, two = (OURS[kind](hosts=[good], capacity=1000) for _ in range(2))
        channel = await one.new_channel()
        await one.group_add("room", channel)
        await two.send(channel, {"type": "x", "text": "y" * 200_000})
        assert len((await within(one.receive(channel)))["text"]) == 200_000
        for number in range(200):
            await two.group_send("room", {"type": "x", "n": number})
        assert [(await within(one.receive(channel)))["n"] for _ in range(200)] == list(range(200))
        await close(one, two)

        strange = OURS[kind](
            hosts=[{"address": server.url, "ssl_ca_certs": f"{certificates}/stranger.pem", **own}]
        )
        for error in (await operations(strange)).values():
            assert isinstance(error, exceptions.RedisConnectionError)
            assert f"127.0.0.1:{server.port}" in str(error)
            assert "certificate verification failed" in str(error)
        await close(strange)
