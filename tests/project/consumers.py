"""Consumers of the test project."""

from collections.abc import MutableMapping
from typing import Any

from chanx.channels.websocket import AsyncJsonWebsocketConsumer
from chanx.core.authenticator import BaseAuthenticator, Credential
from chanx.core.decorators import channel, event_handler, ws_handler
from chanx.core.topic import Topic
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import PongMessage
from tests.project.messages import Heard, Move, Moved, Refused, Say, ShowZoo, Tick


class RoomConsumer(AsyncJsonWebsocketConsumer[Tick]):
    """A room.

    Everybody hears everybody.
    """

    send_completion = True
    groups = ["rooms"]

    @ws_handler
    async def handle_ping(self, _message: PingMessage) -> PongMessage:
        """Show that the server is there."""
        return PongMessage()

    @ws_handler(summary="Say it", description="To the whole room", tags=["talk"], output_type=Heard | Refused)
    async def handle_say(self, message: Say) -> None:
        if message.payload.text == "hush":
            await self.send_message(Refused(payload="quiet please"))
        else:
            await self.broadcast_message(Heard(payload=message.payload))

    @event_handler
    async def on_tick(self, event: Tick) -> Tick:
        return event


@channel(name="zoo", description="Animals", tags=["animals", "trees"])
class ZooConsumer(AsyncJsonWebsocketConsumer[Tick]):
    emits = [Heard]

    @ws_handler
    async def handle_ping(self, _message: PingMessage) -> PongMessage:
        return PongMessage()

    @ws_handler(output_type=[ShowZoo, Refused])
    async def handle_zoo(self, message: ShowZoo) -> None:
        await self.send_message(message)

    @event_handler(output_type=None)
    async def on_tick(self, event: Tick) -> None:
        return None


class TokenAuthenticator(BaseAuthenticator):
    credentials = [
        Credential("token", "query", "The token of the account page"),
        Credential("X-Api-Key", "header"),
        Credential("sessionid", "cookie"),
    ]

    async def authenticate(self, scope: MutableMapping[str, Any]) -> bool:
        return b"token=right" in scope["query_string"]


class RunTopic(Topic[Tick]):
    """Progress of a run."""

    pattern = "run:{run_id}"

    @ws_handler
    async def say_to_run(self, message: Say) -> Heard:
        return Heard(payload=message.payload)

    @event_handler
    async def on_run_tick(self, event: Tick) -> Tick:
        return event


class RunsConsumer(AsyncJsonWebsocketConsumer):
    """Carries runs."""

    authenticator_class = TokenAuthenticator
    topics = [RunTopic]


class PlainConsumer(AsyncJsonWebsocketConsumer):
    @ws_handler
    async def handle_ping(self, _message: PingMessage) -> PongMessage:
        return PongMessage()


class GameConsumer(AsyncJsonWebsocketConsumer):
    """Flat messages, told apart by their type, as an older client wants them."""

    discriminator_field = "type"
    camelize = False

    @ws_handler
    async def handle_move(self, message: Move) -> Moved:
        return Moved(last_move=message)
