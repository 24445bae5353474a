"""The counters of the layers, and the collector, scraped over HTTP as Prometheus does."""

import urllib.request
from collections.abc import Iterator

import pytest
from layers import OURS, close, until, within
from ports import free_port
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.parser import text_string_to_metric_families
from redis_server import RedisServer

from chanx.layers import InMemoryChannelLayer
from chanx.layers.prometheus import ChannelLayerCollector


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with RedisServer() as started:
        yield started


Samples = dict[tuple[str, ...], float]


class Scraped:
    def __init__(self, collector: ChannelLayerCollector) -> None:
        registry = CollectorRegistry()
        registry.register(collector)
        self.port = free_port()
        self.server, self.thread = start_http_server(self.port, addr="127.0.0.1", registry=registry)

    def scrape(self) -> Samples:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        return {
            (sample.name, *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


async def test_what_happens_in_the_layers_shows_in_a_scrape(server: RedisServer) -> None:
    layers = {kind: make(hosts=[server.url], capacity=5) for kind, make in OURS.items()}
    layers["memory"] = InMemoryChannelLayer(capacity=5)
    page = Scraped(ChannelLayerCollector(layers))
    channels = {}
    for kind, layer in layers.items():
        channels[kind] = channel = await layer.new_channel()
        await layer.group_add("room", channel)
        for number in range(8):
            await layer.group_send("room", {"type": "x", "n": number})
        assert await until(lambda layer=layer: layer.stats()["dropped"]["capacity"] == 3)  # type: ignore[misc]  # bound now
        for _ in range(4):
            await within(layer.receive(channel))
    seen = page.scrape()
    for kind in layers:
        assert seen["chanx_layer_sent_total", kind] == 8
        assert seen["chanx_layer_received_total", kind] == 5
        assert seen["chanx_layer_delivered_total", kind] == 4
        assert seen["chanx_layer_dropped_total", kind, "capacity"] == 3
        assert seen["chanx_layer_dropped_total", kind, "expired"] == 0
        assert seen["chanx_layer_unread", kind] == 1
        assert seen["chanx_layer_channels", kind] == 1
        assert seen["chanx_layer_queue_bytes", kind] == 0
    assert "chanx_layer_reconnects_total" not in {key[0] for key in seen if key[1] == "memory"}
    assert seen["chanx_layer_subscriptions", "pubsub"] == 2
    for kind in OURS:
        assert seen["chanx_layer_connected", kind] == 1
        assert seen["chanx_layer_bytes_written_total", kind] > 100
        assert seen["chanx_layer_gaps_total", kind] == 0

    server.stop()
    for kind in OURS:
        assert await until(lambda kind=kind: page.scrape()["chanx_layer_connected", kind] == 0)  # type: ignore[misc]  # bound now
    server.start()
    for kind in OURS:
        assert await until(lambda kind=kind: page.scrape()["chanx_layer_connected", kind] == 1)  # type: ignore[misc]  # bound now
    seen = page.scrape()
    for kind in OURS:
        assert seen["chanx_layer_gaps_total", kind] >= 1
        assert seen["chanx_layer_reconnects_total", kind] >= 1
    page.close()
    await close(*layers.values())


def test_the_configured_layers_are_found_by_their_alias(settings: object) -> None:
    settings.CHANNEL_LAYERS = {  # type: ignore[attr-defined]  # the fixture of pytest-django
        "default": {"BACKEND": "chanx.layers.InMemoryChannelLayer"},
        "other": {"BACKEND": "channels.layers.InMemoryChannelLayer"},
    }
    page = Scraped(ChannelLayerCollector())
    from channels.layers import channel_layers

    channel_layers["default"].send_sync("somebody", {"type": "x"})
    seen = page.scrape()
    assert seen["chanx_layer_sent_total", "default"] == 1
    assert not [key for key in seen if key[1] == "other"]
    page.close()
