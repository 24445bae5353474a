"""Closing database connections that are too old or broken, without a thread hop for each message.

Django closes them around each request, in the thread that owns them. Looking whether one is due needs no thread: it
reads a few attributes. Only closing it takes place in the thread.
"""

import time
from typing import Any
from weakref import ref

from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.db.backends.signals import connection_created

from chanx.utils.logging import logger


class DatabaseConnections:
    """The database connections that have been opened in this process.

    Attributes:
        open: Whether there may be any.
    """

    def __init__(self) -> None:
        self.open = False
        self._wrappers: dict[int, ref[Any]] = {}

    def opened(self, *, connection: Any, **kwargs: Any) -> None:
        """Receiver of Django's ``connection_created``."""
        self._wrappers[id(connection)] = ref(connection)
        self.open = True

    def are_due(self) -> bool:
        """Whether a connection has to be closed, or looked at, before a handler may use it."""
        now = time.monotonic()
        gone: list[int] = []
        due = False
        for key, reference in list(self._wrappers.items()):
            wrapper = reference()
            if wrapper is None or wrapper.connection is None:
                gone.append(key)
            elif not wrapper.in_atomic_block:
                wrapper.health_check_done = False
                due = due or _is_due(wrapper, now)
        for key in gone:
            self._wrappers.pop(key, None)
        self.open = bool(self._wrappers)
        return due

    async def close_due(self) -> None:
        """Close what is due, in the thread that handlers use for the database."""
        try:
            await sync_to_async(close_old_connections)()
        except Exception as error:
            logger.error("Closing old database connections failed", error=repr(error), exc_info=error)
        now = time.monotonic()
        for key, reference in list(self._wrappers.items()):
            wrapper = reference()
            if wrapper is None or _is_due(wrapper, now):
                # Another thread's, which handlers do not see, or one that does not close, such as SQLite's in memory.
                # It is back when it connects again.
                self._wrappers.pop(key, None)


def _is_due(wrapper: Any, now: float) -> bool:
    if wrapper.connection is None or wrapper.in_atomic_block:
        return False
    return bool(
        wrapper.errors_occurred
        or (wrapper.close_at is not None and now >= wrapper.close_at)
        or wrapper.autocommit != wrapper.settings_dict["AUTOCOMMIT"]
    )


connections = DatabaseConnections()
connection_created.connect(connections.opened, dispatch_uid="chanx.database")
