"""WebSocket addresses."""

from channels.routing import URLRouter

from chanx.channels.routing import include, path, re_path
from config.unrouted import refuse_unrouted

ws_router = URLRouter(
    [
        path("chat/", include("chat.routing")),
        path("discussion/", include("discussion.routing")),
        path("ai-chat/", include("ai_chat.routing")),
        path("assistants/", include("assistants.routing")),
        path("system/", include("system.routing")),
    ]
)

router = URLRouter([path("ws/", include(ws_router)), re_path("", refuse_unrouted)])
