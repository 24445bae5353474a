"""What Prometheus scrapes: the channel layers, the connections, and the process itself."""

import hmac
from collections.abc import Iterator

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    GCCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from chanx.channels.stats import connection_stats
from chanx.layers.prometheus import ChannelLayerCollector


class ConnectionCollector(Collector):
    """Shows `connection_stats()` as metrics `chanx_connections_*`."""

    def collect(self) -> Iterator[Metric]:
        """Reads the counters; nothing is asked of any connection."""
        stats = connection_stats()
        yield GaugeMetricFamily("chanx_connections_open", "WebSockets that are open.", stats["open"])
        yield GaugeMetricFamily(
            "chanx_connections_paused", "WebSockets whose clients or handlers are behind.", stats["paused"]
        )
        yield GaugeMetricFamily(
            "chanx_connections_queued_bytes",
            "Bytes of frames that wait for slow clients.",
            stats["queued_bytes"],
        )
        yield CounterMetricFamily("chanx_connections_opened", "WebSockets so far.", stats["opened"])
        yield CounterMetricFamily(
            "chanx_connections_slow", "Clients disconnected for reading too slowly.", stats["disconnected"]
        )
        dropped = CounterMetricFamily(
            "chanx_connections_dropped_frames", "Frames never handed to the server.", labels=["reason"]
        )
        for reason, count in stats["dropped"].items():
            dropped.add_metric([reason], count)
        yield dropped


# One of our own: the library's would outlive a test, and refuse a second registration.
registry = CollectorRegistry()
for _collector in (ConnectionCollector(), ChannelLayerCollector()):
    registry.register(_collector)
ProcessCollector(registry=registry)
GCCollector(registry=registry)


@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures of this process, to who knows METRICS_TOKEN; to everyone in development.

    Raises:
        Http404: No token was set, or another one given: the address tells strangers nothing.
    """
    if settings.METRICS_TOKEN or not settings.DEBUG:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
        if not settings.METRICS_TOKEN or not hmac.compare_digest(given, settings.METRICS_TOKEN.encode()):
            raise Http404
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
