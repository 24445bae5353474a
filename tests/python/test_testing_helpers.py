"""The helpers for tests of consumers."""

import asyncio
import unittest
from collections.abc import MutableMapping
from typing import Any
from unittest.mock import patch

import pytest
from channels.routing import URLRouter

from chanx.channels.routing import path
from chanx.channels.settings import chanx_settings
from chanx.channels.testing import (
    DjangoWebsocketCommunicator,
    WebsocketCommunicator,
    WebsocketTestCase,
)
from chanx.channels.utils.settings import override_chanx_settings, settings_context
from chanx.channels.websocket import AsyncJsonWebsocketConsumer
from chanx.constants import EVENT_ACTION_COMPLETE, GROUP_ACTION_COMPLETE
from chanx.core.authenticator import BaseAuthenticator
from chanx.core.config import config
from chanx.core.decorators import event_handler, ws_handler
from chanx.core.testing import (
    CapturedBroadcastEvent,
    CapturedTopicBroadcast,
    capture_broadcast_events,
    capture_topic_broadcasts,
)
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import (
    AuthenticationMessage,
    AuthenticationPayload,
    ErrorMessage,
    PongMessage,
)
from tests.project.consumers import RoomConsumer, RunsConsumer, RunTopic
from tests.project.messages import Heard, Line, Refused, Say, Tick

# Channels closes old database connections around every message.
pytestmark = pytest.mark.django_db(transaction=True)

ROUTER = URLRouter([path("room/", RoomConsumer.as_asgi()), path("runs/", RunsConsumer.as_asgi())])


def room() -> WebsocketCommunicator:
    return WebsocketCommunicator(ROUTER, "/room/", consumer=RoomConsumer)


def runs() -> WebsocketCommunicator:
    return WebsocketCommunicator(ROUTER, "/runs/?token=right", consumer=RunsConsumer)


async def test_messages_up_to_the_completion() -> None:
    async with room() as client:
        await client.send_message(PingMessage())
        assert await client.receive_all_messages() == [PongMessage()]
        await client.send_message(Say(payload=Line(text="hush")))
        assert await client.receive_all_messages() == [Refused(payload="quiet please")]


async def test_messages_up_to_another_action_and_then_the_rest() -> None:
    async with room() as client:
        await client.send_message(PingMessage())
        await client.send_message(Say(payload=Line(text="hush")))
        assert await client.receive_all_messages(stop_action="refused") == [
            PongMessage(),
            Refused(payload="quiet please"),
        ]
        assert await client.receive_nothing() is False  # the completion of the second
        assert await client.receive_all_messages() == []


async def test_broadcasts_up_to_the_completion_of_their_delivery() -> None:
    async with room() as client:
        line = Line(text="hello")
        await client.send_message(Say(payload=line))
        assert await client.receive_all_messages(GROUP_ACTION_COMPLETE) == [Heard(payload=line)]
        await RoomConsumer.broadcast_event(Tick(payload=1))
        assert await client.receive_all_messages(EVENT_ACTION_COMPLETE) == [Tick(payload=1)]


async def test_errors_are_messages() -> None:
    async with room() as client:
        await client.send_json_to({"action": "no such"})
        (error,) = await client.receive_all_messages()
        assert isinstance(error, ErrorMessage)
        assert error.payload[0]["type"] == "union_tag_invalid"


async def test_silence_ends_waiting_and_leaves_the_connection_open() -> None:
    async with room() as client:
        assert await client.receive_all_messages(timeout=0.05) == []
        assert await client.receive_all_json(timeout=0.05) == []
        with pytest.raises(TimeoutError):
            await client.receive_json_from(timeout=0.05)
        await client.send_message(PingMessage())
        assert await client.receive_all_json(0.1) == [
            {"action": "pong", "payload": None},
            {"action": "complete", "payload": None},
        ]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # asgiref's
async def test_a_consumer_must_be_named() -> None:
    with pytest.raises(TypeError, match="consumer"):
        WebsocketCommunicator(ROUTER, "/room/")  # type: ignore[call-arg]  # that is the point


async def test_an_application_that_breaks_off_tells_the_test_why() -> None:
    class Breaking(AsyncJsonWebsocketConsumer):
        async def post_authentication(self) -> None:
            raise RuntimeError("no such room")

    client = WebsocketCommunicator(Breaking.as_asgi(), "/", consumer=Breaking)
    await client.connect()
    with pytest.raises(RuntimeError, match="no such room"):
        await client.receive_json_from()


class ClosingConsumer(RoomConsumer):
    @ws_handler
    async def handle_ping(self, _message: PingMessage) -> None:  # type: ignore[override]  # answers by closing
        await self.send_message(Refused(payload="bye"))
        await self.close(4010)


async def test_closing_is_asserted_with_its_code_even_after_reading_on() -> None:
    async with WebsocketCommunicator(ClosingConsumer.as_asgi(), "/", consumer=ClosingConsumer) as client:
        await client.send_message(PingMessage())
        with pytest.raises(AssertionError, match="4010, not 4000"):
            await client.assert_closed(4000)
        await client.assert_closed(4010)
        await client.assert_closed()
    async with room() as client:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.assert_closed(), 3)


async def test_a_reference_comes_back() -> None:
    async with room() as client:
        await client.send_message(PingMessage(), ref="r1")
        frame = await client.receive_json_from()
        assert frame == {"action": "pong", "payload": None, "version": 1, "ref": "r1"}


async def test_topics_are_subscribed_used_and_left() -> None:
    async with runs() as client:
        assert await client.subscribe("run:1") == {
            "action": "subscribed",
            "payload": None,
            "version": 1,
            "topic": "run:1",
            "ref": "1",
        }
        line = Line(text="to the run")
        await client.send_message(Say(payload=line), topic="run:1", ref="q")
        assert await client.receive_topic_message(RunTopic) == Heard(payload=line)
        await RunTopic.broadcast("run:1", Tick(payload=2), seq=7)
        assert (await client.receive_json_from())["seq"] == 7
        await RunTopic.broadcast("run:1", Tick(payload=3))
        assert await client.receive_all_messages(stop_action="tick") == [Tick(payload=3)]
        assert (await client.unsubscribe("run:1", ref="z"))["ref"] == "z"
        assert (await client.subscribe("nonsense"))["payload"]["reason"] == "unknown_topic"


async def test_events_are_captured_instead_of_sent() -> None:
    async with room() as client:
        with capture_broadcast_events(RoomConsumer) as captured:
            await RoomConsumer.broadcast_event(Tick(payload=1))
            await RoomConsumer.broadcast_event(Tick(payload=2), "one")
            await RoomConsumer.broadcast_event(Tick(payload=3), groups=["a", "b"])
            await asyncio.to_thread(RoomConsumer.broadcast_event_sync, Tick(payload=4), ["c"])
        assert captured == [
            CapturedBroadcastEvent(Tick(payload=1), None),
            CapturedBroadcastEvent(Tick(payload=2), "one"),
            CapturedBroadcastEvent(Tick(payload=3), ["a", "b"]),
            CapturedBroadcastEvent(Tick(payload=4), ["c"]),
        ]
        assert await client.receive_nothing()
        await RoomConsumer.broadcast_event(Tick(payload=5))
        assert len(captured) == 4
        assert await client.receive_all_messages(EVENT_ACTION_COMPLETE) == [Tick(payload=5)]


async def test_events_are_captured_and_sent() -> None:
    async with room() as client:
        with capture_broadcast_events(RoomConsumer, suppress=False) as captured:
            await RoomConsumer.broadcast_event(Tick(payload=1))
            await asyncio.to_thread(RoomConsumer.broadcast_event_sync, Tick(payload=2))
        assert [found.event for found in captured] == [Tick(payload=1), Tick(payload=2)]
        for number in (1, 2):
            found = await client.receive_all_messages(EVENT_ACTION_COMPLETE)
            assert found == [Tick(payload=number)]


async def test_capturing_for_one_class_leaves_others_alone() -> None:
    class Other(RoomConsumer):
        pass

    with capture_broadcast_events(Other) as captured:
        assert "broadcast_event" in vars(Other)
        await Other.broadcast_event(Tick(payload=1))
    assert "broadcast_event" not in vars(Other)
    assert len(captured) == 1


async def test_broadcasts_to_topics_are_captured() -> None:
    async with runs() as client:
        await client.subscribe("run:1")
        with capture_topic_broadcasts(RunTopic) as captured:
            await RunTopic.broadcast("run:1", Tick(payload=1), seq=1)
        assert await client.receive_nothing()
        with capture_topic_broadcasts(RunTopic, suppress=False) as passed_on:
            await RunTopic.broadcast("run:1", Tick(payload=2))
        assert captured == [CapturedTopicBroadcast("run:1", Tick(payload=1), 1)]
        assert passed_on == [CapturedTopicBroadcast("run:1", Tick(payload=2), None)]
        assert await client.receive_topic_message(RunTopic) == Tick(payload=2)


async def test_camel_case_is_written_and_read() -> None:
    with settings_context(CAMELIZE=True):
        async with room() as client:
            await client.send_message(
                Say.model_validate({"payload": {"text": "now", "said_at": "2026-01-02T03:04:05Z"}})
            )
            frame = await client.receive_from()
            assert "said_at" not in frame  # only the completion of the frame, or the camel-cased line
            (heard,) = await client.receive_all_messages(GROUP_ACTION_COMPLETE)
            assert isinstance(heard, Heard)
            assert heard.payload.said_at is not None


async def test_frames_sent_and_received_as_json_are_those_of_the_wire() -> None:
    with settings_context(CAMELIZE=True):
        async with room() as client:
            await client.send_json_to(
                {"action": "say", "payload": {"text": "now", "saidAt": "2026-01-02T03:04:05Z"}}
            )
            frames = [await client.receive_json_from() for _ in range(2)]
            (heard,) = [frame for frame in frames if frame["action"] == "heard"]
            assert heard["payload"]["saidAt"] == "2026-01-02T03:04:05Z"


class Telling(BaseAuthenticator):
    status = 200

    async def authenticate(self, scope: MutableMapping[str, Any]) -> bool:
        if config.send_authentication_message:
            payload = AuthenticationPayload(status_code=self.status, status_text="text", data=None)
            await self.send_message(AuthenticationMessage(payload=payload))
        return True


class TellingConsumer(RoomConsumer):
    authenticator_class = Telling


def telling() -> DjangoWebsocketCommunicator:
    return DjangoWebsocketCommunicator(TellingConsumer.as_asgi(), "/", consumer=TellingConsumer)


async def test_waiting_for_authentication(monkeypatch: pytest.MonkeyPatch) -> None:
    async with telling() as client:
        await client.assert_authenticated_status_ok()
    monkeypatch.setattr(Telling, "status", 403)
    async with telling() as client:
        with pytest.raises(AssertionError, match="403"):
            await client.assert_authenticated_status_ok()
    with settings_context(SEND_AUTHENTICATION_MESSAGE=False):
        async with telling() as client:
            assert await client.wait_for_auth(max_auth_time=0.05) is None
            assert await client.receive_nothing()
    async with room() as plain:
        silent = DjangoWebsocketCommunicator(ROUTER, "/room/", consumer=RoomConsumer)
        assert plain.consumer is silent.consumer
        await silent.connect()
        with pytest.raises(TimeoutError):
            await silent.wait_for_auth(max_auth_time=0.05)
        await silent.disconnect()


async def test_authentication_is_waited_for_until_post_authentication_is_done() -> None:
    class Slow(TellingConsumer):
        is_ready = False

        async def post_authentication(self) -> None:
            await asyncio.sleep(0.25)
            type(self).is_ready = True

    async with DjangoWebsocketCommunicator(Slow.as_asgi(), "/", consumer=Slow) as client:
        await client.assert_authenticated_status_ok()
        assert Slow.is_ready


async def test_authentication_messages_may_stand_among_others() -> None:
    async with telling() as client:
        (message,) = await client.receive_all_messages(stop_action="authentication")
        assert isinstance(message, AuthenticationMessage)


class RoomCase(WebsocketTestCase):
    consumer = RoomConsumer
    ws_path = "/ws/rooms/red/"
    events: list[str] = []

    def get_ws_headers(self) -> list[tuple[bytes, bytes]]:
        return [(b"cookie", b"a=1"), (b"origin", b"http://testserver")]

    def get_subprotocols(self) -> list[str]:
        return ["json"]

    def test_one_communicator_with_headers(self) -> None:
        client = self.auth_communicator
        assert client is self.auth_communicator
        assert (b"cookie", b"a=1") in client.scope["headers"]
        assert client.scope["subprotocols"] == ["json"]
        other = self.create_communicator(headers=[], ws_path="/ws/rooms/blue/")
        assert other.scope["path"] == "/ws/rooms/blue/"
        assert other.scope["headers"] == []

    async def test_connection_through_the_projects_application(self) -> None:
        connected, _ = await self.auth_communicator.connect()
        assert connected
        await self.auth_communicator.send_message(PingMessage())
        assert await self.auth_communicator.receive_all_messages() == [PongMessage()]
        second = self.create_communicator()
        await second.connect()
        RoomCase.events.append("both open")

    async def test_the_error_names_the_missing_path(self) -> None:
        self.ws_path = ""
        with pytest.raises(AttributeError, match="ws_path is not set in RoomCase"):
            self.create_communicator()


def test_the_test_case_class_is_run_by_unittest_too() -> None:
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(RoomCase)
    result = unittest.TextTestRunner(verbosity=0).run(suite)
    assert result.wasSuccessful()
    assert result.testsRun == 3


def test_settings_change_within_a_block_and_only_there() -> None:
    with settings_context(SEND_COMPLETION=True):
        with settings_context(CAMELIZE=True):
            assert (config.send_completion, config.camelize) == (True, True)
        assert (config.send_completion, config.camelize) == (True, False)
    assert config.send_completion is False


def test_a_setting_that_is_patched_counts_at_once_and_only_then() -> None:
    with patch.object(chanx_settings, "SEND_COMPLETION", True):
        assert config.send_completion is True
        with patch("chanx.channels.settings.chanx_settings.CAMELIZE", True):
            assert (config.send_completion, config.camelize) == (True, True)
    assert (config.send_completion, config.camelize) == (False, False)
    with patch.object(chanx_settings, "SEND_COMPLETION", True), settings_context(CAMELIZE=True):
        assert (
            config.camelize is True
        )  # and the patch ends without complaint although the settings were read anew
    assert (config.send_completion, config.camelize) == (False, False)


async def test_consumers_follow_a_patched_setting() -> None:
    class Answering(AsyncJsonWebsocketConsumer):
        @ws_handler
        async def handle_ping(self, _message: PingMessage) -> PongMessage:
            return PongMessage()

    async with WebsocketCommunicator(Answering.as_asgi(), "/", consumer=Answering) as client:
        with patch.object(chanx_settings, "SEND_COMPLETION", True):
            await client.send_message(PingMessage())
            assert (await client.receive_json_from())["action"] == "pong"
            assert (await client.receive_json_from())["action"] == "complete"
        await client.send_message(PingMessage())
        assert (await client.receive_json_from())["action"] == "pong"
        assert await client.receive_nothing()


@override_chanx_settings(SEND_COMPLETION=True)
def test_settings_change_for_a_function() -> None:
    assert config.send_completion is True


@override_chanx_settings(SEND_COMPLETION=True)
async def test_settings_change_for_an_async_function() -> None:
    await asyncio.sleep(0)
    assert config.send_completion is True


@override_chanx_settings(CAMELIZE=True)
class SettingsCase(WebsocketTestCase):
    consumer = RoomConsumer

    def test_settings_change_for_a_class(self) -> None:
        assert config.camelize is True


class EventOnly(AsyncJsonWebsocketConsumer[Tick]):
    @event_handler
    async def on_tick(self, event: Tick) -> Tick:
        return event


async def test_events_to_one_connection() -> None:
    async with WebsocketCommunicator(EventOnly.as_asgi(), "/", consumer=EventOnly) as client:
        with capture_broadcast_events(EventOnly):
            await EventOnly.broadcast_event(Tick(payload=9), "nobody")
        assert await client.receive_nothing()
