"""WebSocket address of the assistant."""

from channels.routing import URLRouter

from assistants.consumers.connection_consumer import ConnectionAssistantConsumer
from chanx.channels.routing import path

router = URLRouter([path("", ConnectionAssistantConsumer.as_asgi())])
