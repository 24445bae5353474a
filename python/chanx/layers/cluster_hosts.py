"""A Redis Cluster among the ``hosts``: a dict with the addresses of some of its nodes, and options for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

_MEANINGLESS = frozenset(
    [
        "address_remap",
        "cluster_error_retry_attempts",
        "dynamic_startup_nodes",
        "load_balancing_strategy",
        "read_from_replicas",
        "reinitialize_steps",
        "require_full_coverage",
    ]
)
"""Options of redis-py's ``RedisCluster`` about things that the native client does not have."""

KEYS = ("cluster", "startup_nodes")


def is_cluster(entry: Mapping[str, Any]) -> bool:
    """Whether an entry of ``hosts`` means a cluster."""
    return any(key in entry for key in KEYS)


def parse_cluster(
    entry: Mapping[str, Any], parse: Callable[[Any], dict[str, Any]], error: type[Exception]
) -> tuple[dict[str, Any], list[str]]:
    """The connection options of a cluster, and the options that were ignored.

    Args:
        entry: The dict, with ``cluster`` or redis-py's ``startup_nodes``.
        parse: Turns one node, with the other options, into connection options.
        error: Raised with what is wrong.
    """
    if all(key in entry for key in KEYS):
        raise error("host: 'cluster' and 'startup_nodes' mean the same; give one of them")
    key = next(key for key in KEYS if key in entry)
    nodes = entry[key]
    if isinstance(nodes, (str, bytes, Mapping)) or not isinstance(nodes, Sequence) or not nodes:
        raise error(f"host: {key!r} has to be a list of the addresses of some of its nodes, not {nodes!r}")
    for wrong in ("address", "host", "port", "path", "url"):
        if wrong in entry:
            raise error(f"host: a cluster has no {wrong!r}; write the address of that node into {key!r}")
    for wrong in ("sentinels", "master_name"):
        if wrong in entry:
            raise error(
                f"host: {wrong!r} is for Sentinel, which a cluster does without; remove one of the two"
            )
    sharded = entry.get("sharded_pubsub")
    if sharded not in (None, True, False):
        raise error(f"host: sharded_pubsub={sharded!r} is neither True nor False")
    ignored = sorted(name for name in entry if name in _MEANINGLESS)
    others = {
        name: value
        for name, value in entry.items()
        if name not in _MEANINGLESS and name not in KEYS and name != "sharded_pubsub"
    }
    addresses: list[tuple[str, int]] = []
    common: dict[str, Any] | None = None
    for node in nodes:
        options = parse(_with_options(node, others, error, key))
        if "unix_path" in options:
            raise error(
                f"host: a node of a cluster has a host and a port, not the socket {options['unix_path']!r}"
            )
        if options.pop("database", 0) != 0:
            raise error(
                "host: a Redis Cluster has database 0 only; remove 'db' or the number from the address"
            )
        address = (options.pop("host"), options.pop("port", 6379))
        if common is not None and options != common:
            differing = sorted(name for name in {*common, *options} if common.get(name) != options.get(name))
            raise error(
                f"host: the nodes of a cluster share their options, but {', '.join(differing)} of "
                f"{address[0]}:{address[1]} differ from the first one's; write options beside {key!r}"
            )
        common = options
        addresses.append(address)
    found = {**(common or {}), "cluster": addresses}
    if sharded is not None:
        found["sharded_pubsub"] = sharded
    return found, ignored


def _with_options(node: Any, others: Mapping[str, Any], error: type[Exception], key: str) -> Any:
    if isinstance(node, str):
        return {**others, "address": node}
    if isinstance(node, (list, tuple)) and len(node) == 2:
        return {**others, "host": node[0], "port": node[1]}
    if isinstance(node, Mapping):
        return {**others, **node}
    host, port = getattr(node, "host", None), getattr(node, "port", None)
    if host and port:  # redis.cluster.ClusterNode
        return {**others, "host": host, "port": port}
    raise error(f"host: {node!r} in {key!r} is neither a URL, nor a (host, port) pair, nor a dict")
