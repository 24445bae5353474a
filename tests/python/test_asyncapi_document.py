"""The AsyncAPI document: valid by the official schema, complete, and under the names of chanx."""

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from chanx.asyncapi.generator import AsyncAPIGenerator
from chanx.asyncapi.yaml import to_yaml
from chanx.channels.discovery import DjangoRouteDiscovery
from chanx.channels.routing import path
from chanx.core.decorators import channel
from chanx.routing.discovery import RouteInfo
from tests.project.consumers import PlainConsumer, RoomConsumer, ZooConsumer

OFFICIAL_SCHEMA = Path(__file__).parents[1] / "data" / "asyncapi-3.0.0.schema.json.gz"


@cache
def validator() -> Draft7Validator:
    schema = json.loads(gzip.decompress(OFFICIAL_SCHEMA.read_bytes()))
    return Draft7Validator(schema, format_checker=Draft7Validator.FORMAT_CHECKER)


def assert_valid(document: dict[str, Any]) -> None:
    errors = [f"{list(e.absolute_path)}: {e.message[:200]}" for e in validator().iter_errors(document)]
    assert errors == []
    for ref in references(document):
        target: Any = document
        for part in ref.removeprefix("#/").split("/"):
            assert part in target, f"{ref} leads nowhere"
            target = target[part]


def references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [ref for item in node for ref in references(item)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return own + [ref for value in node.values() for ref in references(value)]


def generate(**options: Any) -> dict[str, Any]:
    return AsyncAPIGenerator(DjangoRouteDiscovery().discover_routes(), **options).generate()


def route(consumer: Any, address: str, **parameters: str) -> RouteInfo:
    return RouteInfo(address, consumer.as_asgi(), "ws://x", consumer, parameters or None)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"camelize": True},
        {"server_url": "wss://example.com:8443/base", "description": "All of it"},
        {
            "servers": {"eu": {"host": "eu.example.com", "protocol": "wss"}},
            "security_schemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
        {"title": None, "version": None, "server_url": None, "server_protocol": None},
    ],
    ids=["plain", "camel", "server", "servers", "nothing"],
)
def test_the_document_is_valid_by_the_official_schema(options: dict[str, Any]) -> None:
    assert_valid(generate(**options))


def test_the_validator_finds_faults() -> None:
    document = generate()
    document["operations"]["handle_say"]["action"] = "shout"
    assert list(validator().iter_errors(document))


def test_a_project_without_routes_has_a_valid_document() -> None:
    assert_valid(AsyncAPIGenerator([]).generate())


def test_a_consumer_is_a_channel_with_its_docstring_parameters_and_messages() -> None:
    room = generate()["channels"]["room"]
    assert room["address"] == "ws/rooms/{room}/"
    assert room["title"] == "room"
    assert room["description"] == "A room.\n\nEverybody hears everybody."
    assert "`room`" in room["parameters"]["room"]["description"]
    assert room["messages"] == {
        key: {"$ref": f"#/components/messages/{key}"}
        for key in ("heard", "ping_message", "pong_message", "refused", "say", "tick")
    }


def test_the_channel_decorator_gives_name_description_and_tags() -> None:
    zoo = generate()["channels"]["zoo"]
    assert zoo["title"] == "zoo"
    assert zoo["description"] == "Animals"
    assert zoo["tags"] == [{"name": "animals"}, {"name": "trees"}]
    assert zoo["address"] == "ws/zoo/{keeper}/{cage}/"
    assert zoo["parameters"].keys() == {"keeper", "cage"}


def test_a_handler_is_an_operation_with_every_member_of_its_union_in_the_reply() -> None:
    assert generate()["operations"]["handle_say"] == {
        "action": "receive",
        "channel": {"$ref": "#/channels/room"},
        "summary": "Say it",
        "description": "To the whole room",
        "tags": [{"name": "talk"}],
        "messages": [{"$ref": "#/channels/room/messages/say"}],
        "reply": {
            "channel": {"$ref": "#/channels/room"},
            "messages": [
                {"$ref": "#/channels/room/messages/heard"},
                {"$ref": "#/channels/room/messages/refused"},
            ],
        },
    }


def test_docstrings_stand_in_for_summaries() -> None:
    operation = generate()["operations"]["handle_ping"]
    assert operation["summary"] == "Show that the server is there."
    assert operation["description"] == ""


def test_event_handlers_and_emitted_messages_are_sent() -> None:
    operations = generate()["operations"]
    assert operations["on_tick"]["action"] == "send"
    assert operations["on_tick"]["messages"] == [{"$ref": "#/channels/room/messages/tick"}]
    assert operations["zoo_on_tick"]["messages"] == []  # sends nothing; without a list it were all
    assert operations["zoo_emits"]["messages"] == [{"$ref": "#/channels/zoo/messages/heard"}]


def test_a_name_taken_gets_the_consumers_in_front() -> None:
    operations = generate()["operations"]
    assert operations["zoo_handle_ping"]["channel"] == {"$ref": "#/channels/zoo"}
    assert operations["plain_handle_ping"]["channel"] == {"$ref": "#/channels/plain"}


def test_two_routes_to_one_consumer_are_two_channels() -> None:
    document = AsyncAPIGenerator([route(PlainConsumer, "a/"), route(PlainConsumer, "b/")]).generate()
    assert_valid(document)
    found = {key: value["address"] for key, value in document["channels"].items()}
    assert found == {"plain": "a/", "plain_2": "b/"}
    assert document["operations"]["plain_handle_ping"]["channel"] == {"$ref": "#/channels/plain_2"}


def test_names_that_are_no_keys_are_made_such() -> None:
    @channel(name="My room!")
    class Odd(PlainConsumer):
        pass

    document = AsyncAPIGenerator([route(Odd, "odd/")]).generate()
    assert_valid(document)
    assert document["channels"]["My_room_"]["title"] == "My room!"


def test_a_topic_is_a_channel_of_its_host() -> None:
    document = generate()
    topic = document["channels"]["runs_run_topic"]
    assert topic["address"] == "ws/runs/"
    assert topic["description"] == "Progress of a run."
    assert topic["x-topic"] == {
        "name": "run_topic",
        "pattern": "run:{run_id}",
        "parameters": ["run_id"],
    }
    assert document["operations"]["say_to_run"]["channel"] == {"$ref": "#/channels/runs_run_topic"}


def test_credentials_are_security_schemes_and_bindings() -> None:
    document = generate()
    schemes = document["components"]["securitySchemes"]
    assert schemes["query_token"] == {
        "type": "httpApiKey",
        "name": "token",
        "in": "query",
        "description": "The token of the account page",
    }
    assert schemes.keys() == {"query_token", "header_x_api_key", "cookie_sessionid"}
    binding = document["channels"]["runs_run_topic"]["bindings"]["ws"]
    assert binding["query"]["properties"]["token"]["type"] == "string"
    assert binding["headers"]["properties"].keys() == {"X-Api-Key"}
    assert document["operations"]["say_to_run"]["security"] == [
        {"$ref": f"#/components/securitySchemes/{key}"} for key in schemes
    ]


def test_messages_have_texts_examples_and_correlation() -> None:
    document = generate()
    say = document["components"]["messages"]["say"]
    assert say["name"] == "say"
    assert say["title"] == "Say"
    assert say["summary"] == "Say something."
    assert say["payload"] == {"$ref": "#/components/schemas/Say"}
    assert say["examples"] == [{"payload": {"action": "say", "payload": {"text": "good morning"}}}]
    assert say["correlationId"] == {"$ref": "#/components/correlationIds/ref"}
    assert "correlationId" not in document["components"]["messages"]["tick"]
    text = document["components"]["schemas"]["Line"]["properties"]["text"]
    assert text["description"] == "What was said"
    assert text["maxLength"] == 200


@pytest.mark.parametrize(
    ("url", "protocol", "expected"),
    [
        ("localhost:8000", "ws", {"development": {"host": "localhost:8000", "protocol": "ws"}}),
        ("127.0.0.1:1", "ws", {"development": {"host": "127.0.0.1:1", "protocol": "ws"}}),
        ("example.com", "wss", {"production": {"host": "example.com", "protocol": "wss"}}),
        (
            "wss://example.com/sockets",
            "ws",
            {"production": {"host": "example.com", "protocol": "wss", "pathname": "/sockets"}},
        ),
    ],
)
def test_servers(url: str, protocol: str, expected: dict[str, Any]) -> None:
    assert generate(server_url=url, server_protocol=protocol)["servers"] == expected


def test_camel_case_renames_what_is_on_the_wire_and_every_reference_to_it() -> None:
    document = generate(camelize=True)
    assert "runsRunTopic" in document["channels"]
    assert document["operations"]["handleZoo"]["messages"] == [{"$ref": "#/channels/zoo/messages/showZoo"}]
    assert document["components"]["schemas"]["Line"]["properties"].keys() == {"text", "saidAt"}
    assert document["components"]["schemas"]["ShowZoo"]["properties"]["action"]["const"] == "show_zoo"


def test_generating_twice_gives_the_same() -> None:
    generator = AsyncAPIGenerator([route(RoomConsumer, "a/<str:x>/", x="str"), route(ZooConsumer, "b/")])
    assert generator.generate() == generator.generate()


@pytest.mark.parametrize(
    "data",
    [
        {"a": [], "b": {}, "c": None, "d": [1, 2.5, True, False], "e": "yes", "f": "1.0", "null": "null"},
        [[1, [2, {"x": [3]}]], {"k": {"l": [{}]}}, "text: with # signs", "", " lead", "multi\nline\t"],
        {"$ref": "#/a/b", "ünï": "\u2028 \x7f é 😀", "quote\"'": "back\\slash", "~": "- x"},
        "only text",
        [],
    ],
)
def test_yaml_reads_back_as_what_was_written(data: Any) -> None:
    assert yaml.safe_load(to_yaml(data)) == data


def test_the_document_survives_yaml() -> None:
    document = generate()
    assert yaml.safe_load(to_yaml(document)) == document


def test_a_route_without_consumer_of_chanx_is_left_out() -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None: ...

    routes: list[RouteInfo] = []
    router = type("Router", (), {"routes": [path("x/", application)]})
    DjangoRouteDiscovery().extract_routes_from_router(router, "", routes, "ws://x")
    assert routes == []


def test_a_consumer_that_does_not_camel_case_is_documented_as_it_is() -> None:
    schemas = generate(camelize=True)["components"]["schemas"]
    assert {"from_square", "to_square"} <= set(schemas["Move"]["properties"])
    assert schemas["Moved"]["required"] == ["last_move"]
    assert "saidAt" in schemas["Line"]["properties"]


def test_the_field_that_tells_messages_apart_is_named_where_it_is_not_action() -> None:
    channels = generate()["channels"]
    assert channels["game"]["x-discriminator"] == "type"
    assert "x-discriminator" not in channels["room"]
