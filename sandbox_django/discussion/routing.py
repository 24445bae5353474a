"""WebSocket addresses of the discussion."""

from channels.routing import URLRouter

from chanx.channels.routing import path, re_path
from discussion.consumers.topic_detail import TopicConsumer
from discussion.consumers.topic_list import TopicListConsumer

router = URLRouter(
    [
        path("", TopicListConsumer.as_asgi()),
        re_path(r"^(?P<pk>[0-9]{1,18})/$", TopicConsumer.as_asgi()),
    ]
)
