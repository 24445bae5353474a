"""Camel case: keys come out as pyhumps makes them, while parsing and while writing."""

import json
from typing import Annotated, Any, Literal

import humps
import pytest
from codec_cases import examples, fingerprint, outcome
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import AliasChoices, BaseModel, Field, TypeAdapter

from chanx import _core
from chanx.codec import FrameDecoder, FrameEncoder


class Inner(BaseModel):
    user_name: str = "x"
    is_complete: bool = False
    x2_y: int = 0


class Aliased(BaseModel):
    full_name: str = Field("x", alias="fullName")
    ownName: int = 0
    other_key: int = Field(0, validation_alias=AliasChoices("other_key", "otherKey"))


class Note(BaseModel):
    action: Literal["note"] = "note"
    inner_value: Inner = Field(default_factory=Inner)
    with_aliases: Aliased = Aliased()
    free_form: Any = None
    by_key: dict[str, int] = {}


class Other(BaseModel):
    action: Literal["other"] = "other"


notes: TypeAdapter[Any] = TypeAdapter(Annotated[Note | Other, Field(discriminator="action")])
decoder = FrameDecoder(notes, camelize=True)
encoder = FrameEncoder(camelize=True)
keys = st.text(st.sampled_from("abXYZ019_-"), max_size=8)
all_keys = keys | st.sampled_from(
    ["userName", "user_name", "isComplete", "x2Y", "innerValue", "HTTPServer", "é", "a b"]
)


@examples(1000)
@given(keys)
@example("HTTPServer")
@example("a_B")
@example("A1B2")
def test_keys_are_spelt_as_pyhumps_spells_them(key):
    assert _core.decamelize(key) == next(iter(humps.decamelize({key: 1})))
    assert _core.camelize(key) == next(iter(humps.camelize({key: 1})))


@given(st.text(max_size=4))
def test_keys_beyond_ascii_words_are_not_guessed(key):
    for mine, theirs in ((_core.decamelize, humps.decamelize), (_core.camelize, humps.camelize)):
        try:
            spelt = mine(key)
        except UnicodeEncodeError:
            continue
        assert spelt is None or spelt == next(iter(theirs({key: 1})))


def reference(text):
    return notes.validate_python(humps.decamelize(json.loads(text)))


values = st.recursive(
    st.integers(-3, 3) | st.text(max_size=3) | st.booleans(),
    lambda s: st.lists(s, max_size=3) | st.dictionaries(all_keys, s, max_size=4),
    max_leaves=6,
)


@examples(800)
@given(
    st.dictionaries(
        st.sampled_from(["innerValue", "inner_value", "freeForm", "byKey", "InnerValue"]) | keys, values
    ),
    st.dictionaries(all_keys, st.integers(0, 3) | st.text(max_size=2) | st.booleans(), max_size=4),
)
def test_camel_case_frames_are_those_of_the_slow_path(members, inner):
    text = json.dumps({"action": "note", "innerValue": inner, **members})
    message = decoder(text)
    if message is not None:
        assert ("valid", fingerprint(message)) == outcome(reference, text)


@pytest.mark.parametrize(
    "keys", [["fullName"], ["full_name"], ["ownName"], ["own_name"], ["otherKey"], ["other_key"]]
)
def test_names_that_are_in_camel_case_themselves_are_those_of_the_slow_path(keys):
    for values in (1, "a"):
        text = json.dumps({"action": "note", "withAliases": dict.fromkeys(keys, values)})
        message = decoder(text)
        assert message is None or ("valid", fingerprint(message)) == outcome(reference, text)


def test_camel_case_frames_take_the_fast_path():
    text = '{"action":"note","innerValue":{"userName":"a","isComplete":true},"freeForm":{"aB":[{"cD":1}]}}'
    message = decoder(text)
    assert message == reference(text)
    assert message.free_form == {"a_b": [{"c_d": 1}]}
    assert decoder('{"action":"other"}') == Other()


def test_keys_that_fall_together_take_the_slow_path():
    assert decoder('{"action":"note","freeForm":{"aB":1,"a_b":2}}') is None
    assert decoder('{"action":"note","innerValue":{},"inner_value":{}}') is None
    assert encoder(Note(free_form={"aB": 1, "a_b": 2})) is None


@examples(500)
@given(values, st.dictionaries(all_keys, st.integers(0, 9)))
def test_camel_case_output_is_that_of_the_slow_path(free, by_key):
    message = Note(free_form=free, by_key=by_key, inner_value=Inner(user_name="a"))
    text = encoder(message)
    if text is not None:
        wanted = humps.camelize(message.model_dump(mode="json"))
        assert fingerprint(json.loads(text)) == fingerprint(wanted)
