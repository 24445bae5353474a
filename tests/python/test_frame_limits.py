"""Frames over a limit are refused before they are parsed, with an error frame that says which limit it was."""

from __future__ import annotations

import json
from typing import Any

import pytest
from consumer_cases import LongWayConsumer, NotesConsumer
from consumer_client import connected
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from chanx.channels.checks import check_settings
from chanx.codec import FrameDecoder, FrameLimits
from chanx.core.frame_limits import frame_limits
from chanx.exceptions import ConfigurationError

SMALL = {"MAX_FRAME_BYTES": 400, "MAX_FRAME_DEPTH": 4, "MAX_FRAME_ELEMENTS": 20, "MAX_FRAME_STRING": 40}
OVER = {
    "frame_too_large": (
        {"action": "ping", **{f"k{n}": "x" * 30 for n in range(12)}},
        "A frame may have at most 400 bytes",
    ),
    "frame_too_deep": (
        '{"action":"ping","a":[[[[1]]]]}',
        "A frame may nest at most 4 levels",
    ),
    "frame_too_many_elements": (
        {"action": "ping", "a": list(range(30))},
        "A frame may have at most 20 values",
    ),
    "frame_string_too_long": (
        {"action": "ping", "a": "x" * 41},
        "A string in a frame may have at most 40 bytes",
    ),
}


@pytest.mark.parametrize("consumer", [NotesConsumer, LongWayConsumer])
@pytest.mark.parametrize("kind", OVER)
async def test_a_frame_over_a_limit_gets_an_error_frame(consumer: Any, kind: str, settings: Any) -> None:
    settings.CHANX = SMALL
    frame, message = OVER[kind]
    async with connected(consumer) as client:
        assert await client.ask(frame) == {
            "action": "error",
            "payload": [{"type": kind, "loc": [], "msg": message}],
        }
        # A frame that is no JSON either is refused for its size: nobody looked at it.
        assert (await client.ask("[" * 500))["payload"][0]["type"] == "frame_too_large"
        assert await client.ask({"action": "ping"}) == {"action": "pong", "payload": None}


async def test_without_limits_every_frame_is_taken(settings: Any) -> None:
    settings.CHANX = dict.fromkeys(SMALL)
    async with connected(NotesConsumer) as client:
        for frame, _ in OVER.values():
            assert await client.ask(frame) == {"action": "pong", "payload": None}
        large = {"action": "note", "payload": {"some_text": "x" * 2**20}}
        assert (await client.ask(large))["payload"]["some_text"] == "x" * 2**20


async def test_the_default_limits_stop_a_frame_that_only_costs(settings: Any) -> None:
    settings.CHANX = {}
    async with connected(NotesConsumer) as client:
        for frame, kind in (
            ('{"action":"ping","a":' + "[" * 100_000 + "}", "frame_too_deep"),
            ('{"action":"ping","a":[' + "1," * 200_000 + "1]}", "frame_too_many_elements"),
            ('{"action":"ping","a":"' + "x" * 600_000 + '"}', "frame_string_too_long"),
            ('"' + "x" * 2_000_000, "frame_too_large"),
        ):
            assert (await client.ask(frame))["payload"][0]["type"] == kind


@pytest.mark.parametrize("value", [0, -1, True, 1.5, "1000"])
def test_a_limit_that_is_no_number_is_a_configuration_error(value: Any, settings: Any) -> None:
    settings.CHANX = {"MAX_FRAME_DEPTH": value}
    with pytest.raises(ConfigurationError, match=r"CHANX\['MAX_FRAME_DEPTH'\] must be a positive integer"):
        frame_limits()
    assert any("MAX_FRAME_DEPTH" in warning.msg for warning in check_settings())


def _depth(value: Any) -> int:
    if not value:
        return 0
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


def _elements(value: Any) -> int:
    if isinstance(value, (dict, list)):
        inside = value.values() if isinstance(value, dict) else value
        return 1 + max(0, len(value) - 1) + sum(map(_elements, inside))
    return 0


def _longest(value: Any) -> int:
    if isinstance(value, str):
        return len(json.dumps(value, ensure_ascii=False).encode()) - 2
    if isinstance(value, dict):
        return max((max(_longest(k), _longest(v)) for k, v in value.items()), default=0)
    return max(map(_longest, value), default=0) if isinstance(value, list) else 0


_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ['"', "\\", '\\"', "[{,"]
)
_json = st.recursive(
    st.none() | st.integers(-(2**63), 2**63 - 1) | _texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_texts, inner, max_size=4),
    max_leaves=20,
)


@given(_json)
def test_limits_are_measured_as_documented(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False)
    decoder_of = TypeAdapter(dict[str, Any])
    for name, measured in (
        ("max_bytes", len(text.encode())),
        ("max_depth", _depth(value)),
        ("max_elements", _elements(value)),
        ("max_string", _longest(value)),
    ):
        if measured:
            assert FrameLimits(**{name: measured}).find_excess(text) is None
            assert FrameDecoder(decoder_of, limits=FrameLimits(**{name: measured}))(text) == (
                value
                if isinstance(value, dict) and not value.keys() & {"ref", "seq", "topic", "version"}
                else None
            )
        if measured > 1:
            below = FrameLimits(**{name: measured - 1})
            assert below.find_excess(text) is not None
            assert FrameDecoder(decoder_of, limits=below)(text) is None
