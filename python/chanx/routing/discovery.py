"""What is known about each WebSocket route, and the interface of what finds them."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from chanx.routing.patterns import template_path

if TYPE_CHECKING:
    from chanx.core.topic import Topic
    from chanx.core.websocket import ChanxWebsocketConsumerMixin


@dataclass(frozen=True)
class RouteInfo:
    """One route of the application.

    Attributes:
        path: The full path as the patterns spell it, without a leading slash in Django.
        handler: The ASGI application behind it.
        base_url: Scheme and host, for example ``ws://localhost:8000``.
        consumer: The consumer class; for the route of a topic, the topic class.
        path_params: Converter or regular expression of each parameter, None without parameters.
        topic: The topic that is reached over this route.
        host: The consumer that carries the topic.
    """

    path: str
    handler: Any
    base_url: str
    consumer: "type[ChanxWebsocketConsumerMixin[Any]]"
    path_params: dict[str, str] | None = None
    topic: "type[Topic[Any]] | None" = None
    host: "type[ChanxWebsocketConsumerMixin[Any]] | None" = None

    @property
    def channel_path(self) -> str:
        """The path with every parameter as ``{name}``."""
        return template_path(self.path)


def expand_topic_routes(routes: list[RouteInfo]) -> list[RouteInfo]:
    """Put the topics that consumers carry behind the routes of these consumers.

    Args:
        routes: Routes of consumers.

    Returns:
        The routes, each followed by one for each of its consumer's topics. A consumer that only
        carries topics, with no message of its own, has no route of its own in the result.
    """
    expanded: list[RouteInfo] = []
    for route in routes:
        topics = getattr(route.consumer, "topics", ())
        if not topics or _has_own_messages(route.consumer):
            expanded.append(route)
        expanded.extend(replace(route, consumer=topic, topic=topic, host=route.consumer) for topic in topics)
    return expanded


def _has_own_messages(consumer: "type[ChanxWebsocketConsumerMixin[Any]]") -> bool:
    sources = ("_MESSAGE_HANDLER_INFO_MAP", "_EVENT_HANDLER_INFO_MAP", "emits")
    return any(getattr(consumer, name, None) for name in sources)


class RouteDiscovery(ABC):
    """Finds the WebSocket routes of an application of some framework."""

    @abstractmethod
    def discover_routes(self, base_url: str = "ws://localhost:8000") -> list[RouteInfo]:
        """List every route that leads to a consumer, topics included.

        Args:
            base_url: Scheme and host, for example ``wss://example.com``.
        """

    @abstractmethod
    def extract_routes_from_router(
        self, router: Any, prefix: str, routes: list[RouteInfo], base_url: str
    ) -> None:
        """Append what a router serves below ``prefix`` to ``routes``."""
