"""The structlog logger of the package."""

from typing import Any

import structlog

logger: Any = structlog.get_logger("chanx")

_SERVERS = frozenset({"daphne", "granian", "hypercorn", "uvicorn"})


def client_is_gone(error: BaseException) -> bool:
    """Whether an error is a server's way to say that the client of a ``send`` has left.

    The ASGI specification has servers raise an ``OSError`` of their own then. A handler's own connection errors are
    not meant by it: those are plain.
    """
    return isinstance(error, OSError) and type(error).__module__.partition(".")[0] in _SERVERS
