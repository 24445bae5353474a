"""Sends one frame through a consumer of the chanx that is installed, and says where that lies.

The first thing to run on a new wheel: the release workflow and tests/integration/test_packaging.py do.
Needs daphne besides chanx-native[channels], as the testing helpers of Channels do.
"""

import asyncio
import importlib.metadata
import pathlib

import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "channels", "chanx.channels"],
    CHANNEL_LAYERS={"default": {"BACKEND": "chanx.layers.InMemoryChannelLayer"}},
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
)
django.setup()

import chanx
import chanx._core
from chanx.channels.testing import WebsocketCommunicator
from chanx.channels.websocket import AsyncJsonWebsocketConsumer
from chanx.core.decorators import ws_handler
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import PongMessage


class Consumer(AsyncJsonWebsocketConsumer):
    @ws_handler
    async def handle_ping(self, message: PingMessage) -> PongMessage:
        return PongMessage()


async def main() -> None:
    async with WebsocketCommunicator(Consumer.as_asgi(), "/", consumer=Consumer) as communicator:
        await communicator.send_message(PingMessage())
        print(await communicator.receive_json_from())


asyncio.run(main())
assert importlib.metadata.version("chanx-native") == chanx.__version__
print(pathlib.Path(chanx.__file__).parent)
