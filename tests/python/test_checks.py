"""`manage.py check` finds mistakes in consumers before they run."""

import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator, OriginValidator
from django.core.checks import run_checks
from django.core.management import call_command
from django.test import override_settings

from chanx.channels.routing import path
from tests.project.consumers import PlainConsumer, RoomConsumer, RunsConsumer

PREAMBLE = """
from typing import Literal
from channels.routing import ProtocolTypeRouter, URLRouter
from chanx.channels.routing import path
from chanx.channels.websocket import AsyncJsonWebsocketConsumer
from chanx.core.decorators import ws_handler, event_handler
from chanx.messages.base import BaseMessage
from chanx.messages.incoming import PingMessage
"""
ROUTES = """
application = ProtocolTypeRouter({"websocket": URLRouter([path("x/", Broken.as_asgi())])})
"""


@pytest.fixture
def application_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Write an ASGI module with these consumers, and make it the project's."""
    monkeypatch.syspath_prepend(str(tmp_path))
    name = "broken_application"

    def write(consumers: str) -> Any:
        (tmp_path / f"{name}.py").write_text(PREAMBLE + textwrap.dedent(consumers) + ROUTES)
        return override_settings(ASGI_APPLICATION=f"{name}.application")

    yield write
    sys.modules.pop(name, None)


def messages(deploy: bool = False) -> dict[str, str]:
    found = run_checks(tags=["chanx"], include_deployment_checks=deploy)
    return {str(message.id): f"{message.msg} | {message.hint}" for message in found}


@pytest.mark.parametrize(
    ("consumers", "expected"),
    [
        (
            """
            class Broken(AsyncJsonWebsocketConsumer):
                @ws_handler
                async def one(self, message: PingMessage) -> None: ...
                @ws_handler
                async def two(self, message: PingMessage) -> None: ...
            """,
            "ping",
        ),
        (
            """
            class Broken(AsyncJsonWebsocketConsumer):
                @ws_handler
                async def one(self, message: int) -> None: ...
            """,
            "one",
        ),
        (
            """
            class Loose(BaseMessage):
                action: str = "loose"
                payload: int
            """,
            "Literal",
        ),
    ],
    ids=["two handlers", "no message", "no literal"],
)
def test_consumers_that_cannot_be_made(
    application_of: Callable[[str], Any], consumers: str, expected: str
) -> None:
    with application_of(consumers):
        found = messages()
    assert found.keys() == {"chanx.E001"}
    assert expected in found["chanx.E001"]
    assert "broken_application.application" in found["chanx.E001"]


def use(monkeypatch: pytest.MonkeyPatch, websocket: Any) -> Any:
    from tests.project import asgi

    application = ProtocolTypeRouter({"websocket": websocket})
    monkeypatch.setattr(asgi, "made_for_test", application, raising=False)
    return override_settings(ASGI_APPLICATION="tests.project.asgi.made_for_test")


def routes(*consumers: type[Any]) -> URLRouter:
    return URLRouter([path(f"{number}/", kind.as_asgi()) for number, kind in enumerate(consumers)])


@pytest.mark.parametrize("name", ["with space", "ünicode", "a" * 100, "", "a/b"])
def test_group_names_that_channels_refuses(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    class Named(PlainConsumer):
        groups = ["fine", name]

    with use(monkeypatch, routes(Named)):
        found = messages()
    assert found.keys() == {"chanx.E003"}
    assert f"{name!r} in Named.groups" in found["chanx.E003"]


def test_groups_given_as_one_string(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stringy(PlainConsumer):
        groups = "lobby"  # type: ignore[assignment]  # the mistake

    with use(monkeypatch, routes(Stringy)):
        assert 'groups = ["lobby"]' in messages()["chanx.E002"]


def test_groups_events_and_topics_need_a_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    router = routes(RoomConsumer, RunsConsumer)
    with use(monkeypatch, router), override_settings(CHANNEL_LAYERS={}):
        assert "no channel layer 'default'" in messages()["chanx.E005"]
    with use(monkeypatch, routes(PlainConsumer)), override_settings(CHANNEL_LAYERS={}):
        assert messages() == {}


def test_a_layer_without_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    layers = {"default": {"BACKEND": "channels.layers.BaseChannelLayer"}}
    monkeypatch.setattr("channels.layers.BaseChannelLayer.extensions", [], raising=False)
    with use(monkeypatch, routes(RoomConsumer)), override_settings(CHANNEL_LAYERS=layers):
        assert "(BaseChannelLayer) has no groups" in messages()["chanx.E006"]


def test_a_layer_that_answers_in_an_event_loop_only(monkeypatch: pytest.MonkeyPatch) -> None:
    layers = {"default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer"}}
    with use(monkeypatch, routes(RoomConsumer)), override_settings(CHANNEL_LAYERS=layers):
        assert messages() == {}


def test_a_layer_that_cannot_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    layers = {"default": {"BACKEND": "no.such.Layer"}}
    with use(monkeypatch, routes(RoomConsumer)), override_settings(CHANNEL_LAYERS=layers):
        assert "CHANNEL_LAYERS['default']" in messages()["chanx.E004"]


def test_a_layer_with_an_option_that_does_not_exist_is_told_before_anybody_uses_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong = {"BACKEND": "chanx.layers.InMemoryChannelLayer", "CONFIG": {"capacty": 5}}
    layers = {"default": {"BACKEND": "chanx.layers.InMemoryChannelLayer"}, "spare": wrong}
    with use(monkeypatch, routes(PlainConsumer)), override_settings(CHANNEL_LAYERS=layers):
        assert "no option 'capacty'" in messages()["chanx.E004"]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"SEND_COMPLETION": "yes"}, "valid boolean"),
        ({"ASYNCAPI_TITLE": 5}, "valid string"),
        ({"LOG_IGNORED_ACTIONS": "ping"}, "must be a list"),
        ({"ASYNCAPI_SERVERS": []}, "valid dictionary"),
    ],
)
def test_settings_of_another_kind(value: dict[str, object], problem: str) -> None:
    with override_settings(CHANX=value):
        assert problem in messages()["chanx.W004"]


def test_settings_of_the_right_kind() -> None:
    right = {"CAMELIZE": False, "LOG_IGNORED_ACTIONS": ["ping"], "ASYNCAPI_SERVER_URL": None}
    with override_settings(CHANX=right):
        assert messages() == {}


def test_settings_that_do_not_exist() -> None:
    with override_settings(CHANX={"CAMELISE": True, "SEND_COMPLETION": True}):
        found = messages()
    assert found.keys() == {"chanx.W001"}
    assert "Did you mean 'CAMELIZE'?" in found["chanx.W001"]


def test_origins_are_looked_at_before_deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    router = routes(PlainConsumer)
    with use(monkeypatch, router):
        assert messages() == {}
        assert "any site" in messages(deploy=True)["chanx.W002"]
    with use(monkeypatch, OriginValidator(router, ["*"])):
        assert messages(deploy=True).keys() == {"chanx.W003"}
    with use(monkeypatch, OriginValidator(router, ["https://example.com"])):
        assert messages(deploy=True) == {}
    with (
        override_settings(ALLOWED_HOSTS=["example.com"]),
        use(monkeypatch, AllowedHostsOriginValidator(router)),
    ):
        assert messages(deploy=True) == {}


def test_the_test_project_is_in_order() -> None:
    call_command("check", "--fail-level", "WARNING", tags=["chanx"])


def test_a_project_without_websockets_is_left_alone() -> None:
    with override_settings(ASGI_APPLICATION=None):
        assert messages(deploy=True) == {}
