"""The ``hosts`` setting of the Redis layers: every form that channels_redis takes, turned into connection options."""

from __future__ import annotations

import difflib
import ssl
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, unquote, urlparse

from chanx.exceptions import ConfigurationError
from chanx.layers.cluster_hosts import is_cluster, parse_cluster

Host = dict[str, Any]
"""Connection options by the names that ``_core.RedisClient`` knows."""

DEFAULT_HOST = "redis://localhost:6379"

_TRUE, _FALSE = {"1", "t", "true", "y", "yes", "on"}, {"0", "f", "false", "n", "no", "off", ""}

_DIRECT = {
    "host": "host",
    "path": "unix_path",
    "username": "username",
    "password": "password",
    "client_name": "client_name",
}

_TLS = {
    "ssl_ca_certs": "ca_file",
    "ssl_ca_path": "ca_path",
    "ssl_ca_data": "ca_data",
    "ssl_certfile": "cert_file",
    "ssl_keyfile": "key_file",
    "ssl_password": "key_password",
    "ssl_ciphers": "ciphers",
}

_OWN = {
    "backlog_bytes": int,
    "command_timeout": float,
    "connect_timeout": float,
    "keepalive": float,
    "patience": float,
}
"""Options that redis-py does not have."""

_MEANINGLESS = frozenset(
    [
        "connection_class",
        "decode_responses",
        "driver_info",
        "encoder_class",
        "encoding",
        "encoding_errors",
        "event_dispatcher",
        "himport_registry",
        "legacy_responses",
        "lib_name",
        "lib_version",
        "maint_notifications_config",
        "maint_notifications_pool_handler",
        "maintenance_notification_hash",
        "maintenance_state",
        "max_connections",
        "orig_host_address",
        "orig_socket_connect_timeout",
        "orig_socket_timeout",
        "oss_cluster_maint_notifications_handler",
        "parser_class",
        "queue_class",
        "redis_connect_func",
        "retry",
        "retry_on_error",
        "retry_on_timeout",
        "single_connection_client",
        "socket_keepalive_options",
        "socket_read_size",
        "socket_type",
        "ssl_exclude_verify_flags",
        "ssl_include_verify_flags",
        "timeout",
    ]
)
"""Options of redis-py about things that the native client does not have."""

_KNOWN = (
    frozenset(_DIRECT)
    | frozenset(_TLS)
    | frozenset(_OWN)
    | _MEANINGLESS
    | {
        "address",
        "cluster",
        "credential_provider",
        "db",
        "health_check_interval",
        "master_name",
        "min_other_sentinels",
        "port",
        "protocol",
        "sentinel_kwargs",
        "sentinels",
        "sharded_pubsub",
        "socket_connect_timeout",
        "socket_keepalive",
        "socket_timeout",
        "ssl",
        "ssl_cert_reqs",
        "ssl_check_hostname",
        "ssl_min_version",
    }
)


class HostsError(ConfigurationError, ValueError):
    """The ``hosts`` of a channel layer make no sense; the message says which entry and why."""


def parse_hosts(hosts: Any) -> list[Host]:
    """Turns the ``hosts`` setting into one set of connection options for each host.

    Args:
        hosts: ``None`` or empty for one server on this machine; else a list whose entries are URLs (``redis://``,
            ``rediss://``, ``unix://``), ``(host, port)`` pairs, or dicts with ``address``, ``host`` and ``port``, or
            ``sentinels`` and ``master_name``, or ``cluster`` and a list of nodes, beside any connection option of
            redis-py.

    Raises:
        HostsError: An entry has another form, or an option that neither redis-py nor this client knows.
    """
    if not hosts:
        return [_parse_url(DEFAULT_HOST, DEFAULT_HOST)]
    if isinstance(hosts, (str, bytes, Mapping)) or not isinstance(hosts, Sequence):
        raise HostsError(f"'hosts' has to be a list, even of one host: use [{hosts!r}]")
    return [_parse_entry(entry) for entry in hosts]


def _parse_entry(entry: Any) -> Host:
    if isinstance(entry, str):
        return _parse_url(entry, entry)
    if isinstance(entry, Mapping):
        return _parse_dict(dict(entry))
    if isinstance(entry, (list, tuple)) and len(entry) == 2:
        return _parse_options({"host": entry[0], "port": entry[1]}, shown=repr(entry))
    raise HostsError(f"host {entry!r} is neither a URL, nor a (host, port) pair, nor a dict")


def _parse_dict(entry: dict[str, Any]) -> Host:
    if is_cluster(entry):
        host, ignored = parse_cluster(entry, _parse_entry, HostsError)
        _warn_ignored("cluster", ignored)
        return host
    shown = (
        entry.get("master_name")
        or entry.get("address")
        or f"{entry.get('host', 'localhost')}:{entry.get('port', 6379)}"
    )
    if "address" in entry:
        address = entry.pop("address")
        if isinstance(address, (list, tuple)):
            return _parse_options({**entry, "host": address[0], "port": address[1]}, shown=str(shown))
        return _parse_url(str(address), str(shown), entry)
    return _parse_options(entry, shown=str(shown))


def _parse_url(url: str, shown: str, extra: Mapping[str, Any] | None = None) -> Host:
    parts = urlparse(url)
    shown = _without_password(shown)
    if parts.scheme not in {"redis", "rediss", "unix"}:
        raise HostsError(f"host {shown!r}: a URL starts with redis://, rediss:// or unix://")
    found: dict[str, Any] = dict(extra or {})
    for key, values in parse_qs(parts.query, keep_blank_values=True).items():
        found[key] = unquote(values[0])
    if parts.username:
        found["username"] = unquote(parts.username)
    if parts.password:
        found["password"] = unquote(parts.password)
    path = unquote(parts.path)
    if parts.scheme == "unix":
        if not path:
            raise HostsError(f"host {shown!r} names no socket: write unix:///path/to/redis.sock")
        found["path"] = path
        return _parse_options(found, shown)
    found.setdefault("host", "localhost")
    if parts.hostname:
        found["host"] = unquote(parts.hostname)
    try:
        port = parts.port
    except ValueError as error:
        raise HostsError(f"host {shown!r}: {error}") from None
    if port is not None:
        found["port"] = port
    number = path.strip("/")
    if number:
        found["db"] = number
    if parts.scheme == "rediss":
        found["ssl"] = True
    return _parse_options(found, shown)


def _parse_options(given: Mapping[str, Any], shown: str) -> Host:
    if is_cluster(given) or "sharded_pubsub" in given:
        raise HostsError(f"host {shown}: a cluster is a dict: {{'cluster': ['redis://host:port', ...]}}")
    unknown = sorted(key for key in given if key not in _KNOWN)
    if unknown:
        close = difflib.get_close_matches(unknown[0], _KNOWN, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        there = ", ".join(sorted(_KNOWN - _MEANINGLESS))
        raise HostsError(f"host {shown}: unknown option {unknown[0]!r}.{hint} The options are: {there}")
    ignored = sorted(key for key in given if key in _MEANINGLESS)
    if str(given.get("protocol", 2)) not in {"2", "None"}:
        ignored.append("protocol")
    _warn_ignored(shown, ignored)
    host: Host = {}
    for key, name in _DIRECT.items():
        if given.get(key) is not None:
            host[name] = str(given[key])
    _add(host, given, shown, "port", "port", int)
    _add(host, given, shown, "db", "database", int)
    _add(host, given, shown, "socket_timeout", "command_timeout", float)
    _add(host, given, shown, "socket_connect_timeout", "connect_timeout", float)
    _add(host, given, shown, "socket_keepalive", "tcp_keepalive", _boolean)
    for key, convert in _OWN.items():
        _add(host, given, shown, key, key, convert)
    if float(given.get("health_check_interval") or 0) > 0:
        host["keepalive"] = float(given["health_check_interval"])
    _add_credentials(host, given, shown)
    if _uses_tls(given):
        host["tls"] = _tls(given, shown)
    if given.get("sentinels") or given.get("master_name"):
        _add_sentinels(host, given, shown)
    elif "unix_path" not in host:
        host.setdefault("host", "localhost")
    return host


def _warn_ignored(shown: str, ignored: Sequence[str]) -> None:
    if ignored:
        warnings.warn(
            f"host {shown}: {', '.join(ignored)} has no meaning for the native Redis client and is ignored",
            RuntimeWarning,
            stacklevel=6,
        )


def _add(
    host: Host, given: Mapping[str, Any], shown: str, key: str, name: str, convert: Callable[[Any], Any]
) -> None:
    value = given.get(key)
    if value is None:
        return
    try:
        host[name] = convert(value)
    except (TypeError, ValueError):
        raise HostsError(
            f"host {shown}: {key}={value!r} is not a valid {convert.__name__.strip('_')}"
        ) from None
    if key == "port" and not 0 < host[name] < 65536:
        raise HostsError(f"host {shown}: port {host[name]} is out of range")


def _add_credentials(host: Host, given: Mapping[str, Any], shown: str) -> None:
    provider = given.get("credential_provider")
    if provider is None:
        return
    if "password" in host or "username" in host:
        raise HostsError(f"host {shown}: give either username and password, or a credential_provider")
    answer = provider.get_credentials()
    words = [str(word) for word in (answer if isinstance(answer, (tuple, list)) else (answer,))]
    host.update(
        zip(("username", "password"), words, strict=False) if len(words) == 2 else [("password", words[0])]
    )


def _uses_tls(given: Mapping[str, Any]) -> bool:
    if "ssl" in given:
        return _boolean(given["ssl"])
    connection = given.get("connection_class")
    return isinstance(connection, type) and "SSL" in connection.__name__


def _tls(given: Mapping[str, Any], shown: str) -> dict[str, Any]:
    wanted = given.get("ssl_cert_reqs", "required")
    names = {"none": False, "optional": True, "required": True}
    if isinstance(wanted, (int, ssl.VerifyMode)) and not isinstance(wanted, bool):
        verify = ssl.VerifyMode(wanted) != ssl.CERT_NONE
    elif wanted is None:
        verify = False
    elif str(wanted).lower() in names:
        verify = names[str(wanted).lower()]
    else:
        raise HostsError(f"host {shown}: ssl_cert_reqs={wanted!r} is none of none, optional, required")
    tls: dict[str, Any] = {
        "verify": verify,
        "check_hostname": verify and _boolean(given.get("ssl_check_hostname", True)),
    }
    for key, name in _TLS.items():
        if given.get(key) is not None:
            value = given[key]
            tls[name] = value.decode() if isinstance(value, bytes) else str(value)
    _add(tls, given, shown, "ssl_min_version", "min_version", int)
    if verify and not tls.keys() & {"ca_file", "ca_path", "ca_data"}:
        tls.update(_system_certificates())
    return tls


def _system_certificates() -> dict[str, str]:
    """Where this machine keeps its certificate authorities, as Python knows it.

    The OpenSSL inside of a wheel knows only where the machine that built it kept them.
    """
    paths = ssl.get_default_verify_paths()
    found = {"ca_file": paths.cafile, "ca_path": paths.capath}
    return {name: path for name, path in found.items() if path}


def _add_sentinels(host: Host, given: Mapping[str, Any], shown: str) -> None:
    sentinels, master = given.get("sentinels"), given.get("master_name")
    if not sentinels or not master:
        raise HostsError(f"host {shown}: Sentinel needs both 'sentinels' and 'master_name'")
    host["master_name"] = str(master)
    host["sentinels"] = [(str(name), int(port)) for name, port in sentinels]
    options = dict(given.get("sentinel_kwargs") or {})
    inner = _parse_options(options, f"{shown} (sentinel_kwargs)")
    for name in ("username", "password"):
        if name in inner:
            host[f"sentinel_{name}"] = inner[name]
    if "tls" in inner:
        host["sentinel_tls"] = inner["tls"]


def _boolean(value: Any) -> bool:
    if isinstance(value, str):
        if value.lower() in _TRUE:
            return True
        if value.lower() in _FALSE:
            return False
        raise ValueError(value)
    return bool(value)


def _without_password(url: str) -> str:
    """Error messages end up in logs."""
    parts = urlparse(url)
    if not parts.password:
        return url
    return url.replace(f":{parts.password}@", ":***@", 1)
