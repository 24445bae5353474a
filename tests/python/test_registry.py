"""The message registry: components of the document that refer to the right classes."""

import enum
from collections.abc import Callable
from typing import Any, Generic, Literal, TypeVar

import humps
import pytest
from pydantic import BaseModel, ConfigDict, Field

from chanx.core.naming import component_key, snake_case
from chanx.core.registry import (
    MessageRegistry,
    clean_consumer_name,
    get_asyncapi_message_ref,
    get_asyncapi_schema_ref,
    message_types_of,
)
from chanx.messages.base import BaseMessage
from tests.project.messages import Heard, Line, Say, ShowZoo

T = TypeVar("T")


class Box(BaseModel, Generic[T]):
    content: T


class Boxed(BaseMessage):
    action: Literal["boxed"] = "boxed"
    payload: Box[int]


class Titled(BaseMessage):
    model_config = ConfigDict(title="A fancy title")
    action: Literal["titled"] = "titled"
    payload: None = None


def other_line() -> tuple[type[BaseMessage], type[BaseModel], type[enum.Enum]]:
    """A message of another application whose models are named like those of the test project."""

    class Line(BaseModel):
        width: float

    class Colour(enum.Enum):
        RED = "red"

    class Say(BaseMessage):
        action: Literal["say"] = "say"
        payload: list[Line]
        colour: Colour | None = None

    return Say, Line, Colour


def test_a_message_brings_the_schemas_it_mentions() -> None:
    registry = MessageRegistry()
    registry.add(Say, "RoomConsumer")
    assert registry.messages == {Say: "#/components/messages/say"}
    assert registry.message_objects == {"say": {"payload": {"$ref": "#/components/schemas/Say"}}}
    assert registry.schemas == {
        Line: "#/components/schemas/Line",
        Say: "#/components/schemas/Say",
    }
    line = registry.schema_objects["Line"]
    assert line["properties"]["text"]["description"] == "What was said"
    assert registry.schema_objects["Say"]["properties"]["payload"] == {"$ref": "#/components/schemas/Line"}


@pytest.mark.parametrize(
    "declared",
    [
        lambda first, second: first | second,
        lambda first, second: [first, second],
        lambda first, second: (first, second | None),
        lambda first, second: [(first,), [second, first]],
    ],
)
def test_unions_lists_and_tuples_are_flattened(declared: Callable[[Any, Any], Any]) -> None:
    registry = MessageRegistry()
    registry.add(declared(Say, Heard), "RoomConsumer")
    assert registry.consumer_messages == {"RoomConsumer": {Say, Heard}}
    assert message_types_of(declared(Say, Heard)) == [Say, Heard]


def test_what_is_no_message_is_refused() -> None:
    with pytest.raises(TypeError, match="no message type"):
        MessageRegistry().add(Say | int, "RoomConsumer")


def test_classes_of_one_name_keep_their_own_schemas() -> None:
    registry = MessageRegistry()
    registry.add(Say, "RoomConsumer")
    other, line, colour = other_line()
    registry.add(other, "DeskConsumer")
    assert registry.remap_schema_title == {other: "DeskSay", line: "DeskLine"}
    assert registry.messages[other] == "#/components/messages/desk_say"
    schema = registry.schema_objects["DeskSay"]
    assert schema["title"] == "DeskSay"
    assert schema["properties"]["payload"]["items"] == {"$ref": "#/components/schemas/DeskLine"}
    assert registry.schemas[colour] == "#/components/schemas/Colour"
    assert registry.schema_objects["Line"]["properties"].keys() == {"text", "said_at"}


def test_a_third_class_of_the_name_gets_a_number() -> None:
    registry = MessageRegistry()
    found = []
    for _ in range(3):
        other, _line, _colour = other_line()
        registry.add(other, "DeskConsumer")
        found.append(registry.messages[other])
    assert found == [f"#/components/messages/{name}" for name in ("say", "desk_say", "desk_say2")]
    assert set(registry.schema_objects) >= {"Line", "DeskLine", "DeskLine2"}


def test_models_that_contain_themselves_and_tagged_unions_are_described() -> None:
    registry = MessageRegistry()
    registry.add(ShowZoo, "ZooConsumer")
    node = registry.schema_objects["Node"]
    assert node["properties"]["children"]["items"] == {"$ref": "#/components/schemas/Node"}
    animal = registry.schema_objects["Zoo"]["properties"]["animal"]
    assert animal["discriminator"] == "kind"  # AsyncAPI wants the name alone
    assert {"$ref": "#/components/schemas/Dog"} in animal["oneOf"]


def test_keys_are_such_as_asyncapi_allows() -> None:
    registry = MessageRegistry()
    registry.add([Boxed, Titled], "BoxConsumer")
    assert set(registry.schema_objects) == {"Box_int_", "Boxed", "A_fancy_title"}
    assert registry.schema_objects["Box_int_"]["title"] == "Box[int]"
    assert registry.messages[Titled] == "#/components/messages/titled"
    assert component_key("a b/c") == "a_b_c"


def test_forward_references_may_be_defined_after_the_consumer() -> None:
    namespace: dict[str, Any] = {"BaseMessage": BaseMessage, "Literal": Literal, "Field": Field}
    exec(
        "class Early(BaseMessage):\n"
        "    action: Literal['early'] = 'early'\n"
        "    payload: 'Late' = Field(description='defined below')\n",
        namespace,
    )
    registry = MessageRegistry()
    registry.add(namespace["Early"], "EarlyConsumer")

    class Late(BaseModel):
        x: int

    namespace["Late"] = Late
    namespace["Early"].model_rebuild(_types_namespace=namespace)
    assert set(registry.schema_objects) == {"Early", "Late"}


def test_no_python_class_is_left_in_a_schema() -> None:
    registry = MessageRegistry()
    registry.add([ShowZoo, other_line()[0], Boxed], "ZooConsumer")

    def walk(node: Any) -> None:
        assert isinstance(node, dict | list | str | int | float | bool | None), node
        for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            walk(child)

    walk(registry.schema_objects)


@pytest.mark.parametrize(
    "name",
    ["Chat", "HTTPBox", "Chat2Message", "S3Upload", "A", "E2E", "ABTest", "iPhone", "Foo_Bar", "MessageV2"],
)
def test_snake_case_is_that_of_pyhumps(name: str) -> None:
    assert snake_case(name) == humps.decamelize(name)


def test_names_and_references() -> None:
    assert clean_consumer_name("ChatConsumer") == "Chat"
    assert clean_consumer_name("ConsumerOfChats") == "ConsumerOfChats"
    assert get_asyncapi_schema_ref("X") == "#/components/schemas/X"
    assert get_asyncapi_message_ref("x") == "#/components/messages/x"
