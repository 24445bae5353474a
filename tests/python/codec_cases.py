"""Message types and comparisons that the codec's tests share."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, Union

from hypothesis import HealthCheck, settings
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from chanx.codec import FrameDecoder, MessageCodec


def examples(number: int) -> settings:
    """How many examples a differential test runs: `pytest --hypothesis-profile=nightly` takes twenty times as many."""
    nightly = settings.get_current_profile_name() == "nightly"
    return settings(
        max_examples=number * 20 if nightly else number,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


class Payload(BaseModel):
    message: str
    name: str


class Chat(BaseModel):
    action: Literal["new_chat_message"]
    payload: Payload


class Ping(BaseModel):
    action: Literal["ping"] = "ping"
    payload: None = None


class Item(BaseModel):
    id: int
    title: Annotated[str, Field(min_length=1, max_length=8)]
    price: float = 1
    tags: list[str] = []
    active: bool = True


class Bulk(BaseModel):
    action: Literal["bulk"]
    items: list[Item]
    by_name: dict[str, Item | None] = Field(default_factory=dict)


class Tree(BaseModel):
    action: Literal["tree", "bush"] = "tree"
    value: int = Field(0, ge=-5, lt=100, multiple_of=1)
    children: list[Tree] = []
    anything: Any = None
    ratio: Annotated[float, Field(gt=-1.5, le=2)] | None = None


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
    action: Literal["strict"]
    kind: Literal[1, 2, "three", None] = None
    text: str = Field("x", alias="theText", max_length=5)


MESSAGE_TYPES = (Chat, Ping, Bulk, Tree, Strict)
MESSAGES: TypeAdapter[Any] = TypeAdapter(
    Annotated[Union[MESSAGE_TYPES], Field(discriminator="action")]  # noqa: UP007 -- a tuple of types
)
VALID = [
    {"action": "ping"},
    {"action": "ping", "payload": None},
    {"action": "new_chat_message", "payload": {"message": "hello é € 😀", "name": "alice"}},
    {
        "action": "bulk",
        "items": [{"id": 1, "title": "t", "price": 2.5, "tags": ["a", ""], "active": False}],
        "by_name": {"a": None, "b": {"id": -3, "title": "12345678"}},
    },
    {
        "action": "tree",
        "value": 99,
        "children": [{"value": -5, "children": [{"action": "bush", "ratio": 2}]}, {}],
        "anything": {"a": [1, 2.5, None, True, "x", {"b": {}}], "": -0.0},
    },
    {"action": "strict", "kind": "three", "theText": "  ab "},
    {"action": "strict", "kind": 2},
]


def outcome(call: Any, *args: Any) -> tuple[Any, ...]:
    """What a call gives, in a form that can be compared: a verdict with everything that shows."""
    try:
        value = call(*args)
    except ValidationError as error:
        return ("invalid", error.errors(include_url=False, include_context=False, include_input=False))
    except RecursionError:
        return ("too deep",)
    except Exception as error:  # also what a validator raises that is no refusal
        return (type(error).__name__, str(error))
    return ("valid", fingerprint(value))


def fingerprint(value: Any) -> Any:
    """A value with its types, key orders and fields set, so that 1, 1.0 and True differ, and NaN equals itself."""
    if isinstance(value, BaseModel):
        return (
            type(value).__qualname__,
            [(k, fingerprint(v)) for k, v in value.__dict__.items()],
            frozenset(value.model_fields_set),
            fingerprint(value.__pydantic_extra__),
            fingerprint(value.__pydantic_private__),
        )
    if isinstance(value, dict):
        return (type(value), [(fingerprint(k), fingerprint(v)) for k, v in value.items()])
    if isinstance(value, (list, tuple)):
        return (type(value), [fingerprint(v) for v in value])
    if isinstance(value, (set, frozenset)):
        return (type(value), sorted((fingerprint(v) for v in value), key=repr))
    return (type(value), repr(value))


def check_text(text: str, adapter: TypeAdapter[Any] = MESSAGES, *, native: Any = None) -> tuple[Any, ...]:
    """Compare codec and decoder with the reference on one text, and give the outcome."""
    codec, decoder = native or (_CODEC, _DECODER)
    wanted = outcome(lambda: adapter.validate_python(json.loads(text)))
    assert outcome(codec.validate, text) == wanted, text
    direct = decoder(text)
    if direct is not None:
        assert ("valid", fingerprint(direct)) == wanted, text
    return wanted


_CODEC = MessageCodec(MESSAGES)
_DECODER = FrameDecoder(MESSAGES)
