"""WebSocket addresses of the assistant."""

from channels.routing import URLRouter

from assistants.consumers.connection_consumer import ConnectionAssistantConsumer
from assistants.consumers.conversation_consumer import ConversationAssistantConsumer
from chanx.channels.routing import path, re_path

router = URLRouter(
    [
        path("", ConnectionAssistantConsumer.as_asgi()),
        re_path(r"^(?P<pk>[0-9a-f-]{36})/$", ConversationAssistantConsumer.as_asgi()),
    ]
)
