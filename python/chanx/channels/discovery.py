"""Finding the WebSocket routes of a Django project."""

import logging
from typing import TYPE_CHECKING, Any

from channels.routing import URLRouter

from chanx.channels.settings import chanx_settings
from chanx.channels.utils.asgi import get_websocket_application
from chanx.core.websocket import ChanxWebsocketConsumerMixin
from chanx.routing.discovery import RouteDiscovery, RouteInfo, expand_topic_routes
from chanx.routing.patterns import extract_path_parameters, get_pattern_string_and_params
from chanx.routing.traversal import middleware_layers, traverse_middleware_stack

if TYPE_CHECKING:
    from django.http import HttpRequest

logger = logging.getLogger("chanx")

# What Django's converters accept, for tools that want regular expressions.
DJANGO_PATH_CONVERTERS = {
    "str": "[^/]+",
    "int": "[0-9]+",
    "slug": "[-a-zA-Z0-9_]+",
    "uuid": "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "path": ".+",
}


class DjangoRouteDiscovery(RouteDiscovery):
    """Reads the routers inside the project's ``ASGI_APPLICATION``."""

    def discover_routes(self, base_url: str = "ws://localhost:8000") -> list[RouteInfo]:
        """List every route that leads to a consumer of chanx, topics included.

        Args:
            base_url: Scheme and host, for example ``wss://example.com``.

        Returns:
            The routes in the order of the routers.

        Raises:
            ImproperlyConfigured: ``ASGI_APPLICATION`` is missing or cannot be imported.
        """
        routes: list[RouteInfo] = []
        traverse_middleware_stack(
            self.get_websocket_application(), "", routes, base_url, self.extract_routes_from_router
        )
        return expand_topic_routes(routes)

    def get_websocket_application(self) -> Any:
        """The application behind ``"websocket"`` of the project's ``ProtocolTypeRouter``."""
        return get_websocket_application()

    def extract_routes_from_router(
        self, router: Any, prefix: str, routes: list[RouteInfo], base_url: str
    ) -> None:
        """Append what a router serves below ``prefix``, routers inside it included.

        Args:
            router: A ``URLRouter``.
            prefix: Path in front of the router's own paths.
            routes: The routes found are appended here.
            base_url: For example ``ws://localhost:8000``.
        """
        for route in router.routes:
            own_path, _ = get_pattern_string_and_params(route)
            path = prefix + own_path
            handler: Any = getattr(route, "callback", None)
            for layer in middleware_layers(handler):
                is_router = isinstance(layer, URLRouter)
                if is_router:
                    self.extract_routes_from_router(layer, path, routes, base_url)
                    break
                consumer: Any = getattr(layer, "consumer_class", None)
                if consumer is not None:
                    is_ours = issubclass(consumer, ChanxWebsocketConsumerMixin)
                    if is_ours:
                        routes.append(_route_info(path, handler, base_url, consumer))
                    break
            else:
                logger.debug("Nothing to document at %r: %r is no consumer", path, handler)

    def get_base_url(self, request: "HttpRequest") -> str:
        """Where WebSockets are served, as seen by this request.

        Returns:
            The setting ``WEBSOCKET_BASE_URL``, else ``ws`` or ``wss`` and the request's host.
        """
        if configured := chanx_settings.WEBSOCKET_BASE_URL:
            return configured
        return f"{'wss' if request.is_secure() else 'ws'}://{request.get_host()}"


def _route_info(
    path: str, handler: Any, base_url: str, consumer: type[ChanxWebsocketConsumerMixin[Any]]
) -> RouteInfo:
    return RouteInfo(
        path=path,
        handler=handler,
        base_url=base_url,
        consumer=consumer,
        path_params=extract_path_parameters(path) or None,
    )


def get_websocket_routes(request: "HttpRequest") -> list[RouteInfo]:
    """List the project's WebSocket routes, with the host that the request came to."""
    discovery = DjangoRouteDiscovery()
    return discovery.discover_routes(discovery.get_base_url(request))
