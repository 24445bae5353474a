"""A client that leaves before its answer is no failure: it is not logged as one, and no handler is told."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from chanx.channels.websocket import AsyncJsonWebsocketConsumer
from chanx.core.decorators import ws_handler
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import PongMessage

PING = {"type": "websocket.receive", "text": '{"action": "ping"}'}


class ClientDisconnected(OSError):
    """What uvicorn raises from `send`; the test is about where it comes from, so it says so."""

    __module__ = "uvicorn.protocols.utils"


class Gone(AsyncJsonWebsocketConsumer):
    send_completion = True

    @ws_handler
    async def handle_ping(self, message: PingMessage) -> PongMessage:
        return PongMessage()


class GoneTheLongWay(Gone):
    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        await super().receive_json(content, **kwargs)


class Broken(AsyncJsonWebsocketConsumer):
    @ws_handler
    async def handle_ping(self, message: PingMessage) -> PongMessage:
        raise ConnectionResetError("the handler's own")


async def answered(consumer: AsyncJsonWebsocketConsumer, send: Any) -> list[Any]:
    consumer.scope = {"type": "websocket", "path": "/", "headers": []}
    consumer.base_send = send
    with capture_logs() as logs:
        await consumer.dispatch(dict(PING))
        for task in list(consumer.chanx_tasks.running):
            await task
    return [entry for entry in logs if entry["log_level"] == "error"]


@pytest.mark.parametrize("kind", [Gone, GoneTheLongWay])
async def test_a_client_that_left_is_no_error(kind: type[AsyncJsonWebsocketConsumer]) -> None:
    tries: list[Any] = []

    async def send(message: Any) -> None:
        tries.append(message)
        raise ClientDisconnected

    try:
        errors = await answered(kind(), send)
    except ClientDisconnected:  # a task of the long way ends with it; its end is what gets logged
        errors = []
    assert errors == []
    assert tries


async def test_a_connection_error_of_the_handler_is_one() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    errors = await answered(Broken(), send)
    assert len(errors) == 1
    assert "Failed to process message for ping" in sent[0]["text"]
