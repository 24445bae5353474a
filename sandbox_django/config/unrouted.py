"""WebSocket handshakes to addresses that no consumer serves."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

logger = logging.getLogger(__name__)

CLOSE_NOT_FOUND = 4404


async def refuse_unrouted(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[Any]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """An ASGI application that refuses the handshake.

    Without it Channels' router raises, which the server answers with status 500 and a traceback in the log for each
    attempt.
    """
    logger.warning("No WebSocket here: %s", scope.get("path"))
    await receive()
    await send({"type": "websocket.close", "code": CLOSE_NOT_FOUND})
