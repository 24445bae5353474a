"""WebSocket clients for tests that are functions."""

from collections.abc import Iterable, Sequence
from typing import Any

from config.asgi import application

from chanx.channels.testing import DjangoWebsocketCommunicator
from chanx.channels.websocket import AsyncJsonWebsocketConsumer

Headers = Sequence[tuple[bytes, bytes]]


async def opened(
    consumer: type[AsyncJsonWebsocketConsumer[Any]], path: str, headers: Headers
) -> tuple[DjangoWebsocketCommunicator, int]:
    """A connection and the status with which it was authenticated; without authenticator 200."""
    client = DjangoWebsocketCommunicator(application, path, headers=list(headers), consumer=consumer)
    accepted, _ = await client.connect()
    assert accepted
    if consumer.authenticator_class is None:
        return client, 200
    frame = await client.receive_json_from()
    assert frame["action"] == "authentication"
    return client, frame["payload"]["statusCode"]


async def said(
    client: DjangoWebsocketCommunicator, action: str, payload: object = None, *, wait: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """Sends a frame; what comes back until it was handled and the actions waited for have come."""
    await client.send_json_to({"action": action, "payload": payload})
    missing, frames = {"complete", *wait}, []
    while missing:
        frame = await client.receive_json_from(timeout=3)
        missing.discard(frame["action"])
        frames.append(frame)
    return [frame for frame in frames if not frame["action"].endswith("complete")]
