"""The lines of a WebSocket in the log: its address, and a line for its end."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

logger = structlog.get_logger("sandbox.websocket")

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
# Channels' stubs and asgiref's do not agree on what goes in.
Application = Callable[[Any, Any, Any], Awaitable[Any]]


class ConnectionLogMiddleware:
    """Has all lines of a connection carry its path and address, and says how long it lasted.

    The consumer adds the connection's id, which the last line has as well; a handshake that reaches no consumer
    has that one line alone. Frames pass as quickly as without it: it does not stand in their way.
    """

    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> Any:
        """Serves one connection."""
        client = scope.get("client")
        structlog.contextvars.clear_contextvars()
        # The query string stays out: it may hold a token.
        structlog.contextvars.bind_contextvars(path=scope.get("path"), ip=client[0] if client else None)
        started = time.monotonic()
        try:
            return await self.app(scope, receive, send)
        except Exception:
            logger.exception("websocket_failed")
            raise
        finally:
            logger.info("websocket_ended", seconds=round(time.monotonic() - started, 3))
