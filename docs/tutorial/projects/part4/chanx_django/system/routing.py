from channels.routing import URLRouter
from chanx.channels.routing import path

from system.consumers import SystemConsumer

router = URLRouter(
    [
        path("", SystemConsumer.as_asgi()),
    ]
)
