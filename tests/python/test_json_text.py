"""The text of JSON content is what json.dumps gives, to the byte, or there is none."""

from __future__ import annotations

import json
import math
from enum import IntEnum
from typing import Any

import pytest
from codec_cases import examples
from hypothesis import given
from hypothesis import strategies as st

from chanx._core import json_text
from chanx.channels.deliveries import Broadcast
from chanx.core.wire_case import KeyCase
from chanx.utils.camel import camelize

INT64 = st.integers(min_value=-(2**63), max_value=2**63 - 1)

# With surrogates, which text() leaves out unless it is asked for them.
STRINGS = st.text(st.characters(codec=None, exclude_categories=()))

CONTENT = st.recursive(
    st.none() | st.booleans() | INT64 | st.floats() | STRINGS,
    lambda inner: (
        st.lists(inner) | st.dictionaries(STRINGS, inner) | st.lists(inner).map(tuple) | st.tuples(inner)
    ),
    max_leaves=20,
)


@examples(1500)
@given(CONTENT)
def test_the_text_is_that_of_json_dumps(content: Any) -> None:
    assert json_text(content) == json.dumps(content)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x7f",
        "a" * 7 + "\x7f",
        '\x00\x1f"\\/\b\f\n\r\t~',
        "\x80\xff",
        "\u2028\uffff",
        "\ud800",
        "\U0001f600\udfff",
    ],
)
@pytest.mark.parametrize("padding", [0, 1, 7, 8, 255, 256, 1000])
def test_strings_are_escaped_wherever_it_is_needed(text: str, padding: int) -> None:
    for padded in ("a" * padding + text, text + "a" * padding, text * max(1, padding)):
        assert json_text(padded) == json.dumps(padded)
        assert json_text({padded: 1}) == json.dumps({padded: 1})


@pytest.mark.parametrize(
    "number",
    [
        0.0, -0.0, 1.0, 1e15, 1e16, 123456789012345680.0, 1e-4, 1e-5, 5e-324, 1.7976931348623157e308,
        math.inf, -math.inf, math.nan, 2**63 - 1, -(2**63),
    ],
)  # fmt: skip
def test_numbers_are_spelt_as_python_spells_them(number: float) -> None:
    assert json_text([number, {"n": number}]) == json.dumps([number, {"n": number}])


class Text(str):
    pass


class Colour(IntEnum):
    RED = 1


class Table(dict[str, Any]):
    pass


@pytest.mark.parametrize(
    "odd",
    [
        Text("a"), Colour.RED, Table(), {1: 2}, {None: 1}, {True: 1}, {1.5: 1}, {Text("a"): 1}, {"a": {2: 3}}, b"a",
        {1}, object(), 2**63, -(2**63) - 1,
    ],
)  # fmt: skip
def test_what_is_not_plain_is_left_to_json_dumps(odd: Any) -> None:
    assert json_text(odd) is None
    assert json_text([{"a": odd}]) is None


@pytest.mark.parametrize("content", [{"action": "a", "payload": ["é", 1.0]}, {"payload": {1: 2}}, "", 0])
def test_a_broadcast_is_sent_as_the_method_for_it_encodes_it(content: Any) -> None:
    broadcast = Broadcast({"type": "handle_group_message", "message": content})
    assert broadcast.frame(None) == {"type": "websocket.send", "text": json.dumps(content)}
    spelt = json.dumps(camelize(content))
    assert broadcast.frame(KeyCase()) == {"type": "websocket.send", "text": spelt}


def test_depth_and_cycles_are_left_to_json_dumps() -> None:
    endless: list[Any] = []
    endless += [endless, endless]
    assert json_text(endless) is None
    deep: Any = 1
    for _ in range(64):
        deep = [deep]
    assert json_text(deep) == json.dumps(deep)
    assert json_text([deep]) is None
