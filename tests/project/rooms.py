"""Routes below /ws/rooms/, included by name."""

from channels.routing import URLRouter

from chanx.channels.routing import path, re_path
from tests.project.consumers import PlainConsumer, RoomConsumer

router = URLRouter(
    [
        path("<str:room>/", RoomConsumer.as_asgi(), name="room"),
        re_path(r"^by-year/(?P<year>(19|20)\d{2})/$", PlainConsumer.as_asgi()),
    ]
)
