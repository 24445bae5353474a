"""explain() names what is native, what is not, and why."""

import datetime as dt
import enum
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from codec_cases import MESSAGES, Tree
from pydantic import (
    AfterValidator,
    AliasPath,
    BaseModel,
    BeforeValidator,
    Field,
    Json,
    TypeAdapter,
    ValidationInfo,
    field_validator,
    model_validator,
)
from typing_extensions import TypeAliasType

import chanx


class Level(enum.IntEnum):
    LOW = 1


class Event(BaseModel):
    action: Literal["event"] = "event"
    when: dt.datetime
    names: list[str] = []
    code: Annotated[str, Field(pattern="^a")] = "a"
    days: dict[str, Annotated[dt.date, Field(ge=dt.date(2000, 1, 1))]] = {}


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
    assert "  when: datetime, native, the rest left to pydantic\n" in text
    assert "  names: list of str, native\n" in text
    assert (
        "  code: left to pydantic, because of a pattern, which only pydantic's regular expressions decide\n"
        in text
    )
    assert (
        "  days: dict of parts left to pydantic, native\n    values: left to pydantic, because of 'date' with ge"
        in text
    )


def test_what_was_left_to_pydantic_once_is_native():
    @dataclass(slots=True)
    class Slotted:
        number: int

    class Native(BaseModel):
        text: Json[list[int]]
        deep: int = Field(0, validation_alias=AliasPath("a", 0))
        kind: Literal[Level.LOW, "x"] = "x"
        slotted: Slotted
        checked: Json[Annotated[int, BeforeValidator(int)]] = 1

    text = chanx.explain(Native)
    assert text.startswith("decode: native but for 1 part\nNative, native\n")
    assert "  text: JSON text of list, native, the rest left to pydantic\n  deep: int, native\n" in text
    assert "  slotted: Slotted, native\n" in text
    assert (
        "checked: left to pydantic, because of JSON in a string, of the validator 'int' before it\n" in text
    )


def test_validators_are_named():
    class Checked(BaseModel):
        low: Annotated[int, AfterValidator(abs)] = 0
        high: int = 0
        both: Annotated[int, BeforeValidator(int)] = 0

        @field_validator("high")
        @classmethod
        def above(cls, value: int, info: ValidationInfo) -> int:
            return value

        @model_validator(mode="after")
        def fits(self) -> "Checked":
            return self

    text = chanx.explain(Checked)
    assert "Checked, then fits, native\n  of: Checked, native\n" in text
    assert "low: int, then abs, native\n" in text
    assert (
        "high: left to pydantic, because of the validator 'above', which may look at other fields\n" in text
    )
    assert "both: left to pydantic, because of the validator 'int' before it\n" in text


def test_a_foreign_whole_is_said_so():
    class Checked(BaseModel):
        value: Any

        @model_validator(mode="before")
        @classmethod
        def check(cls, data: Any) -> Any:
            return data

    assert "decode: left to pydantic as a whole, because of Checked: the validator 'check'" in chanx.explain(
        Checked
    )


def test_a_type_that_contains_itself_is_drawn_once():
    Nested = TypeAliasType("Nested", "dict[str, Nested] | list[Nested] | int")
    text = chanx.explain(TypeAdapter(Nested))
    assert text.startswith("decode: native\nunion, native, the rest left to pydantic\n")
    assert "(see above)" in text
