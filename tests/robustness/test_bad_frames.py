"""Frames that no client should send get an error frame; the connection stays and the memory comes back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from asgi_server import SERVERS, Server, serving
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

TAGS = "'ask', 'line', 'nested', 'ping', 'stop'"


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with serving(request.param, "socket_app:application") as running:
        yield running


def invalid_json(message: str) -> list[dict[str, Any]]:
    return [{"type": "json_invalid", "loc": [], "msg": f"Invalid JSON: {message}"}]


BAD_FRAMES: dict[str, tuple[str | bytes, Any]] = {
    "not JSON": (
        "{nope",
        invalid_json("Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
    ),
    "empty": ("", invalid_json("Expecting value: line 1 column 1 (char 0)")),
    "binary": (b'{"action": "ping"}', invalid_json("binary frames are not supported")),
    "no object": (
        "[]",
        [
            {
                "type": "model_type",
                "loc": [],
                "msg": "Input should be a valid dictionary or instance of Envelope",
            }
        ],
    ),
    "unknown action": (
        '{"action": "nope"}',
        [
            {
                "type": "union_tag_invalid",
                "loc": [],
                "msg": "Input tag 'nope' found using 'action' does not match any of the expected tags: "
                + TAGS,
            }
        ],
    ),
    "missing action": (
        "{}",
        [
            {
                "type": "union_tag_not_found",
                "loc": [],
                "msg": "Unable to extract tag using discriminator 'action'",
            }
        ],
    ),
    "wrong type": (
        '{"action": "line", "payload": {"name": "a", "text": 5}}',
        [
            {
                "type": "string_type",
                "loc": ["line", "payload", "text"],
                "msg": "Input should be a valid string",
            }
        ],
    ),
    "NaN for an int": (
        '{"action": "ask", "payload": NaN}',
        [{"type": "finite_number", "loc": ["ask", "payload"], "msg": "Input should be a finite number"}],
    ),
    "bad reference": (
        '{"action": "ping", "ref": 1}',
        [{"type": "string_type", "loc": ["ref"], "msg": "Input should be a valid string"}],
    ),
}


async def answer(client: ClientConnection, frame: str | bytes) -> Any:
    await client.send(frame)
    return json.loads(await client.recv())


async def is_alive(client: ClientConnection) -> bool:
    return bool(await answer(client, '{"action": "ping"}') == {"action": "pong", "payload": None})


@pytest.mark.parametrize("name", BAD_FRAMES)
async def test_a_bad_frame_gets_an_error_frame(server: Server, name: str) -> None:
    frame, payload = BAD_FRAMES[name]
    async with connect(server.url("/ws/chat/bad/")) as client:
        assert await answer(client, frame) == {"action": "error", "payload": payload}
        assert await is_alive(client)


async def test_the_last_of_duplicate_keys_counts(server: Server) -> None:
    async with connect(server.url("/ws/chat/bad/")) as client:
        assert await answer(client, '{"action": "nope", "action": "ping"}') == {
            "action": "pong",
            "payload": None,
        }


async def test_nan_reaches_a_field_that_takes_anything(server: Server) -> None:
    async with connect(server.url("/ws/chat/bad/")) as client:
        frame = '{"action": "nested", "payload": NaN}'
        assert await answer(client, frame) == {"action": "pong", "payload": None}


@pytest.mark.parametrize("depth", [10_000, 100_000])
async def test_deep_nesting_is_refused(server: Server, depth: int) -> None:
    async with connect(server.url("/ws/chat/bad/")) as client:
        for opening, closing in (("[", "]"), ('{"a":', "}")):
            nested = opening * depth + "1" + closing * depth
            for frame in (nested, f'{{"action": "nested", "payload": {nested}}}'):
                error = await answer(client, frame)
                assert error["action"] == "error"
                assert error["payload"][0]["type"] == "frame_too_deep"
        assert await is_alive(client)


async def test_memory_comes_back_after_large_frames(server: Server) -> None:
    text = "x" * 500_000  # as much as the limits of frames let through
    frames = [
        json.dumps({"action": "line", "payload": {"name": "a", "text": text}}),
        json.dumps({"action": "line", "payload": {"name": 1, "text": text}}),
        json.dumps({"action": "nested", "payload": text}),
        text,
    ]

    async with connect(server.url("/ws/chat/large/"), max_size=None, compression=None) as client:
        sizes = []
        for _ in range(30):
            for frame in frames:
                await client.send(frame)
                assert await is_alive_after(client)
            sizes.append(server.memory)
    grown = sizes[-1] - sizes[4]
    # Allocators keep a few frames' worth; each round that is kept would be 2 MB.
    assert grown < 20 * 1024, f"{grown} KiB more: frames are kept, of 50 MB sent since"


async def is_alive_after(client: ClientConnection) -> bool:
    """Whether a ping is answered, behind whatever the frame before it is answered with."""
    await client.send('{"action": "ping"}')
    while True:
        received = json.loads(await client.recv())
        if received["action"] == "pong":
            return True


async def test_invalid_utf8_in_a_text_frame_ends_the_connection(server: Server) -> None:
    async with connect(server.url("/ws/chat/bad/")) as client:
        client.transport.write(Frame(Opcode.TEXT, b'{"action": "\xff\xfe"}').serialize(mask=True))
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        if server.name == "daphne":
            assert closed.value.rcvd is None  # it drops the connection without a close frame
        else:
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == (1005 if server.name == "granian" else 1007)
