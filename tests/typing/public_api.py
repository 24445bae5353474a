"""What type checkers make of the public API; test_typing.py has mypy and pyright check this file.

`assert_type` fails on another type, and every `type: ignore` has to be needed: without the error that
it stands for it is an error itself.
"""

from collections.abc import AsyncIterator, Callable
from typing import Any, Literal, assert_type

from channels.routing import URLRouter

from chanx.channels.authenticator import DjangoAuthenticator
from chanx.channels.routing import include
from chanx.channels.testing import DjangoWebsocketCommunicator, WebsocketTestCase
from chanx.channels.utils.settings import override_chanx_settings
from chanx.channels.websocket import AsyncJsonWebsocketConsumer
from chanx.core.decorators import channel, event_handler, ws_handler
from chanx.core.testing import CapturedBroadcastEvent, capture_broadcast_events
from chanx.ext.channels.websocket import AsyncJsonWebsocketConsumer as OldPathConsumer
from chanx.messages.base import BaseMessage
from chanx.messages.flat import FlatMessage
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import PongMessage


class Tick(BaseMessage):
    action: Literal["tick"] = "tick"
    payload: int


class Tock(BaseMessage):
    action: Literal["tock"] = "tock"
    payload: str


class Members(DjangoAuthenticator):
    auth_method = "post"


@channel(name="clock", tags=["time"])
class Clock(AsyncJsonWebsocketConsumer[Tick]):
    authenticator_class = Members

    @ws_handler
    async def handle_ping(self, message: PingMessage) -> PongMessage:
        return PongMessage()

    @ws_handler(summary="Tick", output_type=Tick | Tock)
    async def handle_tick(self, message: Tick) -> None: ...

    @ws_handler
    async def handle_tock(self, message: Tock) -> AsyncIterator[Tick]:
        yield Tick(payload=1)

    @event_handler
    async def on_tick(self, event: Tick) -> Tick | None:
        return event


class Plain(AsyncJsonWebsocketConsumer):
    pass


async def use(clock: Clock) -> None:
    # Decorated methods keep their types, and so does a decorated class.
    assert_type(await clock.handle_ping(PingMessage()), PongMessage)
    assert_type(await clock.on_tick(Tick(payload=1)), Tick | None)
    assert_type(clock.handle_tock(Tock(payload="")), AsyncIterator[Tick])
    await clock.handle_ping(Tick(payload=1))  # type: ignore[arg-type]  # another message

    # The event type of a consumer is checked where events are sent.
    await Clock.broadcast_event(Tick(payload=1), ["clocks"])
    Clock.broadcast_event_sync(Tick(payload=1), "clocks")
    await Clock.broadcast_event(Tock(payload=""))  # type: ignore[arg-type]  # not its event
    await Clock.send_event(Tick(payload=1), "channel")
    await Plain.broadcast_event(Tock(payload=""))  # any message without a type argument

    await clock.send_message(Tick(payload=1))
    await clock.send_message({"action": "tick"})  # type: ignore[arg-type]  # no message


def helpers() -> None:
    assert_type(include("clock.routing"), URLRouter)
    include(3)  # type: ignore[arg-type]  # no router

    with capture_broadcast_events(Clock) as captured:
        assert_type(captured, list[CapturedBroadcastEvent])

    @override_chanx_settings(CAMELIZE=True)
    def decorated(number: int) -> str:
        return str(number)

    keeps_its_type: Callable[[int], str] = decorated
    assert keeps_its_type(1) == "1"


class ClockCase(WebsocketTestCase):
    consumer = Clock

    async def test_client(self) -> None:
        assert_type(self.auth_communicator, DjangoWebsocketCommunicator)
        assert_type(await self.auth_communicator.receive_all_messages(), list[BaseMessage])


one_class: type[AsyncJsonWebsocketConsumer[Any]] = OldPathConsumer  # under the path of 1.x as well


class Typing(FlatMessage):
    type: Literal["typing"] = "typing"
    user: str


# A flat message is made of its own fields.
assert_type(Typing(user="alice").user, str)
Typing()  # type: ignore[call-arg]  # the user is missing
Typing(user="alice", payload=1)  # type: ignore[call-arg]  # there is no payload
