"""What a consumer answers to each kind of frame: the same on the short way and on the long one."""

from __future__ import annotations

import asyncio
import contextvars
from typing import Any

import pytest
from consumer_cases import CountMessage, LongWayConsumer, NotesConsumer
from consumer_client import Client, connected

from chanx.channels.websocket import AsyncJsonWebsocketConsumer
from chanx.core.decorators import ws_handler
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import PongMessage

CONSUMERS = (NotesConsumer, LongWayConsumer)
PONG = {"action": "pong", "payload": None}
COMPLETE = {"action": "complete", "payload": None}


def error(payload: Any, **envelope: Any) -> dict[str, Any]:
    return {"action": "error", "payload": payload, **envelope}


def detail(kind: str, loc: list[str], msg: str) -> list[dict[str, Any]]:
    return [{"type": kind, "loc": loc, "msg": msg}]


EXPECTED_TAGS = "'broadcast', 'count', 'fail', 'note', 'ping', 'sleep'"


def unknown(tag: str) -> list[dict[str, Any]]:
    message = (
        f"Input tag '{tag}' found using 'action' does not match any of the expected tags: {EXPECTED_TAGS}"
    )
    return detail("union_tag_invalid", [], message)


NO_ACTION = detail("union_tag_not_found", [], "Unable to extract tag using discriminator 'action'")
BAD_REF = detail("string_type", ["ref"], "Input should be a valid string")
NOT_AN_OBJECT = detail("model_type", [], "Input should be a valid dictionary or instance of Envelope")

# frame, its answer, whether it reaches handle_json
ANSWERS: list[tuple[Any, dict[str, Any], bool]] = [
    ({"action": "ping"}, PONG, True),
    ({"action": "ping", "payload": None, "extra": 1}, PONG, True),
    (
        {"action": "ping", "payload": 3},
        error(detail("none_required", ["ping", "payload"], "Input should be None")),
        True,
    ),
    ({"action": "note"}, error(detail("missing", ["note", "payload"], "Field required")), True),
    (
        {"action": "note", "payload": {"some_text": 1}},
        error(detail("string_type", ["note", "payload", "some_text"], "Input should be a valid string")),
        True,
    ),
    ({"action": "count", "payload": "1"}, {"action": "count", "payload": 0}, True),
    ({"action": "nope"}, error(unknown("nope")), True),
    ({"action": None}, error(unknown("None")), True),
    ({"action": ["a"]}, error(unknown("['a']")), True),
    ({}, error(NO_ACTION), True),
    ({"action": "fail"}, error({"detail": "Failed to process message for fail"}), True),
    (
        "{nope",
        error(
            detail(
                "json_invalid",
                [],
                "Invalid JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
            )
        ),
        False,
    ),
    ("", error(detail("json_invalid", [], "Invalid JSON: Expecting value: line 1 column 1 (char 0)")), False),
    (b"x", error(detail("json_invalid", [], "Invalid JSON: binary frames are not supported")), False),
    ("[]", error(NOT_AN_OBJECT), False),
    ("null", error(NOT_AN_OBJECT), False),
    ('{"action": "nope", "action": "ping"}', PONG, True),
    (
        '{"action": "note", "payload": {"some_text": "a", "some_text": "b"}}',
        {"action": "note", "payload": {"some_text": "b", "user_name": "x"}},
        True,
    ),
    (
        '{"action": "note", "payload": {"some_text": NaN}}',
        error(detail("string_type", ["note", "payload", "some_text"], "Input should be a valid string")),
        True,
    ),
    (
        '{"action": "note", "payload": {"some_text": "\\ud800"}}',
        {"action": "note", "payload": {"some_text": "\ud800", "user_name": "x"}},
        True,
    ),
    ({"action": "ping", "ref": "a"}, {**PONG, "version": 1, "ref": "a"}, True),
    ({"action": "ping", "ref": "a", "version": "2"}, {**PONG, "version": 1, "ref": "a"}, True),
    ({"action": "ping", "ref": None, "seq": "3"}, PONG, True),
    (
        {"action": "fail", "ref": "a"},
        error({"detail": "Failed to process message for fail"}, version=1, ref="a"),
        True,
    ),
    ({"action": "nope", "ref": "a"}, error(unknown("nope"), version=1, ref="a"), True),
    ({"action": "ping", "ref": 1}, error(BAD_REF), False),
    (
        {"action": "ping", "version": "x"},
        error(
            detail(
                "int_parsing",
                ["version"],
                "Input should be a valid integer, unable to parse string as an integer",
            )
        ),
        False,
    ),
]
NAMES = [str(frame)[:50] for frame, _, _ in ANSWERS]


@pytest.mark.parametrize("consumer", CONSUMERS)
@pytest.mark.parametrize(("frame", "answer", "handled"), ANSWERS, ids=NAMES)
async def test_answers(consumer: Any, frame: Any, answer: Any, handled: bool) -> None:
    async with connected(consumer) as client:
        assert await client.ask(frame) == answer
        assert await client.ask({"action": "ping"}) == PONG


@pytest.mark.parametrize("consumer", CONSUMERS)
@pytest.mark.parametrize(("frame", "answer", "handled"), ANSWERS, ids=NAMES)
async def test_completion_follows_what_reached_the_handlers(
    consumer: Any, frame: Any, answer: Any, handled: bool
) -> None:
    completing = type("Completing", (consumer,), {"send_completion": True})
    async with connected(completing) as client:
        assert await client.ask(frame) == answer
        await client.send({"action": "ping", "ref": "end"})
        frames = [await client.frame() for _ in range(2 + handled)]
        envelope = {key: answer[key] for key in ("version", "ref") if key in answer}
        expected = [COMPLETE | envelope] if handled else []
        end = {"version": 1, "ref": "end"}
        assert frames == [*expected, PONG | end, COMPLETE | end]


@pytest.mark.parametrize("consumer", CONSUMERS)
async def test_camel_case_both_ways(consumer: Any) -> None:
    async with connected(type("Camel", (consumer,), {"camelize": True})) as client:
        note = {"action": "note", "payload": {"someText": "a", "userName": "b"}}
        assert await client.ask(note) == note
        assert await client.ask({**note, "ref": "r"}) == {**note, "version": 1, "ref": "r"}
        invalid = await client.ask({"action": "note", "payload": {"someText": 1}})
        assert invalid["payload"][0]["loc"] == ["note", "payload", "some_text"]


async def test_a_consumer_without_handlers_says_that_it_failed() -> None:
    class Silent(AsyncJsonWebsocketConsumer[Any]):
        send_completion = True  # of nothing

    async with connected(Silent) as client:
        for _ in range(2):
            assert await client.ask({"action": "ping"}) == error({"detail": "Failed to process message"})


@pytest.mark.parametrize("consumer", CONSUMERS)
async def test_generators_and_lists_are_sent_in_order(consumer: Any) -> None:
    async with connected(consumer) as client:
        await client.send({"action": "count", "payload": 3})
        assert [frame["payload"] for frame in await client.frames(3)] == [0, 1, 2]
        await client.send({"action": "sleep", "payload": 0})
        assert await client.frames(2) == [{"action": "sleep", "payload": 0.0}] * 2


@pytest.mark.parametrize("consumer", CONSUMERS)
async def test_a_slow_handler_does_not_hold_up_the_next_frame(consumer: Any) -> None:
    async with connected(consumer) as client:
        await client.send({"action": "sleep", "payload": 0.1})
        assert await client.ask({"action": "ping"}) == PONG
        assert (await client.frame())["action"] == "sleep"


async def test_handlers_start_in_order_in_contexts_of_their_own() -> None:
    value: contextvars.ContextVar[str] = contextvars.ContextVar("value", default="unset")
    seen: list[Any] = []

    class Recording(AsyncJsonWebsocketConsumer[Any]):
        @ws_handler
        async def handle_count(self, message: CountMessage) -> None:
            seen.append((message.payload, value.get()))
            value.set(str(message.payload))
            await asyncio.sleep(0)
            assert value.get() == str(message.payload)

        @ws_handler
        async def handle_ping(self, message: PingMessage) -> PongMessage:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await asyncio.sleep(1)
            return PongMessage()

    async with connected(Recording) as client:
        for number in range(20):
            await client.send({"action": "count", "payload": number})
        assert await client.ask({"action": "ping"}) == PONG
    assert seen == [(number, "unset") for number in range(20)]


@pytest.mark.parametrize("consumer", CONSUMERS)
async def test_reading_pauses_at_the_limit_of_running_handlers(consumer: Any) -> None:
    running, most = 0, 0

    class Limited(consumer):  # type: ignore[misc]  # a parameter of the test
        max_handlers = 3

        @ws_handler
        async def handle_count(self, message: CountMessage) -> CountMessage:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.01)
            running -= 1
            return message

    async with connected(Limited) as client:
        for number in range(20):
            await client.send({"action": "count", "payload": number})
        assert sorted(frame["payload"] for frame in await client.frames(20)) == list(range(20))
    assert most == 3


async def test_send_message_validates_when_asked() -> None:
    from pydantic import ValidationError

    errors: list[Exception] = []

    class Undeclared(AsyncJsonWebsocketConsumer[Any]):
        @ws_handler
        async def handle_ping(self, message: PingMessage) -> PongMessage:
            try:
                await self.send_message(CountMessage(payload=1), validate=True)
            except ValidationError as error:
                errors.append(error)
            await self.send_message(PongMessage(), validate=True)
            return PongMessage()

    async with connected(Undeclared) as client:
        await client.send({"action": "ping"})
        assert await client.frames(2) == [PONG, PONG]
    assert len(errors) == 1


async def test_frames_of_a_refused_client_reach_no_handler() -> None:
    from chanx.core.authenticator import BaseAuthenticator

    class Never(BaseAuthenticator):
        async def authenticate(self, scope: Any) -> bool:
            return False

    client = Client(type("Refusing", (NotesConsumer,), {"authenticator_class": Never}))
    await client.raw({"type": "websocket.connect"})
    assert (await client.message())["type"] == "websocket.accept"
    assert await client.message() == {"type": "websocket.close", "code": 4401}
    await client.send({"action": "ping"})
    await client.send("nope")
    assert await client.nothing()
    await client.disconnect()
