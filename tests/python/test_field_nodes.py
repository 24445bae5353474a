"""`camelize = "fields"` in the native plans: what they accept and write is what the long way does."""

import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NotRequired, Union

import pytest
from codec_cases import examples, fingerprint, outcome
from hypothesis import given
from hypothesis import strategies as st
from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    TypeAdapter,
    computed_field,
)
from typing_extensions import TypedDict

from chanx.channels.websocket import AsyncJsonWebsocketConsumer
from chanx.codec import FrameDecoder, FrameEncoder
from chanx.core.decorators import ws_handler
from chanx.core.field_case import FieldCase
from chanx.core.field_nodes import FieldNodes
from chanx.core.frame_plan import FramePlan
from chanx.messages.base import BaseMessage


class Person(BaseModel):
    full_name: str
    best_friend: "Person | None" = None
    phone_numbers: dict[str, int] = {}


class Place(BaseModel):
    street_name: str
    full_name: str = "y"


class Row(TypedDict):
    row_id: int
    row_owner: NotRequired[Person]


@dataclass
class Point:
    x_axis: int
    near_to: Person | None = None


class Names(RootModel[list[Person]]):
    pass


class Cat(BaseModel):
    kind_of: Literal["cat"]
    lives_left: int = 9


class Dog(BaseModel):
    kind_of: Literal["dog"]
    is_good: bool = True


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    own_field: int = 1


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    own_field: int = Field(1, validation_alias=AliasChoices("other_name", "otherField"))


class Show(BaseMessage):
    action: Literal["show", "show_all"] = "show"
    user_data: dict[str, Any] = {}
    people_by_name: dict[str, Person] = {}
    maybe_people: dict[str, Person] | None = None
    some_rows: list[Row] = []
    two_things: tuple[Person, Place] | None = None
    who_or_where: Person | Place | None = None
    a_pet: Annotated[Cat | Dog, Field(discriminator="kind_of")] | None = None
    a_point: Point | None = None
    all_names: Names | None = None
    open_one: Open = Open()
    closed_one: Closed = Closed()
    payload: None = None

    @computed_field
    @property
    def row_count(self) -> int:
        return len(self.some_rows)


class Tell(BaseMessage):
    action: Literal["tell"] = "tell"
    payload: Person


CASE = FieldCase([Show, Tell])
NODES = FieldNodes(CASE)
BOTH: TypeAdapter[Any] = TypeAdapter(Annotated[Show | Tell, Field(discriminator="action")])
decoder = FrameDecoder(BOTH, spell=NODES.incoming)
encoder = FrameEncoder(spell=NODES.outgoing)


def reference(text: str) -> Any:
    return BOTH.validate_python(CASE.incoming(json.loads(text)))


def check(document: Any) -> Any:
    """Both directions against the long way; gives the message if the short way took it."""
    text = json.dumps(document)
    message = decoder(text)
    if message is None:
        return None
    assert ("valid", fingerprint(message)) == outcome(reference, text), text
    written = encoder(message)
    if written is not None:
        assert fingerprint(json.loads(written)) == fingerprint(
            CASE.outgoing(json.loads(json.dumps(message.model_dump(mode="json"))))
        )
    return message


FULL = {
    "action": "show",
    "userData": {"my_key": {"inner_key": 1}, "myKey": 2},
    "peopleByName": {"jane_doe": {"fullName": "Jane", "bestFriend": {"fullName": "Joe"}}},
    "maybePeople": {"joe_doe": {"fullName": "J", "phoneNumbers": {"at_home": 1}}},
    "someRows": [{"rowId": 1}, {"rowId": 2, "rowOwner": {"fullName": "A"}}],
    "twoThings": [{"fullName": "A", "phoneNumbers": {"at_home": 1}}, {"streetName": "B"}],
    "whoOrWhere": {"streetName": "C"},
    "aPet": {"kindOf": "cat", "livesLeft": 1},
    "aPoint": {"xAxis": 3, "nearTo": {"fullName": "N"}},
    "allNames": [{"fullName": "D"}],
    "openOne": {"ownField": 2, "more_keys": {"a_b": 1}, "moreKeys": 2},
    "closedOne": {"otherName": 4},
}


def test_messages_with_all_kinds_of_parts_take_the_short_way_in_both_directions() -> None:
    message = check(FULL)
    assert message is not None
    assert message.people_by_name["jane_doe"].best_friend.full_name == "Joe"
    assert message.user_data == FULL["userData"]
    assert json.loads(encoder(message))["rowCount"] == 2
    snake = CASE.incoming(FULL)
    assert check(snake) == message
    assert check({"action": "tell", "payload": {"fullName": "x"}}) == Tell(payload=Person(full_name="x"))


KEYS = st.sampled_from(
    ["fullName", "full_name", "streetName", "street_name", "phoneNumbers", "bestFriend", "best_friend", "ownField",
     "own_field", "otherName", "other_name", "otherField", "kindOf", "kind_of", "livesLeft", "rowId", "row_id",
     "rowOwner", "xAxis", "nearTo", "near_to", "a_b", "aB"]
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.integers(0, 3) | st.sampled_from(["x", "cat", "dog"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=6,
)
FIELDS = st.sampled_from([*FULL, *(CASE.incoming(FULL)), "rowCount", "other_key"])


def places(node: Any, path: tuple[Any, ...] = ()) -> Any:
    """Every place in a document that a value may be put into."""
    for key, child in node.items() if isinstance(node, dict) else enumerate(node):
        yield (*path, key)
        if isinstance(child, (dict, list)):
            yield from places(child, (*path, key))


@examples(600)
@given(st.data())
def test_neighbours_of_a_full_message_get_the_verdict_of_the_long_way(data: st.DataObject) -> None:
    document = json.loads(json.dumps(data.draw(st.sampled_from([FULL, CASE.incoming(FULL)]))))
    for _ in range(data.draw(st.integers(1, 3))):
        *way, last = data.draw(st.sampled_from(list(places(document))))
        parent = document
        for key in way:
            parent = parent[key]
        match data.draw(st.sampled_from(["replace", "add", "rename", "remove"])):
            case "replace":
                parent[last] = data.draw(VALUES)
            case "add" if isinstance(parent, dict):
                parent[data.draw(KEYS | FIELDS)] = data.draw(VALUES)
            case "rename" if isinstance(parent, dict):
                parent[data.draw(KEYS | FIELDS)] = parent.pop(last)
            case _:
                del parent[last]
    check(document)


@examples(400)
@given(st.dictionaries(FIELDS, VALUES | st.dictionaries(KEYS, VALUES, max_size=4), max_size=5))
def test_any_fields_get_the_verdict_of_the_long_way(fields: dict[str, Any]) -> None:
    check({"action": "show", **fields})
    check({"action": "tell", "payload": fields})


def takes(kind: Any) -> tuple[bool, bool]:
    """Whether messages with such a part take the short way in, and out."""

    class Asked(BaseMessage):
        action: Literal["asked"] = "asked"
        some_part: kind
        payload: None = None

    nodes = FieldNodes(FieldCase([Asked]))
    spelt = FrameDecoder(TypeAdapter(Asked), spell=nodes.incoming)
    message = Asked.model_construct(some_part=None)
    plain = FrameEncoder(spell=nodes.outgoing)
    parts: tuple[Any, ...] = (None, 1, [], {}, {"own_field": 1})
    frames = [json.dumps({"action": "asked", "somePart": part}) for part in parts]
    return any(spelt(frame) is not None for frame in frames), plain(message) is not None


class Swapped(BaseModel):
    full_name: Place


@pytest.mark.parametrize(
    "kind",
    [
        Union[Person, Swapped, None],  # noqa: UP007 -- one key, two types
        Union[Person, dict[str, int], None],  # noqa: UP007
        Union[Person, Open, None],  # noqa: UP007 -- keeps keys that are spelt like the other's fields
        Annotated[Person | None, BeforeValidator(lambda v: v)],
    ],
)
def test_what_cannot_be_known_beforehand_keeps_the_long_way(kind: Any) -> None:
    assert takes(kind)[0] is False
    assert takes(kind | int if not hasattr(kind, "__metadata__") else kind)[0] is False


def test_parts_without_fields_do_not_stand_in_the_way() -> None:
    for kind in (
        int | None,
        dict[str, Any] | None,
        Any,
        list[dict[str, int]] | None,
        Annotated[Any, BeforeValidator(str)],
    ):
        assert takes(kind) == (True, True), kind


def test_messages_without_their_action_are_not_spelt() -> None:
    class Single(BaseMessage):
        action: Literal["single"] = "single"
        user_name: str = "nobody"
        payload: None = None

    case = FieldCase([Single])
    single = FrameDecoder(TypeAdapter(Single), spell=FieldNodes(case).incoming)
    assert single('{"userName":"a"}') is None  # the long way does not know whose fields these are
    assert single('{"action":"single","userName":"a"}') == Single(user_name="a")


def test_a_changed_action_has_another_type_decide_on_the_names() -> None:
    message = Show()
    assert encoder(message) is not None
    message.action = "tell"  # type: ignore[assignment]  # nothing validates it
    assert encoder(message) is None


def test_consumers_take_the_short_way() -> None:
    class Consumer(AsyncJsonWebsocketConsumer):
        camelize = "fields"

        @ws_handler
        async def handle_show(self, message: Show) -> Show:
            return message

    plan = FramePlan(Consumer)
    assert plan.send
    assert plan.reply
    assert plan.decode is not None
    message = plan.decode(json.dumps(FULL))
    assert message == reference(json.dumps(FULL))
    assert plan.encode(message) == encoder(message)
