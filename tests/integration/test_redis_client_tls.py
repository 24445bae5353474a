"""TLS to Redis: verification, client certificates, and mistakes that are named."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chanx import exceptions
from chanx._core import RedisClient
from chanx.layers.hosts import parse_hosts
from tests.support.certificates import make_certificates, server_options
from tests.support.redis_server import RedisServer


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def server(certificates: Path) -> Iterator[RedisServer]:
    with RedisServer(*server_options(certificates), tls=True) as started:
        yield started


def connect(server: RedisServer, host: str = "localhost", **options: object) -> RedisClient:
    (parsed,) = parse_hosts([{"address": f"rediss://{host}:{server.port}", **options}])
    return RedisClient(parsed)


def test_a_verified_connection_carries_large_values(server: RedisServer, certificates: Path) -> None:
    client = connect(server, ssl_ca_certs=f"{certificates}/ca.pem")
    value = bytes(range(256)) * 20_000
    assert client.execute("SET", "value", value) == "OK"
    assert client.execute("GET", "value") == value
    reader = connect(server, "127.0.0.1", ssl_ca_certs=f"{certificates}/ca.pem")
    reader.subscribe(["room"])
    for number in range(2000):
        client.send("PUBLISH", "room", str(number))
    assert [reader.next_message(10) for _ in range(2000)] == [("room", str(n).encode()) for n in range(2000)]
    client.close()
    reader.close()


def test_a_client_certificate_is_shown(server: RedisServer, certificates: Path) -> None:
    admin = connect(server, ssl_ca_certs=f"{certificates}/ca.pem")
    admin.execute("CONFIG", "SET", "tls-auth-clients", "yes")
    try:
        known = connect(server, ssl_ca_certs=f"{certificates}/ca.pem", ssl_certfile=f"{certificates}/client.pem",
                        ssl_keyfile=f"{certificates}/client.key")  # fmt: skip
        assert known.execute("PING") == "PONG"
        unknown = connect(server, ssl_ca_certs=f"{certificates}/ca.pem")
        with pytest.raises(exceptions.RedisConnectionError, match=str(server.port)):
            unknown.execute("PING")
        known.close()
        unknown.close()
    finally:
        admin.execute("CONFIG", "SET", "tls-auth-clients", "optional")
        admin.close()


def test_a_certificate_of_a_stranger_is_refused(server: RedisServer, certificates: Path) -> None:
    for options in ({}, {"ssl_ca_certs": f"{certificates}/stranger.pem"}):
        client = connect(server, **options)
        with pytest.raises(exceptions.RedisConnectionError, match="certificate verification failed"):
            client.execute("PING")
        client.close()
    for options in ({"ssl_cert_reqs": "none"}, {"ssl_ca_data": (certificates / "ca.pem").read_text()}):
        client = connect(server, **options)
        assert client.execute("PING") == "PONG"
        client.close()


def test_a_certificate_for_another_name_is_refused(server: RedisServer, certificates: Path) -> None:
    client = connect(server, "127.0.0.2", ssl_ca_certs=f"{certificates}/ca.pem")
    with pytest.raises(exceptions.RedisConnectionError, match="IP address mismatch"):
        client.execute("PING")
    client.close()
    lenient = connect(server, "127.0.0.2", ssl_ca_certs=f"{certificates}/ca.pem", ssl_check_hostname="false")
    assert lenient.execute("PING") == "PONG"
    lenient.close()


def test_a_missing_file_is_named(server: RedisServer) -> None:
    client = connect(server, ssl_ca_certs="/nowhere/ca.pem")
    with pytest.raises(exceptions.RedisConnectionError, match=r"cannot read ssl_ca_certs /nowhere/ca\.pem"):
        client.execute("PING")
    client.close()


def test_a_plain_server_is_no_tls_server() -> None:
    with RedisServer() as plain:
        client = connect(plain, ssl_cert_reqs="none", socket_connect_timeout=0.5)
        with pytest.raises(exceptions.RedisConnectionError, match=str(plain.port)):
            client.execute("PING")
        client.close()
