"""WebSocket addresses of the AI chat."""

from channels.routing import URLRouter

from ai_chat.consumers import SessionConsumer, SessionsConsumer
from chanx.channels.routing import path

router = URLRouter(
    [
        path("sessions/", SessionsConsumer.as_asgi()),
        path("session/<uuid:session_id>/", SessionConsumer.as_asgi()),
    ]
)
