"""The ASGI application of the test project."""

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from channels.sessions import CookieMiddleware
from django.core.asgi import get_asgi_application

from chanx.channels.routing import include, path
from tests.project.consumers import GameConsumer, PlainConsumer, RunsConsumer, ZooConsumer

router = URLRouter(
    [
        path("rooms/", include("tests.project.rooms")),
        path("zoo/<int:keeper>/", include(URLRouter([path("<uuid:cage>/", ZooConsumer.as_asgi())]))),
        path("games/", GameConsumer.as_asgi()),
        path("runs/", RunsConsumer.as_asgi()),
        path("wrapped/", CookieMiddleware(PlainConsumer.as_asgi())),
    ]
)

application = ProtocolTypeRouter(
    {
        "http": get_asgi_application(),
        "websocket": OriginValidator(CookieMiddleware(URLRouter([path("ws/", include(router))])), ["*"]),
    }
)
