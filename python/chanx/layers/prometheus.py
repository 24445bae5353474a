"""The counters of the channel layers for Prometheus (extra ``prometheus``).

from prometheus_client import REGISTRY
from chanx.layers.prometheus import ChannelLayerCollector

REGISTRY.register(ChannelLayerCollector())
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from channels.layers import channel_layers
from django.conf import settings
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from chanx.layers.base import NativeChannelLayer

_COUNTERS = {
    "sent": "Messages given to send() and group_send().",
    "received": "Messages put into channels of this process, once for each channel.",
    "delivered": "Messages that readers took, once for each channel.",
    "reconnects": "Connections to Redis made anew after one was lost.",
    "gaps": "Losses of a connection to Redis that had been up.",
    "refused": "Commands not sent because too many waited.",
    "failed": "Commands that Redis did not answer.",
    "bytes_read": "Bytes read from Redis.",
    "bytes_written": "Bytes written to Redis.",
}
_GAUGES = {
    "channels": "Channels of this process.",
    "groups": "Groups with members in this process.",
    "members": "Memberships of channels of this process.",
    "unread": "Messages that wait in channels of this process.",
    "queue_bytes": "Bytes of messages that wait beyond the capacities of their channels.",
    "backlog_bytes": "Bytes of commands that wait for Redis, or for its answer.",
    "subscriptions": "Redis channels that this process is subscribed to.",
    "connected": "1 when every connection to Redis is up, else 0.",
}


class ChannelLayerCollector(Collector):
    """Shows ``stats()`` of channel layers as metrics ``chanx_layer_*``, labelled with the layer's alias.

    A scrape reads the counters and nothing else: it opens no connection.

    Args:
        layers: Layers by the name of their label; those of the setting ``CHANNEL_LAYERS`` that are layers of this
            package when None.
    """

    def __init__(self, layers: Mapping[str, NativeChannelLayer] | None = None) -> None:
        self._layers = layers

    def collect(self) -> Iterator[Metric]:
        """The metrics as they are now."""
        found = {alias: layer.stats() for alias, layer in self._current().items()}
        for name, text in _COUNTERS.items():
            yield from _family(CounterMetricFamily, name, text, found)
        dropped = CounterMetricFamily(
            "chanx_layer_dropped", "Messages that were dropped, by reason.", labels=["layer", "reason"]
        )
        for alias, stats in found.items():
            for reason, count in stats["dropped"].items():
                dropped.add_metric([alias, reason], count)
        yield dropped
        for name, text in _GAUGES.items():
            yield from _family(GaugeMetricFamily, name, text, found)

    def describe(self) -> list[Metric]:
        """Nothing: registering must not create the layers."""
        return []

    def _current(self) -> Mapping[str, NativeChannelLayer]:
        if self._layers is not None:
            return self._layers
        made = {alias: channel_layers[alias] for alias in getattr(settings, "CHANNEL_LAYERS", {})}
        return {alias: layer for alias, layer in made.items() if isinstance(layer, NativeChannelLayer)}


def _family(
    kind: type[CounterMetricFamily] | type[GaugeMetricFamily],
    name: str,
    text: str,
    found: Mapping[str, Mapping[str, Any]],
) -> Iterator[Metric]:
    family = kind(f"chanx_layer_{name}", text, labels=["layer"])
    for alias, stats in found.items():
        if name in stats:
            family.add_metric([alias], stats[name])
    if family.samples:
        yield family
