"""Models that hypothesis makes up, against documents that fit them more or less: pydantic's verdict every time."""

import contextlib
import datetime as dt
import enum
import itertools
import json
import uuid
import warnings
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, Union

from codec_cases import check_text, examples, fingerprint, outcome
from hypothesis import given
from hypothesis import strategies as st
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasPath,
    AnyUrl,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Json,
    PlainValidator,
    RootModel,
    SecretStr,
    StringConstraints,
    TypeAdapter,
    ValidationInfo,
    WrapValidator,
    create_model,
    field_validator,
    model_validator,
)
from typing_extensions import TypedDict

from chanx.codec import FrameDecoder, FrameEncoder, MessageCodec

_numbers = itertools.count()
_names = st.sampled_from(["a", "b_c", "action", "payload", "x1", "longer_name_than_eight"])
_texts = st.text(max_size=6) | st.sampled_from(
    ["", " a ", "  ab", "abcd\t", "é", "\u00a0x", "1", "true", "😀😀", "ping"]
)
_ints = (
    st.integers(-10, 10)
    | st.integers(-10, 10)
    | st.sampled_from([2**31, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64, -(2**63), 10**30])
)
_floats = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.5, -0.0, 1.0, 1e22, 5e-324])
_json = st.recursive(
    st.none() | st.booleans() | _ints | _floats | _texts,
    lambda s: st.lists(s, max_size=3) | st.dictionaries(_names | _texts, s, max_size=3),
    max_leaves=4,
)


def _some(draw: Any, options: dict[str, Any]) -> dict[str, Any]:
    return {name: draw(value) for name, value in options.items() if draw(st.integers(0, 2)) == 0}


class Colour(enum.Enum):
    RED = "red"
    ONE = 1


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Name(enum.StrEnum):
    A = "a"
    B = "b"


@dataclass
class Pair:
    left: int
    right: str = "r"


@dataclass(slots=True)
class Slotted:
    left: int
    right: str = "r"


class Options(TypedDict, total=False):
    a: int
    b_c: str


class Corner(NamedTuple):
    x: int
    y: float = 0


class Lone(RootModel[list[int]]):
    pass


_days = st.sampled_from(
    ["2020-01-01", "2020-02-30", "2024-02-29", "0000-01-01", "9999-12-31", "2020-1-1", "x", 0, 86400, 1.5]
)
_clocks = st.sampled_from(
    [
        "10:00:00",
        "10:00",
        "23:59:59.999999",
        "10:00:00.1234567",
        "24:00:00",
        "10:00:00Z",
        "10:00:00+02:30",
        3600,
    ]
)
_moments = st.sampled_from(
    ["2020-01-01T10:00:00Z", "2020-01-01 10:00:00", "2020-01-01T10:00:00.5+05:30", "2020-01-01", "2020-01-01T10:00",
     "2020-01-01T10:00:00-00:00", "2020-01-01T10:00:00-23:59", "2020-01-01T10:00:00+24:00", "0001-01-01T00:00:00+01:00",
     "2020-01-01t10:00:00z", "2020-01-01_10:00:00", 1577872800, 1e20, "1577872800"]
) | st.datetimes().map(lambda d: d.isoformat())  # fmt: skip
_spans = st.sampled_from(
    ["P1D", "PT1S", "P1DT2H3M4.5S", "PT0.1234567S", "P1W", "-P1D", "PT", "P", "1:00:00", "P1DT", "PT1H1H", "P1M", 5,
     1.5, -3, 10**12, "PT999999H", "P999999D"]
)  # fmt: skip
_ids = st.uuids().map(str) | st.sampled_from(
    ["12345678123456781234567812345678", "{12345678-1234-5678-1234-567812345678}", "x", 1,
     "12345678-1234-5678-1234-56781234567G"]
)  # fmt: skip
_decimals = st.sampled_from(
    ["1", "1.50", "-0", "+3", "1e5", "NaN", "Infinity", "", " 1 ", "1_000", ".5", "5.", "\u0661", 1, 2**64, 1.1, True]
) | st.decimals(allow_nan=False, allow_infinity=False).map(str)  # fmt: skip


def _double(value: Any) -> Any:
    return value + value if value != 13 else None


def _refuse_long(value: Any) -> Any:
    if len(repr(value)) > 9:
        raise ValueError("too long")
    return value


_PLAIN: dict[str, tuple[Any, Any]] = {
    "bool": (bool, st.booleans()),
    "none": (None, st.none()),
    "any": (Any, _json),
    "date": (dt.date, _days),
    "time": (dt.time, _clocks),
    "datetime": (dt.datetime, _moments),
    "timedelta": (dt.timedelta, _spans),
    "uuid": (uuid.UUID, _ids),
    "decimal": (Decimal, _decimals),
    "bytes": (bytes, _texts),
    "short bytes": (Annotated[bytes, Field(max_length=3)], _texts),
    "enum": (Colour, st.sampled_from(["red", "blue", 1, "1", 1.0, True, 2])),
    "int enum": (Level, st.sampled_from([1, 2, 3, "1", 1.0, True])),
    "str enum": (Name, st.sampled_from(["a", "b", "c", 1])),
    "pair": (
        Pair,
        st.sampled_from([{"left": 1}, {"left": 1, "right": "x"}, {"right": "x"}, {"left": "1", "z": 2}]),
    ),
    "slotted": (
        Slotted,
        st.sampled_from([{"left": 1}, {"left": 1, "right": "x"}, {"right": "x"}, {"left": "1", "z": 2}]),
    ),
    "enum literal": (
        Literal[Colour.RED, Level.HIGH, Name.A, "x", None],
        st.sampled_from(["red", 2, 2.0, "2", "a", "x", None, True, Name.A]),
    ),
    "options": (Options, st.sampled_from([{}, {"a": 1}, {"b_c": "x", "a": "2"}, {"b_c": 1}, {"z": 1}])),
    "corner": (Corner, st.sampled_from([[1, 2.5], [1], [], {"x": 1}, [1, 2, 3], ["1", 2]])),
    "lone": (Lone, st.sampled_from([[], [1], ["1"], [1, "x"], {"root": [1]}, None])),
    "strict int": (Annotated[int, Field(strict=True)], _ints | st.sampled_from(["1", 1.0, True])),
    "strict float": (Annotated[float, Field(strict=True)], _floats | _ints),
    "strict date": (Annotated[dt.date, Field(strict=True)], _days),
    "lower": (
        Annotated[str, StringConstraints(to_lower=True, strip_whitespace=True)],
        _texts | st.just("AbÉ"),
    ),
    "pattern": (Annotated[str, Field(pattern="^a")], _texts),
    "multiple": (Annotated[float, Field(multiple_of=0.1)], _floats | st.sampled_from([0.3, 0.5, 1, 1e300])),
    "after": (Annotated[int, AfterValidator(_double)], _ints | _texts),
    "before": (Annotated[int, BeforeValidator(_double)], _ints | _texts),
    "plain": (Annotated[int, PlainValidator(_double)], _ints | _texts),
    "wrap": (Annotated[int, WrapValidator(lambda v, next: next(v))], _ints | _texts),
    "checked": (Annotated[Any, AfterValidator(_refuse_long)], _json),
    "secret": (SecretStr, _texts | _ints),
    "url": (AnyUrl, st.sampled_from(["http://a.b/c", "x", "HTTP://A"])),
    "json": (Json[list[int]], st.sampled_from(["[1]", "[]", "x", [1]])),
    "json dates": (
        Json[dict[str, dt.date | str]],
        st.sampled_from(['{"a":"2020-01-01"}', "{}", "[]", '{"a":1,"a":""}']),
    ),
    "any json": (Json, _json.map(json.dumps)),
}


@st.composite
def _scalars(draw: Any) -> tuple[Any, Any]:
    """A type and a strategy for values that it mostly accepts."""
    kind = draw(st.sampled_from(["str", "int", "float", "literal", *_PLAIN]))
    if kind == "str":
        lengths = {"min_length": st.integers(0, 3), "max_length": st.integers(1, 5)}
        return Annotated[str, Field(**_some(draw, lengths))], _texts
    if kind == "int":
        bounds = {"ge": st.integers(-5, 5), "lt": st.integers(0, 9), "multiple_of": st.integers(1, 3)}
        return Annotated[int, Field(**_some(draw, bounds))], _ints
    if kind == "float":
        bounds = {"gt": st.integers(-5, 5) | st.floats(-1, 1), "le": st.floats(0, 9)}
        return Annotated[float, Field(**_some(draw, bounds))], _floats | _ints
    if kind == "literal":
        values = draw(
            st.lists(st.sampled_from(["a", "b", "", 1, 2, None]), min_size=1, max_size=3, unique=True)
        )
        return Literal[tuple(values)], st.sampled_from(values)
    return _PLAIN[kind]


@st.composite
def _unions(draw: Any, inner: Any) -> tuple[Any, Any]:
    members = draw(st.lists(inner, min_size=2, max_size=4))
    kind: Any = Union[tuple(member[0] for member in members)]  # noqa: UP007 -- a tuple of types
    if draw(st.booleans()):
        chosen = Annotated[kind, Field(union_mode=draw(st.sampled_from(["smart", "left_to_right"])))]
        with contextlib.suppress(RuntimeError):  # members that are the same are no union
            TypeAdapter(chosen)
            kind = chosen
    return kind, st.one_of(*(member[1] for member in members))


def _containers(inner: Any) -> Any:
    return st.one_of(
        inner.map(lambda t: (list[t[0]], st.lists(t[1], max_size=3))),
        inner.map(
            lambda t: (Annotated[list[t[0]], Field(min_length=1, max_length=2)], st.lists(t[1], max_size=3))
        ),
        inner.map(lambda t: (dict[str, t[0]], st.dictionaries(_texts, t[1], max_size=3))),
        inner.map(lambda t: (t[0] | None, st.none() | t[1]) if t[0] not in (None, Any) else t),
        inner.map(lambda t: (tuple[t[0], ...], st.lists(t[1], max_size=3))),
        inner.map(lambda t: (Annotated[set[t[0]], Field(max_length=2)], st.lists(t[1], max_size=3))),
        inner.map(lambda t: (frozenset[t[0]], st.lists(t[1], max_size=3))),
        st.tuples(inner, inner).map(
            lambda two: (tuple[two[0][0], two[1][0]], st.tuples(two[0][1], two[1][1]).map(list))
        ),
        st.tuples(_scalars(), inner).map(
            lambda two: (dict[two[0][0], two[1][0]], _objects(two[0][1], two[1][1]))
        ),
        _unions(inner),
        _models(inner),
        _models(inner),
    )


def _objects(keys: Any, values: Any) -> Any:
    names = keys.filter(lambda key: isinstance(key, (str, int, float)) and not isinstance(key, bool)).map(str)
    return st.dictionaries(names, values, max_size=3)


@st.composite
def _models(draw: Any, inner: Any) -> tuple[Any, Any]:
    fields: dict[str, Any] = {}
    values: dict[str, Any] = {}
    for name in draw(st.lists(_names, min_size=1, max_size=4, unique=True)):
        kind, good = draw(inner)
        default = draw(st.sampled_from(["required", "none", "value", "list", "factory", "data"]))
        alias: dict[str, Any] = {}
        key = name
        match draw(st.integers(0, 9)):
            case 0:
                alias["alias"] = key = name + "Alias"
            case 1:
                alias["validation_alias"] = AliasChoices("first", name + "Alias")
                key = draw(st.sampled_from(["first", name + "Alias"]))
            case 2:
                alias["validation_alias"] = AliasChoices(
                    "other", AliasPath("deep", 0), AliasPath("way", "in", -1)
                )
                key = draw(st.sampled_from(["other", "deep", "way"]))
                if key != "other":
                    good = st.tuples(good).map(list) if key == "deep" else good.map(lambda v: {"in": [0, v]})
            case _:
                pass
        choices = {
            "required": Field(**alias),
            "none": Field(None, **alias),
            "value": Field("dflt", **alias),
            "list": Field([[]], **alias),
            "factory": Field(default_factory=dict, **alias),
            "data": Field(default_factory=lambda data: sorted(data), **alias),
        }
        fields[name] = (kind, choices[default])
        values[key] = good
    settings = _some(
        draw,
        {
            "extra": st.sampled_from(["ignore", "forbid", "allow"]),
            "frozen": st.booleans(),
            "str_strip_whitespace": st.booleans(),
            "str_max_length": st.integers(2, 6),
            "populate_by_name": st.booleans(),
            "coerce_numbers_to_str": st.booleans(),
            "validate_default": st.booleans(),
            "from_attributes": st.booleans(),
            "str_to_upper": st.booleans(),
        },
    )
    base = create_model(f"Base{next(_numbers)}", __config__=ConfigDict(**settings))
    model = create_model(
        f"Model{next(_numbers)}", __base__=base, __validators__=draw(_validators(sorted(fields))), **fields
    )
    if draw(st.integers(0, 5)) == 0:
        model = type(model.__name__, (model,), {"_hidden": 3, "__module__": __name__})
    documents = st.fixed_dictionaries({}, optional=values) | st.fixed_dictionaries(values)
    others = st.dictionaries(_names, _json, max_size=1)
    return model, documents | st.tuples(documents, others).map(lambda pair: pair[0] | pair[1])


def _look_around(cls: type, value: Any, info: ValidationInfo) -> Any:
    if len(info.data) == 2 and isinstance(value, str):
        raise ValueError(f"{info.field_name} after {sorted(info.data)}")
    return [value, dict(info.data)] if len(info.data) == 1 else value


def _look_back(self: Any) -> Any:
    if getattr(self, "a", None) == 5:
        raise ValueError("five")
    return self


def _look_before(cls: type, data: Any) -> Any:
    return {"a": data} if isinstance(data, int) else data


@st.composite
def _validators(draw: Any, names: list[str]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    match draw(st.integers(0, 9)):
        case 0:
            made["check"] = field_validator(names[-1], mode="after")(classmethod(_look_around))
        case 1:
            made["check"] = field_validator(*names, mode=draw(st.sampled_from(["before", "after"])))(
                classmethod(_look_around)
            )
        case 2:
            made["check"] = model_validator(mode="after")(_look_back)
        case 3:
            made["check"] = model_validator(mode="before")(classmethod(_look_before))
        case _:
            pass
    return made


_types = st.recursive(_scalars(), _containers, max_leaves=6)


@examples(400)
@given(_models(_types), st.data())
def test_made_up_models_get_pydantics_verdict(made, data):
    model, documents = made
    adapter: TypeAdapter[Any] = TypeAdapter(model)
    native = (MessageCodec(adapter), FrameDecoder(adapter))
    encoder, writer, json_codec = FrameEncoder(), MessageCodec(adapter), MessageCodec(adapter, mode="json")
    for _ in range(4):
        text = json.dumps(data.draw(documents | documents | _json), ensure_ascii=data.draw(st.booleans()))
        if data.draw(st.integers(0, 3)) == 0 and text.endswith("}") and len(text) > 2:
            text = text[:-1] + ',"action":1}'
        if check_text(text, adapter, native=native)[0] == "valid":
            _check_written(encoder, writer, adapter.validate_python(json.loads(text)))
        assert outcome(json_codec.validate, text) == outcome(adapter.validate_json, text), text


def test_the_configuration_of_the_outermost_model_reaches_what_is_used_twice():
    class Corners(BaseModel):
        model_config = ConfigDict(validate_default=True, str_max_length=2)
        first: Corner
        second: Corner

    for kind in (Corners, list[Corners], Corners | int):
        adapter: TypeAdapter[Any] = TypeAdapter(kind)
        native = (MessageCodec(kind), FrameDecoder(adapter))
        check_text('{"first":[1],"second":[2]}', adapter, native=native)
        check_text('[{"first":[1],"second":[2]}]', adapter, native=native)


@examples(300)
@given(_scalars(), st.data())
def test_bounds_of_single_values_are_pydantics(made, data):
    kind, values = made
    model = create_model(f"One{next(_numbers)}", value=(kind, ...), more=(list[kind], []))
    adapter: TypeAdapter[Any] = TypeAdapter(model)
    native = (MessageCodec(adapter), FrameDecoder(adapter))
    for value in data.draw(st.lists(values, min_size=10, max_size=20)):
        check_text(json.dumps({"value": value}), adapter, native=native)
        check_text(json.dumps({"value": value, "more": [value]}), adapter, native=native)


def _check_written(encoder: FrameEncoder, writer: MessageCodec[Any], message: BaseModel) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        written = encoder(message)
        if written is None:
            return
        wanted = json.loads(json.dumps(message.model_dump(mode="json")))
        as_bytes = writer.encode(message)
    assert fingerprint(json.loads(written)) == fingerprint(wanted)
    assert as_bytes == written.encode()
