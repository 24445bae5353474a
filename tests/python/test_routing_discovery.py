"""Discovery: which routes an application has, and how their paths are read."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory, override_settings
from django.urls import path as django_path
from django.urls import re_path as django_re_path

from chanx.channels.discovery import DjangoRouteDiscovery, get_websocket_routes
from chanx.channels.utils.asgi import get_websocket_application
from chanx.channels.utils.settings import settings_context
from chanx.routing import extract_path_parameters, get_pattern_string_and_params
from chanx.routing.discovery import RouteInfo, expand_topic_routes
from chanx.routing.patterns import template_path
from chanx.routing.traversal import middleware_layers
from tests.project.consumers import (
    GameConsumer,
    PlainConsumer,
    RoomConsumer,
    RunsConsumer,
    RunTopic,
    ZooConsumer,
)


def test_every_route_of_the_project_is_found_with_all_its_parameters() -> None:
    routes = DjangoRouteDiscovery().discover_routes("wss://example.com")
    assert [(route.channel_path, route.consumer, route.path_params) for route in routes] == [
        ("ws/rooms/{room}/", RoomConsumer, {"room": "str"}),
        ("ws/rooms/by-year/{year}/", PlainConsumer, {"year": r"(19|20)\d{2}"}),
        ("ws/zoo/{keeper}/{cage}/", ZooConsumer, {"keeper": "int", "cage": "uuid"}),
        ("ws/games/", GameConsumer, None),
        ("ws/runs/", RunTopic, None),
        ("ws/wrapped/", PlainConsumer, None),
    ]
    assert {route.base_url for route in routes} == {"wss://example.com"}


def test_a_topic_knows_its_host_and_a_host_with_messages_of_its_own_stays() -> None:
    host = RouteInfo("h/", None, "ws://x", RunsConsumer)
    assert expand_topic_routes([host]) == [
        RouteInfo("h/", None, "ws://x", RunTopic, topic=RunTopic, host=RunsConsumer)
    ]

    class Talking(PlainConsumer):
        topics = [RunTopic]

    both = expand_topic_routes([RouteInfo("h/", None, "ws://x", Talking)])
    assert [(route.consumer, route.topic) for route in both] == [(Talking, None), (RunTopic, RunTopic)]


@pytest.mark.parametrize(
    ("pattern", "parameters", "template"),
    [
        ("a/<x>/<int:y>/", {"x": "str", "y": "int"}, "a/{x}/{y}/"),
        (r"(?P<a>\d+)/(?P<b>(x|y)z)/", {"a": r"\d+", "b": "(x|y)z"}, "{a}/{b}/"),
        (r"(?P<a>[()\]]+\))?/", {"a": r"[()\]]+\)"}, "{a}/"),
        (r"(?P<a>[^])]+)/(?P<b>x){2,3}/", {"a": "[^])]+", "b": "x"}, "{a}/{b}/"),
        ("/x/{id}/{n:int}", {"id": "str", "n": "int"}, "/x/{id}/{n}"),
        ("plain/", {}, "plain/"),
    ],
)
def test_parameters_are_read_in_each_notation(
    pattern: str, parameters: dict[str, str], template: str
) -> None:
    assert extract_path_parameters(pattern) == parameters
    assert template_path(pattern) == template


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        (django_path("r/<int:pk>/", lambda: None), ("r/<int:pk>/", {"pk": "int"})),
        (django_re_path(r"^r/(?P<pk>\d+)/$", lambda: None), (r"r/(?P<pk>\d+)/", {"pk": r"\d+"})),
        (django_re_path(r"^price/\$", lambda: None), (r"price/\$", None)),
        (django_re_path(r"^r/\Z", lambda: None), ("r/", None)),
    ],
)
def test_anchors_are_no_part_of_a_path(route: object, expected: object) -> None:
    assert get_pattern_string_and_params(route) == expected


def test_middleware_in_a_circle_is_walked_once() -> None:
    class Middleware:
        def __init__(self, inner: object) -> None:
            self.inner = inner

    outer = Middleware(None)
    outer.inner = Middleware(outer)
    assert list(middleware_layers(outer)) == [outer, outer.inner]


def test_base_url_comes_from_the_request_or_the_setting() -> None:
    factory = RequestFactory()
    assert get_websocket_routes(factory.get("/"))[0].base_url == "ws://testserver"
    assert get_websocket_routes(factory.get("/", secure=True))[0].base_url == "wss://testserver"
    with settings_context(WEBSOCKET_BASE_URL="wss://sockets.example.com"):
        found = get_websocket_routes(factory.get("/"))[0].base_url
    assert found == "wss://sockets.example.com"


def test_applications_without_websockets_have_no_routes() -> None:
    with override_settings(ASGI_APPLICATION="tests.project.asgi.router"):
        assert get_websocket_application() is None
        assert DjangoRouteDiscovery().discover_routes() == []


def test_a_wrong_setting_is_named() -> None:
    with (
        override_settings(ASGI_APPLICATION="no.such.application"),
        pytest.raises(ImproperlyConfigured, match="ASGI_APPLICATION"),
    ):
        DjangoRouteDiscovery().discover_routes()
