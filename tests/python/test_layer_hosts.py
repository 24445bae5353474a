"""The `hosts` setting: every form of channels_redis, and mistakes that are named."""

import ssl
import warnings
from typing import Any

import pytest
from redis.cluster import ClusterNode

from chanx.layers.hosts import HostsError, parse_hosts


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("redis://h", {"host": "h"}),
        ("redis://h:7/3", {"host": "h", "port": 7, "database": 3}),
        ("redis://u:p%40@h", {"host": "h", "username": "u", "password": "p@"}),
        (
            "redis://:p@h?db=2&socket_timeout=3",
            {"host": "h", "password": "p", "database": 2, "command_timeout": 3.0},
        ),
        ("redis://[::1]:7", {"host": "::1", "port": 7}),
        ("unix:///run/r.sock?db=4", {"unix_path": "/run/r.sock", "database": 4}),
        (("h", 7), {"host": "h", "port": 7}),
        (["h", "7"], {"host": "h", "port": 7}),
        (
            {"host": "h", "password": "p", "socket_keepalive": False},
            {"host": "h", "password": "p", "tcp_keepalive": False},
        ),
        ({"address": "redis://h/5", "client_name": "c"}, {"host": "h", "database": 5, "client_name": "c"}),
        ({"address": "redis://h/5", "db": 1}, {"host": "h", "database": 5}),
        ({"port": 7}, {"host": "localhost", "port": 7}),
        ({"path": "/run/r.sock", "db": 4}, {"unix_path": "/run/r.sock", "database": 4}),
        ({"host": "h", "health_check_interval": 9}, {"host": "h", "keepalive": 9.0}),
        (
            {"sentinels": [("s", 26379)], "master_name": "m", "db": 2, "sentinel_kwargs": {"password": "q"}},
            {"sentinels": [("s", 26379)], "master_name": "m", "database": 2, "sentinel_password": "q"},
        ),
    ],
)
def test_each_form_of_a_host_is_understood(entry: Any, expected: dict[str, Any]) -> None:
    assert parse_hosts([entry]) == [expected]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"cluster": ["redis://h:7", "redis://i"]}, {"cluster": [("h", 7), ("i", 6379)]}),
        (
            {"cluster": [("h", 7), {"host": "i", "port": 8}], "username": "u", "password": "p"},
            {"cluster": [("h", 7), ("i", 8)], "username": "u", "password": "p"},
        ),
        (
            {
                "cluster": ["rediss://u:p@h:7?ssl_ca_certs=/c", "rediss://u:p@i:8?ssl_ca_certs=/c"],
                "sharded_pubsub": False,
            },
            {
                "cluster": [("h", 7), ("i", 8)],
                "username": "u",
                "password": "p",
                "tls": {"verify": True, "check_hostname": True, "ca_file": "/c"},
                "sharded_pubsub": False,
            },
        ),
        ({"startup_nodes": [ClusterNode("h", 7)]}, {"cluster": [("h", 7)]}),
    ],
)
def test_each_form_of_a_cluster_is_understood(entry: Any, expected: dict[str, Any]) -> None:
    assert parse_hosts([entry]) == [expected]


def test_options_of_redis_pys_cluster_are_warned_about() -> None:
    with pytest.warns(RuntimeWarning, match="read_from_replicas"):
        parse_hosts([{"cluster": ["redis://h"], "read_from_replicas": True}])


@pytest.mark.parametrize("hosts", [None, [], ()])
def test_without_hosts_the_server_is_on_this_machine(hosts: Any) -> None:
    assert parse_hosts(hosts) == [{"host": "localhost", "port": 6379}]


@pytest.mark.parametrize(
    ("options", "verify", "check"),
    [
        ({}, True, True),
        ({"ssl_cert_reqs": "none"}, False, False),
        ({"ssl_cert_reqs": ssl.CERT_NONE}, False, False),
        ({"ssl_cert_reqs": None}, False, False),
        ({"ssl_cert_reqs": "optional"}, True, True),
        ({"ssl_check_hostname": "false"}, True, False),
    ],
)
def test_tls_verifies_unless_told_otherwise(options: dict[str, Any], verify: bool, check: bool) -> None:
    (host,) = parse_hosts([{"address": "rediss://h", **options}])
    assert (host["tls"]["verify"], host["tls"]["check_hostname"]) == (verify, check)


def test_tls_trusts_the_certificates_of_this_machine_unless_given_others() -> None:
    (host,) = parse_hosts(["rediss://h"])
    paths = ssl.get_default_verify_paths()
    assert (host["tls"].get("ca_file"), host["tls"].get("ca_path")) == (paths.cafile, paths.capath)
    (host,) = parse_hosts([{"address": "rediss://h", "ssl_ca_certs": "/own.pem"}])
    assert host["tls"]["ca_file"] == "/own.pem"
    assert "ca_path" not in host["tls"]


def test_tls_files_keep_their_meaning() -> None:
    (host,) = parse_hosts(
        ["rediss://h?ssl_ca_certs=/ca.pem&ssl_certfile=/c.pem&ssl_keyfile=/k.pem&ssl_min_version=771"]
    )
    assert host["tls"] == {
        "verify": True,
        "check_hostname": True,
        "ca_file": "/ca.pem",
        "cert_file": "/c.pem",
        "key_file": "/k.pem",
        "min_version": ssl.TLSVersion.TLSv1_2,
    }


@pytest.mark.parametrize(
    ("hosts", "told"),
    [
        ("redis://h", "has to be a list"),
        ({"host": "h"}, "has to be a list"),
        (["http://h"], "starts with redis://"),
        (["redis://h:99999"], "ort"),
        (["redis://h/one"], "db='one'"),
        ([{"host": "h", "pasword": "x"}], "'pasword'. Did you mean 'password'?"),
        ([{"host": "h", "nonsense": 1}], "The options are: address"),
        ([{"master_name": "m"}], "both 'sentinels' and 'master_name'"),
        (["unix://"], "names no socket"),
        ([{"cluster": "redis://h"}], "'cluster' has to be a list"),
        ([{"cluster": []}], "'cluster' has to be a list"),
        ([{"cluster": ["redis://h/3"]}], "has database 0 only"),
        ([{"cluster": ["redis://h"], "db": 1}], "has database 0 only"),
        ([{"cluster": ["unix:///s"]}], "has a host and a port"),
        ([{"cluster": ["redis://:a@h", "redis://:b@i"]}], "password of i:6379 differ"),
        ([{"cluster": ["redis://h"], "host": "i"}], "no 'host'"),
        ([{"cluster": ["redis://h"], "master_name": "m"}], "for Sentinel"),
        ([{"cluster": ["redis://h"], "startup_nodes": []}], "mean the same"),
        ([{"cluster": ["redis://h"], "sharded_pubsub": "maybe"}], "neither True nor False"),
        ([{"cluster": ["redis://h"], "pasword": "x"}], "Did you mean 'password'?"),
        ([{"cluster": [7]}], "neither a URL"),
        ([{"host": "h", "sharded_pubsub": True}], "a cluster is a dict"),
        (["redis://h?cluster=yes"], "a cluster is a dict"),
        ([{"address": "rediss://h", "ssl_cert_reqs": "maybe"}], "none of none, optional, required"),
        ([7], "neither a URL"),
    ],
)
def test_a_mistake_is_named(hosts: Any, told: str) -> None:
    with pytest.raises(HostsError) as raised:
        parse_hosts(hosts)
    assert told in str(raised.value)


def test_a_password_never_shows_in_an_error() -> None:
    with pytest.raises(HostsError) as raised:
        parse_hosts(["redis://u:hunter2@h?nonsense=1"])
    assert "hunter2" not in str(raised.value)


def test_an_option_without_meaning_here_is_warned_about() -> None:
    with pytest.warns(RuntimeWarning, match="max_connections"):
        parse_hosts([{"host": "h", "max_connections": 5}])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parse_hosts([{"host": "h", "protocol": 2}])


def test_every_connection_option_of_redis_py_is_known() -> None:
    import inspect

    from redis.asyncio import connection

    from chanx.layers import hosts

    classes = (
        connection.AbstractConnection,
        connection.Connection,
        connection.SSLConnection,
        connection.UnixDomainSocketConnection,
        connection.ConnectionPool,
        connection.BlockingConnectionPool,
    )
    options = {name for each in classes for name in inspect.signature(each.__init__).parameters}
    assert options - {"self", "kwargs", "connection_kwargs"} <= hosts._KNOWN
