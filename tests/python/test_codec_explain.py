"""explain() names what is native, what is not, and why."""

import datetime as dt
from typing import Any, Literal

from codec_cases import MESSAGES, Tree
from pydantic import BaseModel, model_validator

import chanx


class Event(BaseModel):
    action: Literal["event"] = "event"
    when: dt.datetime
    names: list[str] = []
    days: dict[str, dt.date] = {}


def test_a_native_type_is_said_to_be_native():
    text = chanx.explain(MESSAGES)
    assert text.startswith("decode: native\nunion by 'action', native\n")
    assert "  bulk: Bulk, native\n" in text
    assert "left to pydantic" not in text


def test_a_recursive_type_is_drawn_once():
    text = chanx.explain(Tree)
    assert text.count("value: int, native") == 2  # once for each direction
    assert "Tree, native (see above)" in text


def test_each_foreign_part_is_named_with_its_reason():
    text = chanx.explain(Event)
    assert text.startswith("decode: native but for 2 parts\nEvent, native\n")
    assert "  when: left to pydantic, because of schema type 'datetime'\n" in text
    assert "  names: list of str, native\n" in text
    assert (
        "  days: dict of parts left to pydantic, native\n    values: left to pydantic, because of schema type 'date'"
        in text
    )


def test_a_foreign_whole_is_said_so():
    class Checked(BaseModel):
        value: Any

        @model_validator(mode="after")
        def check(self) -> "Checked":
            return self

    assert "decode: left to pydantic as a whole, because of schema type 'function-after'" in chanx.explain(
        Checked
    )
