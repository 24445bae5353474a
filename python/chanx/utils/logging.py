"""The structlog logger of the package.

structlog is imported at the first line logged: it brings a third of what importing a consumer would cost, Twisted
among it where that is installed.
"""

import logging
from typing import Any

from chanx.exceptions import SlowClientError


class LazyLogger:
    """Passes on to ``structlog.get_logger("chanx")``, made when first used."""

    def __getattr__(self, name: str) -> Any:
        import structlog

        return getattr(structlog.get_logger("chanx"), name)


logger: Any = LazyLogger()


def bind_log_context(**values: Any) -> None:
    """Add values to every later line of the current context."""
    import structlog

    structlog.contextvars.bind_contextvars(**values)


def logs_info() -> bool:
    """Whether a line of level INFO would be written, as far as structlog and the logger below it tell."""
    import structlog

    bound: Any = structlog.get_logger("chanx").bind()
    if hasattr(type(bound), "is_enabled_for") and not bound.is_enabled_for(logging.INFO):
        return False
    below = getattr(bound, "_logger", None)
    return not isinstance(below, logging.Logger) or below.isEnabledFor(logging.INFO)


_SERVERS = frozenset({"daphne", "granian", "hypercorn", "uvicorn"})


def client_is_gone(error: BaseException) -> bool:
    """Whether an error is a server's way to say that the client of a ``send`` has left.

    The ASGI specification has servers raise an ``OSError`` of their own then. A handler's own connection errors are
    not meant by it: those are plain.
    """
    if isinstance(error, SlowClientError):
        return True
    return isinstance(error, OSError) and type(error).__module__.partition(".")[0] in _SERVERS
