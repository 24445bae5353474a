"""Pages of other sites may not open WebSockets with a visitor's cookies."""

import pytest
from channels.testing import WebsocketCommunicator

from config.asgi import application


def client(origin: str | None) -> WebsocketCommunicator:
    headers = [] if origin is None else [(b"origin", origin.encode())]
    return WebsocketCommunicator(application, "/ws/system/", headers)


@pytest.mark.parametrize(
    "origin", [None, "http://localhost:8000", "http://127.0.0.1:8000", "http://localhost"]
)
async def test_own_pages_and_programs_connect(origin):
    communicator = client(origin)
    connected, _ = await communicator.connect()
    assert connected
    await communicator.disconnect()


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:9999"])
async def test_pages_of_other_sites_are_refused(origin):
    connected, _ = await client(origin).connect()
    assert not connected


async def test_an_address_without_a_consumer_is_refused_with_one_line(caplog):
    communicator = WebsocketCommunicator(application, "/ws/nothing/here/", [])
    connected, code = await communicator.connect()
    assert not connected
    assert code == 4404
    assert [record.getMessage() for record in caplog.records] == ["No WebSocket here: /ws/nothing/here/"]
