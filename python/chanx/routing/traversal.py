"""Walking through the middleware around a router."""

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from chanx.routing.discovery import RouteInfo

logger = logging.getLogger("chanx")

# Where ASGI middleware keeps what it wraps: Channels, Starlette, and what others are used to.
_INNER_ATTRIBUTES = ("inner", "app", "application", "asgi_app")


class RouteExtractor(Protocol):
    """Appends the routes of a router to a list."""

    def __call__(self, router: Any, prefix: str, routes: "list[RouteInfo]", base_url: str) -> None:
        """Append what ``router`` serves below ``prefix`` to ``routes``."""


class MiddlewareTraverser(Protocol):
    """Finds the applications inside a stack of middleware."""

    def traverse(self, app: Any, prefix: str = "") -> list[Any]:
        """List the applications inside ``app``."""
        ...


def traverse_middleware_stack(
    app: Any,
    prefix: str,
    routes: "list[RouteInfo]",
    base_url: str,
    extract_routes_fn: RouteExtractor,
) -> None:
    """Walk inwards to the first router and read its routes.

    Args:
        app: An ASGI application: a router, or middleware around one.
        prefix: Path in front of the router's own paths.
        routes: The routes found are appended here.
        base_url: For example ``ws://localhost:8000``.
        extract_routes_fn: Reads a router.
    """
    if app is None:
        return
    for inner in middleware_layers(app):
        if getattr(inner, "routes", None) is not None:
            extract_routes_fn(inner, prefix, routes, base_url)
            return
    logger.debug("No router inside %r: none of its routes are documented", app)


def middleware_layers(app: Any) -> Iterator[Any]:
    """Yield an application, what it wraps, what that wraps, and so on."""
    seen: set[int] = set()
    layer = app
    while layer is not None and id(layer) not in seen:
        seen.add(id(layer))
        yield layer
        layer = next((found for name in _INNER_ATTRIBUTES if (found := getattr(layer, name, None))), None)
