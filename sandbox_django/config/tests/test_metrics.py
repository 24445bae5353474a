"""Metrics: who may read them, and that they count what happens."""

import asyncio

import pytest
from channels.testing import WebsocketCommunicator
from prometheus_client.parser import text_string_to_metric_families

from config.asgi import application

TOKEN = "a token of the tests"
HEADERS = {"authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    ("token", "debug", "headers", "status"),
    [
        (TOKEN, False, HEADERS, 200),
        (TOKEN, True, HEADERS, 200),
        (TOKEN, False, {}, 404),
        (TOKEN, True, {}, 404),
        (TOKEN, False, {"authorization": "Bearer another"}, 404),
        (TOKEN, False, {"authorization": "Bearer \u00e9"}, 404),
        ("", False, {}, 404),
        ("", False, {"authorization": "Bearer "}, 404),
        ("", True, {}, 200),
    ],
)
def test_the_figures_are_for_who_knows_the_token(client, settings, token, debug, headers, status):
    settings.METRICS_TOKEN, settings.DEBUG = token, debug
    assert client.get("/metrics", headers=headers).status_code == status


def figures(client) -> dict[str, float]:
    text = client.get("/metrics", headers=HEADERS).content.decode()
    return {
        sample.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith(("chanx_", "process_"))
    }


async def test_they_count_what_happens(client, settings):
    from asgiref.sync import sync_to_async

    settings.METRICS_TOKEN = TOKEN
    before = await sync_to_async(figures)(client)
    socket = WebsocketCommunicator(application, "/ws/chat/room1/", [(b"origin", b"http://localhost:8000")])
    assert (await socket.connect())[0]
    await socket.send_json_to({"action": "ping"})
    await socket.receive_json_from()
    line = {"message": "hello", "name": "Alice"}
    await socket.send_json_to({"action": "new_chat_message", "payload": line})
    during = await sync_to_async(figures)(client)
    sent = "chanx_layer_sent_total"
    for _ in range(60):
        if (await sync_to_async(figures)(client))[sent] > before[sent]:
            break
        await asyncio.sleep(0.05)
    await socket.disconnect()
    after = await sync_to_async(figures)(client)
    name = "chanx_connections_open"
    assert (during[name] - before[name], after[name] - before[name]) == (1, 0)
    assert after["chanx_connections_opened_total"] == before["chanx_connections_opened_total"] + 1
    assert after[sent] == before[sent] + 1
    assert "process_cpu_seconds_total" in after
