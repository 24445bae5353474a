"""Models that hypothesis makes up, against documents that fit them more or less: pydantic's verdict every time."""

import datetime as dt
import itertools
import json
import warnings
from typing import Annotated, Any, Literal

from codec_cases import check_text, examples, fingerprint
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, create_model

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


@st.composite
def _scalars(draw: Any) -> tuple[Any, Any]:
    """A type and a strategy for values that it mostly accepts."""
    kind = draw(st.sampled_from(["str", "int", "float", "bool", "none", "any", "literal", "date"]))
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
    return {
        "bool": (bool, st.booleans()),
        "none": (None, st.none()),
        "any": (Any, _json),
        "date": (dt.date, st.sampled_from(["2020-01-01", "2020-13-01", "x", 0, 86400])),
    }[kind]


def _containers(inner: Any) -> Any:
    return st.one_of(
        inner.map(lambda t: (list[t[0]], st.lists(t[1], max_size=3))),
        inner.map(
            lambda t: (Annotated[list[t[0]], Field(min_length=1, max_length=2)], st.lists(t[1], max_size=3))
        ),
        inner.map(lambda t: (dict[str, t[0]], st.dictionaries(_texts, t[1], max_size=3))),
        inner.map(lambda t: (t[0] | None, st.none() | t[1]) if t[0] not in (None, Any) else t),
        inner.map(lambda t: (t[0] | int, t[1] | _ints) if t[0] is not None else (int | None, _ints)),
        _models(inner),
    )


@st.composite
def _models(draw: Any, inner: Any) -> tuple[Any, Any]:
    fields: dict[str, Any] = {}
    values: dict[str, Any] = {}
    for name in draw(st.lists(_names, min_size=1, max_size=4, unique=True)):
        kind, good = draw(inner)
        default = draw(st.sampled_from(["required", "none", "value", "list", "factory"]))
        alias = {"alias": name + "Alias"} if draw(st.integers(0, 5)) == 0 else {}
        choices = {
            "required": Field(**alias),
            "none": Field(None, **alias),
            "value": Field("dflt", **alias),
            "list": Field([[]], **alias),
            "factory": Field(default_factory=dict, **alias),
        }
        fields[name] = (kind, choices[default])
        values[alias.get("alias", name)] = good
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
        },
    )
    base = create_model(f"Base{next(_numbers)}", __config__=ConfigDict(**settings))
    model = create_model(f"Model{next(_numbers)}", __base__=base, **fields)
    documents = st.fixed_dictionaries({}, optional=values) | st.fixed_dictionaries(values)
    others = st.dictionaries(_names, _json, max_size=1)
    return model, documents | st.tuples(documents, others).map(lambda pair: pair[0] | pair[1])


_types = st.recursive(_scalars(), _containers, max_leaves=6)


@examples(400)
@given(_models(_types), st.data())
def test_made_up_models_get_pydantics_verdict(made, data):
    model, documents = made
    adapter: TypeAdapter[Any] = TypeAdapter(model)
    native = (MessageCodec(adapter), FrameDecoder(adapter))
    encoder, writer = FrameEncoder(), MessageCodec(adapter)
    for _ in range(4):
        text = json.dumps(data.draw(documents | documents | _json), ensure_ascii=data.draw(st.booleans()))
        if data.draw(st.integers(0, 3)) == 0 and text.endswith("}") and len(text) > 2:
            text = text[:-1] + ',"action":1}'
        if check_text(text, adapter, native=native)[0] == "valid":
            _check_written(encoder, writer, adapter.validate_python(json.loads(text)))


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
