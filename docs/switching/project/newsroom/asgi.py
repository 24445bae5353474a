"""The ASGI application of the newsroom."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
http = get_asgi_application()

from newsroom.consumers import DeskConsumer, TickerConsumer

application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": URLRouter(
            [
                path("ws/desk/<slug:desk>/", DeskConsumer.as_asgi()),
                path("ws/ticker/", TickerConsumer.as_asgi()),
            ]
        ),
    }
)
