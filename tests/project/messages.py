"""Messages of the test project."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from chanx.messages.base import BaseMessage
from chanx.messages.flat import FlatMessage


class Line(BaseModel):
    """A line of a chat."""

    text: str = Field(description="What was said", max_length=200, examples=["hello"])
    said_at: datetime | None = None


class Say(BaseMessage):
    """Say something.

    Everybody in the room hears it.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"action": "say", "payload": {"text": "good morning"}}]}
    )
    action: Literal["say"] = "say"
    payload: Line


class Heard(BaseMessage):
    """Somebody said something."""

    action: Literal["heard"] = "heard"
    payload: Line


class Refused(BaseMessage):
    action: Literal["refused"] = "refused"
    payload: str = Field(description="Why")


class Tick(BaseMessage):
    action: Literal["tick"] = "tick"
    payload: int


class Node(BaseModel):
    label: str
    children: list["Node"] = []


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"


class Zoo(BaseModel):
    tree: Node
    animal: Annotated[Dog | Cat, Field(discriminator="kind")]


class ShowZoo(BaseMessage):
    action: Literal["show_zoo"] = "show_zoo"
    payload: Zoo


class Move(FlatMessage):
    """A move in the game."""

    type: Literal["move"] = "move"
    from_square: str
    to_square: str


class Moved(FlatMessage):
    """A move was made."""

    type: Literal["moved"] = "moved"
    last_move: Move
