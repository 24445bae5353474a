"""The wider type language: whatever the core leaves to pydantic, part by part, comes out as pydantic has it."""

import copy
import datetime as dt
import enum
import gc
import ipaddress
import json
import pickle
import sys
import uuid
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar

import pytest
from codec_cases import check_text, examples, fingerprint, outcome
from hypothesis import given
from hypothesis import strategies as st
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasPath,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Json,
    PlainSerializer,
    PrivateAttr,
    RootModel,
    SecretStr,
    Tag,
    TypeAdapter,
    ValidationInfo,
    computed_field,
    create_model,
    field_serializer,
    field_validator,
    model_validator,
)
from typing_extensions import TypeAliasType, TypedDict

import chanx
from chanx.codec import FrameDecoder, FrameEncoder, MessageCodec

T = TypeVar("T")


class Colour(enum.Enum):
    RED = "red"
    ONE = 1


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Point(NamedTuple):
    x: int
    y: float = 0


class Options(TypedDict, total=False):
    size: int
    name: str


@dataclass
class Pair:
    left: int
    right: str = "r"


@dataclass(slots=True)
class Slotted:
    a: int = 1
    b: str | None = None


@dataclass(slots=True, frozen=True)
class Frozen:
    left: list[int]
    right: str = "r"


class Name(enum.StrEnum):
    A = "a"
    B = "b"


class Mixed(str, enum.Enum):  # noqa: UP042 -- not a StrEnum
    AAA = "aaa"


class Inner(BaseModel):
    a: int = 1
    b: str = "b"


class Keeping(BaseModel):
    model_config = ConfigDict(extra="allow")
    a: int = 1


class Secretive(BaseModel):
    a: int = 1
    _hidden: int = PrivateAttr(default=3)


class Settled(BaseModel):
    a: int = 1
    total: int = 0

    def model_post_init(self, context: Any) -> None:
        self.total = self.a + 1


class Named(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    inner_id: int = Field(0, alias="innerId")
    choice: int = Field(0, validation_alias=AliasChoices("c1", AliasPath("deep", 0)))


class Deep(BaseModel):
    first: int = Field(0, validation_alias=AliasPath("deep", 0))
    last: Any = Field(
        None, validation_alias=AliasChoices(AliasPath("deep", -1, "x"), AliasPath("b", "c"), "z")
    )
    a: int = Field(1, validation_alias=AliasChoices("a", AliasPath("1")))


class Checked(BaseModel):
    low: int = 0
    high: int = 0

    @field_validator("high")
    @classmethod
    def above(cls, value: int, info: ValidationInfo) -> int:
        if value < info.data.get("low", 0):
            raise ValueError("too low")
        return value + 1

    @model_validator(mode="after")
    def fits(self) -> "Checked":
        assert self.low != 13
        return self


class Box(BaseModel, Generic[T]):
    content: T


class Ring(BaseModel):
    value: Annotated[int, AfterValidator(lambda v: v * 2)] = 0
    next: "Ring | None" = None
    others: list["Ring"] = []


class Shouting(BaseModel):
    text: str = "a"

    @field_serializer("text")
    def shout(self, value: str) -> str:
        return value.upper()

    @computed_field
    @property
    def twice(self) -> str:
        return self.text * 2


class Numbers(RootModel[list[int]]):
    pass


Nested = TypeAliasType("Nested", "dict[str, Nested] | list[Nested] | int | None")


def which(value: Any) -> str:
    return "c" if isinstance(value, dict) and "a" in value else "n"


TYPES: dict[str, Any] = {
    "date": dt.date, "time": dt.time, "datetime": dt.datetime, "timedelta": dt.timedelta, "uuid": uuid.UUID,
    "decimal": Decimal, "colour": Colour, "level": Level, "bytes": bytes, "pair": tuple[int, str],
    "many": tuple[int, ...], "set": set[int], "frozen": frozenset[str], "int_keys": dict[int, str],
    "date_keys": dict[dt.date, int], "union": int | str, "date_or_str": dt.date | str, "models": Inner | Keeping,
    "optional_union": list[int | float | str] | None, "point": Point, "options": Options, "dataclass": Pair,
    "keeping": Keeping, "secretive": Secretive, "settled": Settled, "named": Named, "checked": Checked,
    "box": Box[list[Inner]], "ring": Ring, "numbers": Numbers, "secret": SecretStr, "json": Json[list[int]],
    "ip": ipaddress.IPv4Address, "nested": Nested, "pattern": Annotated[str, Field(pattern=r"^a+$")],
    "lower": Annotated[str, Field(min_length=1), BeforeValidator(lambda v: v.lower() if isinstance(v, str) else v)],
    "multiple": Annotated[float, Field(multiple_of=0.5)], "strict_int": Annotated[int, Field(strict=True)],
    "literal": Literal[Colour.RED, "blue"], "bool_or_int": Literal[True, 1, "x"], "enum_or_none": Colour | None,
    "callable_tag": Annotated[Annotated[Inner, Tag("c")] | Annotated[Numbers, Tag("n")], Discriminator(which)],
    "optional_date": dt.date | None, "list_of_dates": list[dt.date], "by_uuid": dict[str, uuid.UUID],
    "slotted": Slotted, "frozen_slots": Frozen, "deep": Deep, "json_any": Json,
    "json_model": Json[Inner | list[dt.date]],
    "enum_literal": Literal[Level.LOW, Name.A, Mixed.AAA, Colour.ONE, "blue", None], "json_checked": Json[Checked],
    "shouting": Shouting, "alias": TypeAliasType("Size", Annotated[int, Field(ge=0)]), "bools": list[bool],
}  # fmt: skip
SAMPLES: list[Any] = [
    None, True, False, 0, 1, 2, -3, 13, 1.0, 1.5, 2**70, "", "a", "aaa", "AbC", "1", "1.5", "true", "red", "blue", "b",
    "2020-01-01", "2020-01-01T10:00:00Z", "10:00", "P1DT2H", "12345678-1234-5678-1234-567812345678", "1.2.3.4", "[1,2]",
    [], [1], [1, 2], [1, 1], [1, "a"], ["1", "2"], [1, None], [[1], {"a": 2}], ["2020-01-01"], {}, {"a": 1},
    {"a": 1, "z": 9},
    {"a": "x"}, {"b": "c", "a": "7"}, {"1": "a"}, {"x": 1, "y": 2}, {"2020-01-01": 3}, {"size": 3, "name": "n"},
    {"left": 1}, {"left": 1, "right": 2}, {"innerId": 4, "c1": 5}, {"inner_id": 4, "deep": [6]}, {"low": 3, "high": 2},
    {"low": 2, "high": 3}, {"low": 13, "high": 14}, {"content": [{"a": 1}, {"b": "x"}]}, {"content": 3},
    '{"a":3}', '{"a":"x"}', '{"a":1,"a":2}', '["2020-01-01"]', '{"low":2,"high":3}', "{", " 1 ", '"a"', "NaN",
    {"deep": [3, {"x": [4]}]}, {"deep": [{"x": 4}], "b": {"c": 1}}, {"z": 1, "b": {"c": 2}}, {"deep": {"0": 1}},
    {"deep": "ab", "b": "c"}, {"deep": []}, {"left": [1]},
    {"value": 2, "next": {"value": 3}, "others": [{}]}, {"text": "hi"}, {"k": "12345678-1234-5678-1234-567812345678"},
]  # fmt: skip


def message_of(name: str) -> type[BaseModel]:
    return create_model(
        f"M_{name}",
        action=(Literal[name], name),
        body=(TYPES[name], ...),
        items=(list[TYPES[name]], []),
        plain=(str, "p"),
    )


MODELS = {name: message_of(name) for name in TYPES}
CODECS = {
    name: (TypeAdapter(model), MessageCodec(model), FrameDecoder(TypeAdapter(model)), FrameEncoder())
    for name, model in MODELS.items()
}


def check_round_trip(name: str, document: Any) -> None:
    adapter, codec, decoder, encoder = CODECS[name]
    text = json.dumps(document)
    verdict = check_text(text, adapter, native=(codec, decoder))
    if verdict[0] == "valid":
        message = adapter.validate_python(document)
        written = encoder(message)
        if written is not None:
            wanted = json.loads(json.dumps(message.model_dump(mode="json")))
            assert fingerprint(json.loads(written)) == fingerprint(wanted)


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
def test_every_sample_gets_pydantics_verdict_for(name):
    for sample in SAMPLES:
        check_round_trip(name, {"body": sample})
        check_round_trip(name, {"action": name, "body": sample, "items": [sample, sample], "plain": "x"})


_any_sample = st.sampled_from(SAMPLES) | st.recursive(
    st.sampled_from(SAMPLES),
    lambda s: st.lists(s, max_size=2) | st.dictionaries(st.sampled_from("abxk1"), s, max_size=2),
)


@examples(500)
@given(st.sampled_from(sorted(TYPES)), _any_sample, st.lists(_any_sample, max_size=2))
def test_mixed_samples_get_pydantics_verdict(name, body, items):
    check_round_trip(name, {"body": body, "items": items})


ALL: TypeAdapter[Any] = TypeAdapter(Annotated[reduce(or_, MODELS.values()), Field(discriminator="action")])


@examples(500)
@given(st.sampled_from(sorted(TYPES)), _any_sample, st.booleans())
def test_a_union_of_all_messages_gets_pydantics_verdict(name, body, twice):
    text = json.dumps({"action": name, "body": body})
    if twice:
        text = text[:-1] + ',"action":"date"}'
    check_text(text, ALL, native=_ALL_NATIVE)


_ALL_NATIVE = (MessageCodec(ALL), FrameDecoder(ALL))


def test_an_unknown_part_does_not_slow_the_rest():
    decoder = CODECS["date"][2]
    message = decoder('{"body":"2020-01-02","items":["2020-01-03"],"plain":"x"}')
    assert message.body == dt.date(2020, 1, 2)
    assert message.items == [dt.date(2020, 1, 3)]
    assert (
        CODECS["date"][3](message)
        == '{"action":"date","body":"2020-01-02","items":["2020-01-03"],"plain":"x"}'
    )


def test_validators_run_in_the_order_of_the_fields_and_only_for_messages_that_fit():
    ran = []

    class Watched(BaseModel):
        first: Annotated[int, AfterValidator(lambda v: ran.append("first") or v)]
        second: Annotated[int, AfterValidator(lambda v: ran.append("second") or v)]
        third: int

    decoder = FrameDecoder(TypeAdapter(Watched))
    assert decoder('{"second":2,"first":1,"third":"x"}') is None
    assert ran == []
    assert decoder('{"second":2,"third":3,"first":1}') == Watched.model_construct(first=1, second=2, third=3)
    assert ran == ["first", "second"]


def test_json_mode_has_validate_json_as_its_reference():
    class Both(BaseModel):
        when: dt.date | str
        payload: bytes
        ids: set[int] = set()

    for text in (
        '{"when":"2020-01-01","payload":"a"}',
        '{"when":"x","payload":"a","ids":[1,1]}',
        '{"when":1}',
        "",
        "NaN",
    ):
        codec = MessageCodec(Both, mode="json")
        assert outcome(codec.validate, text) == outcome(TypeAdapter(Both).validate_json, text)
        assert outcome(codec.validate, text.encode()) == outcome(
            TypeAdapter(Both).validate_json, text.encode()
        )
    with pytest.raises(ValueError, match="mode"):
        MessageCodec(Both, mode="xml")


def test_a_serializer_may_encode_a_message_itself():
    encoder = FrameEncoder()

    class Wrapper(BaseModel):
        before: str = "before"
        inner: Annotated[Any, PlainSerializer(lambda v: encoder(v))]
        after: str = "after"

    assert json.loads(encoder(Wrapper(inner=Inner()))) == {
        "before": "before", "inner": '{"a":1,"b":"b"}', "after": "after",
    }  # fmt: skip


def first_accepted(name: str) -> Any:
    for sample in SAMPLES:
        if CODECS[name][2](json.dumps({"body": sample})) is not None:
            return sample
    raise AssertionError(f"the core accepts no sample for {name}")


@pytest.mark.parametrize("name", sorted(name for name in TYPES if not name.startswith("json")))
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
def test_instances_of_every_type_behave_as_pydantics_own(name):
    document = {"body": first_accepted(name)}
    message = CODECS[name][2](json.dumps(document))
    reference = CODECS[name][0].validate_python(document)
    assert message == reference
    assert repr(message) == repr(reference)
    assert message.model_dump() == reference.model_dump()
    assert message.model_dump_json() == reference.model_dump_json()
    for twin in (copy.copy(message), copy.deepcopy(message), message.model_copy(deep=True)):
        assert fingerprint(twin) == fingerprint(reference)
    body, own = message.body, reference.body
    if type(body).__module__ != "pydantic.networks":
        assert fingerprint(pickle.loads(pickle.dumps(body))) == fingerprint(own)
    assert sys.getsizeof(body) == sys.getsizeof(own)
    assert gc.is_tracked(body) == gc.is_tracked(own)
    assert [gc.is_tracked(v) for v in vars(message).values()] == [
        gc.is_tracked(v) for v in vars(reference).values()
    ]


def test_parts_can_be_changed_without_touching_other_messages():
    keeping, secretive = CODECS["keeping"][2], CODECS["secretive"][2]
    first, second = keeping('{"body":{"a":1,"z":2}}').body, keeping('{"body":{"a":1}}').body
    first.__pydantic_extra__["z"] = 3
    second.y = 4
    assert keeping('{"body":{"a":1,"z":2}}').body.model_extra == {"z": 2}
    assert keeping('{"body":{"a":1}}').body.model_extra == {}
    secretive('{"body":{}}').body._hidden = 9
    assert secretive('{"body":{}}').body._hidden == 3


def test_wide_models_are_native():
    wide = create_model("Wide", **{f"field_{n}": (int, n) for n in range(200)})
    adapter: TypeAdapter[Any] = TypeAdapter(wide)
    native = (MessageCodec(adapter), FrameDecoder(adapter))
    for count in (0, 1, 63, 64, 65, 200):
        text = json.dumps({f"field_{n}": -n for n in reversed(range(count))})
        assert check_text(text, adapter, native=native)[0] == "valid"
        assert native[1](text) is not None
    assert chanx.explain(wide).startswith("decode: native\n")
