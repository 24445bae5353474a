"""The per-connection assistant against the real offline model."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from config.routing import router
from llm_server_process import llm_server
from ports import free_port

from assistants.consumers.connection_consumer import ConnectionAssistantConsumer
from chanx.channels.testing import DjangoWebsocketCommunicator

QUESTION = {"action": "assistant_message", "payload": "What is a channel layer?"}
STOP = {"action": "stop_streaming"}


@pytest.fixture(scope="module")
def model() -> Iterator[str]:
    with llm_server("--tokens-per-second", "100") as server:
        yield server.url


@pytest.fixture
async def client(settings, model):
    settings.OPENAI_BASE_URL = f"{model}/v1"
    async with DjangoWebsocketCommunicator(
        router, "/ws/assistants/", consumer=ConnectionAssistantConsumer
    ) as communicator:
        yield communicator


async def frames_until(client: Any, action: str) -> list[dict[str, Any]]:
    frames: list[dict[str, Any]] = []
    async with asyncio.timeout(30):
        while not frames or frames[-1]["action"] != action:
            frame = await client.receive_json_from(timeout=10)
            if frame["action"] != "complete":
                frames.append(frame)
    return frames


async def test_the_answer_is_streamed_in_pieces(client):
    await client.send_json_to(QUESTION)
    frames = await frames_until(client, "complete_streaming")
    assert frames[0] == {"action": "streaming_start", "payload": {"content": ""}}
    assert frames[-1] == {"action": "complete_streaming", "payload": {"content": ""}}
    pieces = frames[1:-1]
    assert {frame["action"] for frame in pieces} == {"streaming"}
    assert len(pieces) > 5
    assert "layer" in "".join(frame["payload"]["content"] for frame in pieces).lower()


async def test_stop_ends_the_answer_at_once(client):
    await client.send_json_to(QUESTION)
    await frames_until(client, "streaming")
    await client.send_json_to(STOP)
    frames = await frames_until(client, "complete_streaming")
    assert len(frames) < 20
    await client.send_json_to(QUESTION)
    assert (await frames_until(client, "streaming"))[0]["action"] == "streaming_start"


async def test_stop_without_an_answer_does_nothing(client):
    await client.send_json_to(STOP)
    assert await client.receive_json_from() == {"action": "complete", "payload": None}
    assert await client.receive_nothing()


async def test_a_second_question_during_an_answer_is_refused(client):
    await client.send_json_to(QUESTION)
    await frames_until(client, "streaming")
    await client.send_json_to(QUESTION)
    frames = await frames_until(client, "error")
    assert "still being written" in frames[-1]["payload"]["detail"]
    assert [frame["action"] for frame in await frames_until(client, "complete_streaming")][-1:] == [
        "complete_streaming"
    ]


async def test_a_ping_is_answered_while_an_answer_streams(client):
    await client.send_json_to(QUESTION)
    await frames_until(client, "streaming")
    await client.send_json_to({"action": "ping"})
    frames = await frames_until(client, "pong")
    assert "complete_streaming" not in {frame["action"] for frame in frames}


async def test_a_model_that_does_not_answer_is_told(settings):
    settings.OPENAI_BASE_URL = f"http://127.0.0.1:{free_port()}/v1"
    async with DjangoWebsocketCommunicator(
        router, "/ws/assistants/", consumer=ConnectionAssistantConsumer
    ) as client:
        await client.send_json_to(QUESTION)
        frames = await frames_until(client, "error")
        assert "does not answer" in frames[-1]["payload"]["detail"]
