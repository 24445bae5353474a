"""`camelize = "fields"`: only the names of declared fields are in camel case on the wire."""

import json
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, RootModel, computed_field
from typing_extensions import TypedDict

from chanx.channels.testing import WebsocketCommunicator
from chanx.channels.utils.settings import override_chanx_settings
from chanx.channels.websocket import AsyncJsonWebsocketConsumer
from chanx.core.decorators import ws_handler
from chanx.core.field_case import FieldCase
from chanx.messages.base import BaseMessage


class Person(BaseModel):
    full_name: str
    best_friend: "Person | None" = None
    phone_numbers: dict[str, int] = {}


class Place(BaseModel):
    street_name: str


class Row(TypedDict):
    row_id: int


@dataclass
class Point:
    x_axis: int


class Names(RootModel[list[Person]]):
    pass


class Board(BaseModel):
    user_data: dict[str, Any] = {}
    people_by_name: dict[str, Person] = {}
    some_rows: list[Row] = []
    two_things: tuple[Person, Place] | None = None
    who_or_where: Person | Place | None = None
    a_point: Point | None = None
    all_names: Names | None = None

    @computed_field
    @property
    def row_count(self) -> int:
        return len(self.some_rows)


class ShowBoard(BaseMessage):
    action: Literal["show_board"] = "show_board"
    payload: Board


BOARD = Board.model_validate(
    {
        "user_data": {"my_key": {"inner_key": 1}, "myKey": 2},
        "people_by_name": {"jane_doe": {"full_name": "Jane", "best_friend": {"full_name": "Joe"}}},
        "some_rows": [{"row_id": 1}],
        "two_things": [{"full_name": "A", "phone_numbers": {"at_home": 1}}, {"street_name": "B"}],
        "who_or_where": {"street_name": "C"},
        "a_point": {"x_axis": 3},
        "all_names": [{"full_name": "D"}],
    }
)
ON_THE_WIRE = {
    "userData": {"my_key": {"inner_key": 1}, "myKey": 2},
    "peopleByName": {
        "jane_doe": {
            "fullName": "Jane",
            "bestFriend": {"fullName": "Joe", "bestFriend": None, "phoneNumbers": {}},
            "phoneNumbers": {},
        }
    },
    "someRows": [{"rowId": 1}],
    "twoThings": [
        {"fullName": "A", "bestFriend": None, "phoneNumbers": {"at_home": 1}},
        {"streetName": "B"},
    ],
    "whoOrWhere": {"streetName": "C"},
    "aPoint": {"xAxis": 3},
    "allNames": [{"fullName": "D", "bestFriend": None, "phoneNumbers": {}}],
    "rowCount": 1,
}


class BoardConsumer(AsyncJsonWebsocketConsumer):
    camelize = "fields"
    groups = ["boards"]

    @ws_handler(output_type=ShowBoard)
    async def handle_show_board(self, message: ShowBoard) -> ShowBoard:
        assert message.payload == BOARD
        await self.broadcast_message(message)
        return message


def frame(payload: dict[str, Any]) -> dict[str, Any]:
    return {"action": "show_board", "payload": payload}


async def test_declared_fields_change_their_spelling_and_data_keeps_its_own() -> None:
    async with WebsocketCommunicator(BoardConsumer.as_asgi(), "/", consumer=BoardConsumer) as client:
        sent = {key: value for key, value in ON_THE_WIRE.items() if key != "rowCount"}
        await client.send_to(text_data=json.dumps(frame(sent)))
        assert json.loads(await client.receive_from()) == frame(ON_THE_WIRE)  # the answer, or the broadcast
        assert json.loads(await client.receive_from()) == frame(ON_THE_WIRE)


async def test_the_communicator_speaks_in_the_names_of_python() -> None:
    async with WebsocketCommunicator(BoardConsumer.as_asgi(), "/", consumer=BoardConsumer) as client:
        await client.send_message(ShowBoard(payload=BOARD))
        assert await client.receive_json_from() == frame(ON_THE_WIRE)  # JSON is as it travels
        (received,) = await client.receive_all_messages("show_board")
        assert received.model_dump(mode="json") == frame(BOARD.model_dump(mode="json"))


async def test_snake_case_is_understood_too_and_errors_name_the_field() -> None:
    async with WebsocketCommunicator(BoardConsumer.as_asgi(), "/", consumer=BoardConsumer) as client:
        await client.send_to(text_data=json.dumps(frame({"some_rows": [{"rowId": "one"}]})))
        (error,) = json.loads(await client.receive_from())["payload"]
        assert error["loc"] == ["show_board", "payload", "some_rows", 0, "row_id"]


@override_chanx_settings(CAMELIZE="fields")
async def test_the_setting_reaches_every_consumer() -> None:
    class Consumer(AsyncJsonWebsocketConsumer):
        @ws_handler
        async def handle_show_board(self, message: ShowBoard) -> ShowBoard:
            return message

    async with WebsocketCommunicator(Consumer.as_asgi(), "/", consumer=Consumer) as client:
        await client.send_to(text_data=json.dumps(frame({"userData": {"a_b": 1}})))
        answer = json.loads(await client.receive_from())
        assert answer["payload"]["userData"] == {"a_b": 1}


CASE = FieldCase([ShowBoard])
KEYS = st.text("abc_", max_size=6)
DATA = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
PEOPLE = st.recursive(
    st.builds(Person, full_name=st.text(max_size=3), phone_numbers=st.dictionaries(KEYS, st.integers())),
    lambda friend: st.builds(Person, full_name=st.text(max_size=3), best_friend=friend),
    max_leaves=4,
)
BOARDS = st.builds(
    Board,
    user_data=st.dictionaries(KEYS, DATA, max_size=4),
    people_by_name=st.dictionaries(KEYS, PEOPLE, max_size=3),
    who_or_where=st.none() | PEOPLE | st.builds(Place, street_name=st.text(max_size=3)),
    two_things=st.none() | st.tuples(PEOPLE, st.builds(Place, street_name=st.text(max_size=3))),
)


@given(BOARDS)
def test_what_goes_out_comes_back(board: Board) -> None:
    content = ShowBoard(payload=board).model_dump(mode="json")
    wire = CASE.outgoing(content)
    assert set(wire["payload"]) == set(ON_THE_WIRE)
    assert wire["payload"]["userData"] == content["payload"]["user_data"]
    assert CASE.incoming(wire) == content
    assert ShowBoard.model_validate(CASE.incoming(wire)).payload == board


@pytest.mark.parametrize("content", [None, [], {}, {"action": 3}, {"action": "unknown", "a_b": {"c_d": 1}}])
def test_what_is_no_message_stays_as_it_is(content: Any) -> None:
    assert CASE.outgoing(content) == content
    assert CASE.incoming(content) == content
