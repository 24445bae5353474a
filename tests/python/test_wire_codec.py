"""The wire form of layer messages against msgpack and the serializers of channels_redis."""

import contextlib
import json
import math
from typing import Any

import msgpack
import pytest
from channels_redis.serializers import JSONSerializer, MsgPackSerializer
from hypothesis import given, settings
from hypothesis import strategies as st

from chanx._core import WireCodec
from chanx.exceptions import MessageDecodeError

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
INTEGERS = st.integers(min_value=-(2**63), max_value=2**64 - 1)
LEAVES = st.one_of(st.none(), st.booleans(), INTEGERS, st.floats(allow_nan=False), TEXT)
VALUES = st.recursive(
    st.one_of(LEAVES, st.binary()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(TEXT, inner)),
    max_leaves=30,
)
JSON_VALUES = st.recursive(
    LEAVES, lambda inner: st.one_of(st.lists(inner), st.dictionaries(TEXT, inner)), max_leaves=30
)
MESSAGES = st.dictionaries(TEXT, VALUES)
JSON_MESSAGES = st.dictionaries(TEXT, JSON_VALUES)
KEYS: list[Any] = ["first", "second"]


@given(MESSAGES)
def test_msgpack_bytes_equal_those_of_msgpack(message: dict[str, Any]) -> None:
    codec = WireCodec()
    assert codec.encode(message) == msgpack.packb(message)
    assert codec.decode(msgpack.packb(message)) == message


@given(JSON_MESSAGES)
def test_json_bytes_equal_those_of_channels_redis(message: dict[str, Any]) -> None:
    codec, theirs = WireCodec("json"), JSONSerializer()
    assert codec.encode(message) == theirs.serialize(message)
    assert codec.decode(theirs.serialize(message)) == message


@pytest.mark.parametrize(("format", "serializer"), [("msgpack", MsgPackSerializer), ("json", JSONSerializer)])
@settings(deadline=None)
@given(message=JSON_MESSAGES)
def test_encrypted_messages_are_read_by_both_sides(
    format: str, serializer: Any, message: dict[str, Any]
) -> None:
    ours = WireCodec(format, 12, KEYS, 60)
    theirs = serializer(symmetric_encryption_keys=KEYS[::-1], random_prefix_length=12, expiry=60)
    assert theirs.deserialize(ours.encode(message)) == message
    assert ours.decode(theirs.serialize(message)) == message


@given(JSON_MESSAGES, st.one_of(TEXT, st.lists(TEXT, max_size=40)), st.sampled_from(["msgpack", "json"]))
def test_an_address_reads_as_if_it_had_been_part_of_the_message(
    message: dict[str, Any], to: str | list[str], format: str
) -> None:
    message.pop("__asgi_channel__", None)
    codec = WireCodec(format)
    addressed = codec.address(codec.encode(message), to)
    theirs = json.loads(addressed) if format == "json" else msgpack.unpackb(addressed)
    assert theirs == {**message, "__asgi_channel__": to}
    kind = message.get("type")
    assert codec.header(addressed) == (kind if isinstance(kind, str) else "", to)
    assert codec.decode(addressed, drop_address=True) == message


@given(st.binary())
def test_garbage_is_an_error_or_what_msgpack_reads(data: bytes) -> None:
    try:
        expected: Any = msgpack.unpackb(data)
    except Exception:
        expected = None
    try:
        found = WireCodec().decode(data)
    except MessageDecodeError:
        assert not isinstance(expected, dict)
    else:
        assert repr(found) == repr(expected)


@given(st.binary(), st.sampled_from(["msgpack", "json"]), st.booleans())
def test_no_bytes_raise_anything_but_the_decode_error(data: bytes, format: str, encrypted: bool) -> None:
    codec = WireCodec(format, 12, ["k"] if encrypted else [])
    for read in (codec.decode, codec.header):
        with contextlib.suppress(MessageDecodeError):
            read(data)


@given(MESSAGES, st.data())
def test_a_message_cut_short_is_refused(message: dict[str, Any], data: st.DataObject) -> None:
    whole = msgpack.packb(message)
    cut = data.draw(st.integers(min_value=0, max_value=len(whole) - 1))
    with pytest.raises(MessageDecodeError):
        WireCodec().decode(whole[:cut])


@pytest.mark.parametrize(
    ("message", "error", "told"),
    [
        ({"a": {"b": [1, {2}]}}, TypeError, "message['a']['b'][1] is a set"),
        ({"a": object()}, TypeError, "message['a'] is a object"),
        ({"a": {1: 2}}, TypeError, "message['a'] has a key that is a int"),
        ({"a": [2**64]}, OverflowError, "message['a'][0] is an integer of more than 64 bits"),
        ({"a": -(2**63) - 1}, OverflowError, "message['a']"),
        ({"a": "\ud800"}, ValueError, "message['a'] has characters"),
        ([], TypeError, "a message is a dict, not a list"),
    ],
)
def test_what_cannot_travel_is_named_with_its_path(message: Any, error: type[Exception], told: str) -> None:
    with pytest.raises(error) as raised:
        WireCodec().encode(message)
    assert told in str(raised.value)


def test_json_names_the_path_too() -> None:
    with pytest.raises(TypeError, match=r"message\['a'\]\[1\] is a set, which JSON cannot carry"):
        WireCodec("json").encode({"a": [1, {2}]})


def test_a_cyclic_or_endless_message_is_refused() -> None:
    message: dict[str, Any] = {}
    message["a"] = [message]
    with pytest.raises(ValueError, match="nested too deeply"):
        WireCodec().encode(message)
    deep = b"\x81\xa1a" + b"\x91" * 100_000 + b"\xc0"
    with pytest.raises(MessageDecodeError, match="nested too deeply"):
        WireCodec().decode(deep)


def test_subclasses_and_views_travel_as_msgpack_has_them() -> None:
    class Name(str): ...

    class Table(dict[str, Any]): ...

    message = Table(a=Name("n"), b=(1, 2), c=bytearray(b"x"), d=memoryview(b"y"), e=True)
    assert WireCodec().encode(message) == msgpack.packb(message)


def test_extension_types_of_msgpack_still_arrive() -> None:
    message = {"at": msgpack.Timestamp(5), "x": msgpack.ExtType(7, b"z")}
    assert WireCodec().decode(msgpack.packb(message)) == message


def test_not_a_number_survives_both_formats() -> None:
    for format in ("msgpack", "json"):
        codec = WireCodec(format)
        assert math.isnan(codec.decode(codec.encode({"x": math.nan}))["x"])


def test_receivers_get_containers_of_their_own() -> None:
    codec = WireCodec()
    sealed = codec.encode({"a": [1], "b": {}})
    first, second = codec.decode(sealed), codec.decode(sealed)
    first["a"].append(2)
    assert second == {"a": [1], "b": {}}


def test_a_wrong_key_and_an_old_token_are_told_apart() -> None:
    sealed = WireCodec(keys=["k"]).encode({"a": 1})
    with pytest.raises(MessageDecodeError, match="none of the keys"):
        WireCodec(keys=["other"]).decode(sealed)
    with pytest.raises(ValueError, match="serializer format 'yaml'"):
        WireCodec("yaml")
