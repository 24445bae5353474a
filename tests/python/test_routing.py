"""Routes: path, re_path and include, up to a connection through nested routers."""

import types
import uuid

import pytest
from channels.routing import URLRouter
from django.core.exceptions import ImproperlyConfigured

from chanx.channels.routing import include, path, re_path
from chanx.channels.testing import WebsocketCommunicator
from tests.project import rooms
from tests.project.asgi import application, router
from tests.project.consumers import PlainConsumer, RoomConsumer, ZooConsumer

# Channels closes old database connections around every message.
pytestmark = pytest.mark.django_db(transaction=True)


def test_include_takes_a_dotted_path_a_module_and_a_router() -> None:
    assert include("tests.project.rooms") is rooms.router
    assert include(rooms) is rooms.router
    assert include(rooms.router) is rooms.router


def test_include_makes_a_router_of_a_list() -> None:
    module = types.ModuleType("listed")
    module.router = [path("x/", PlainConsumer.as_asgi())]  # type: ignore[attr-defined]  # made here
    included = include(module)
    assert isinstance(included, URLRouter)
    assert len(included.routes) == 1


@pytest.mark.parametrize("value", [None, 3])
def test_include_names_what_is_missing(value: object) -> None:
    module = types.ModuleType("apps.nothing")
    if value is not None:
        module.router = value  # type: ignore[attr-defined]  # made here
    with pytest.raises(ImproperlyConfigured, match=r"`router` of apps\.nothing") as caught:
        include(module)
    assert isinstance(caught.value, AttributeError)  # what chanx raises


def test_include_of_an_unknown_module_is_an_import_error() -> None:
    with pytest.raises(ModuleNotFoundError):
        include("no.such.routing")


@pytest.mark.parametrize("make", [path, re_path])
def test_a_consumer_without_as_asgi_is_refused_at_once(make: types.FunctionType) -> None:
    with pytest.raises(TypeError, match=r"write RoomConsumer\.as_asgi\(\)"):
        make("room/", RoomConsumer)


@pytest.mark.parametrize(
    ("address", "consumer", "kwargs"),
    [
        ("/ws/rooms/red/", RoomConsumer, {"room": "red"}),
        ("/ws/rooms/by-year/1999/", PlainConsumer, {"year": "1999"}),
        (
            "/ws/zoo/7/3fa85f64-5717-4562-b3fc-2c963f66afa6/",
            ZooConsumer,
            {"keeper": 7, "cage": uuid.UUID("3fa85f64-5717-4562-b3fc-2c963f66afa6")},
        ),
        ("/ws/wrapped/", PlainConsumer, {}),
    ],
)
async def test_nested_routes_lead_to_the_consumer(
    address: str, consumer: type, kwargs: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, object]] = []

    async def post_authentication(self: PlainConsumer) -> None:
        seen.append(self.scope["url_route"]["kwargs"])

    monkeypatch.setattr(consumer, "post_authentication", post_authentication)
    async with WebsocketCommunicator(application, address, consumer=consumer) as client:
        await client.send_json_to({"action": "ping"})
        assert await client.receive_json_from() == {"action": "pong", "payload": None}
    assert seen == [kwargs]


async def test_an_unknown_path_has_no_route() -> None:
    client = WebsocketCommunicator(router, "/nowhere/", consumer=PlainConsumer)
    with pytest.raises(ValueError, match="No route found"):
        await client.connect()
