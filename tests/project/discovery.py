"""Discovery that knows one route, for the schema command."""

from typing import Any

from chanx.routing.discovery import RouteDiscovery, RouteInfo
from tests.project.consumers import PlainConsumer


class OneRoute(RouteDiscovery):
    def discover_routes(self, base_url: str = "ws://localhost:8000") -> list[RouteInfo]:
        return [RouteInfo("only/", PlainConsumer.as_asgi(), base_url, PlainConsumer)]

    def extract_routes_from_router(self, *args: Any) -> None:
        raise AssertionError("not asked")
