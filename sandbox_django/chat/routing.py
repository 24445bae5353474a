"""WebSocket addresses of the chat."""

from channels.routing import URLRouter

from chanx.channels.routing import path, re_path
from chat.consumers.chat_consumer import ChatConsumer
from chat.consumers.chat_detail import ChatDetailConsumer
from chat.consumers.chat_lobby import ChatLobbyConsumer

router = URLRouter(
    [
        path("", ChatLobbyConsumer.as_asgi()),
        # A number is a group with members; any other name is an open room.
        re_path(r"^(?P<pk>[0-9]{1,18})/$", ChatDetailConsumer.as_asgi()),
        path("<str:group_name>/", ChatConsumer.as_asgi()),
    ]
)
