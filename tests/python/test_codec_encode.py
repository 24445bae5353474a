"""Encoding: the text is the JSON that pydantic's dump gives, or there is none."""

import json
import warnings
from typing import Any, Literal

import pytest
from codec_cases import MESSAGES, VALID, Item, Ping, Tree, examples, fingerprint
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, computed_field, field_serializer
from pydantic_core import PydanticSerializationError

from chanx.codec import FrameEncoder, MessageCodec

encoder = FrameEncoder()
codec = MessageCodec(MESSAGES)


def check(message: BaseModel) -> bool:
    """Compare with pydantic; True when the fast path wrote the message."""
    text = encoder(message)
    if text is None:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        wanted = json.loads(json.dumps(message.model_dump(mode="json")))
    assert fingerprint(json.loads(text)) == fingerprint(wanted)
    return True


@pytest.mark.parametrize("document", VALID)
def test_ordinary_messages_take_the_fast_path(document):
    message = MESSAGES.validate_python(document)
    assert check(message)
    assert json.loads(codec.encode(message)) == message.model_dump(mode="json")


class Wide(BaseModel):
    action: Literal["wide"] = "wide"
    text: str = ""
    number: int = 0
    ratio: float = 0.0
    flag: bool = False
    maybe: int | None = None
    literal: Literal[1, "a", None] = 1
    item: Item | None = None
    names: list[str] = []
    table: dict[str, int] = {}
    free: Any = None


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(Ping()) | st.binary(max_size=2),
    lambda s: st.lists(s, max_size=3) | st.dictionaries(st.text(max_size=4) | st.integers(), s, max_size=3)
    | st.tuples(s, s),
    max_leaves=6,
)  # fmt: skip


@examples(1000)
@given(st.dictionaries(st.sampled_from(sorted(Wide.model_fields)), _anything), _anything)
def test_instances_with_any_values_are_written_as_pydantic_writes_them(values, free):
    check(Wide.model_construct(**values))
    assert check(Wide(text="a")) is True
    check(Wide.model_construct(free=free))


def test_values_of_other_types_are_left_to_pydantic():
    class Name(str):
        pass

    for values in (
        {"text": 1}, {"text": Name("a")}, {"number": True}, {"number": 1.0}, {"flag": 1}, {"ratio": "1"},
        {"names": ("a",)}, {"table": {1: 1}}, {"item": {}}, {"ratio": float("nan")}, {"number": 10**30},
        {"text": "\ud800"}, {"free": {1, 2}},
    ):  # fmt: skip
        assert encoder(Wide.model_construct(**values)) is None


def test_attributes_beyond_the_fields_are_left_to_pydantic():
    message = Ping()
    message.__dict__["other"] = 1
    assert encoder(message) is None


def test_reordered_and_missing_fields_keep_their_order():
    message = Ping()
    object.__setattr__(message, "__dict__", {"payload": None, "action": "ping"})
    assert encoder(message) == '{"payload":null,"action":"ping"}'
    assert check(message)
    del message.__dict__["payload"]
    assert check(message)


def test_subclasses_and_cycles_are_left_to_pydantic():
    class Longer(Item):
        more: int = 1

    assert encoder(Wide(item=Longer(id=1, title="a"))) is None
    tree = Tree()
    tree.children.append(tree)
    assert encoder(tree) is None


def test_serializers_and_computed_fields_are_called_in_their_place():
    class Shouting(BaseModel):
        model_config = ConfigDict(extra="allow")
        text: str
        hidden: int = Field(0, exclude=True)
        maybe: int | None = None

        @field_serializer("text")
        def shout(self, value: str) -> str:
            return value.upper() + str(self.hidden)

        @field_serializer("maybe", when_used="unless-none")
        def double(self, value: int) -> Any:
            return {"twice": value * 2}

        @computed_field
        @property
        def length(self) -> int:
            return len(self.text)

    message = Shouting(text="a", hidden=3, more=[1])
    assert encoder(message) == '{"text":"A3","maybe":null,"more":[1],"length":1}'
    assert check(message)
    assert check(Shouting(text="b", maybe=4))


def test_a_failing_serializer_has_pydantics_error():
    class Broken(BaseModel):
        text: str

        @field_serializer("text")
        def fail(self, value: str) -> str:
            raise LookupError("no such text")

    assert encoder(Broken(text="a")) is None
    with pytest.raises(PydanticSerializationError, match="no such text"):
        MessageCodec(Broken).encode(Broken(text="a"))


def test_an_overridden_model_dump_takes_the_slow_path():
    class Dumping(BaseModel):
        text: str

        def model_dump(self, **options: Any) -> dict[str, Any]:
            return {}

    assert encoder(Dumping(text="a")) is None


def test_what_utf_8_cannot_hold_is_a_clear_error():
    with pytest.raises(ValueError, match="surrogate"):
        codec.encode(Tree(anything="\ud800"))


def test_other_objects_are_no_messages():
    for value in (None, 1, "x", {}, object()):
        assert encoder(value) is None
