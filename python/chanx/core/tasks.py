"""The handlers of one connection that are running."""

import asyncio
from collections.abc import Coroutine
from contextvars import Context
from typing import Any

from chanx.utils.logging import logger


class HandlerTasks:
    """A bounded set of running tasks.

    Attributes:
        limit: How many may run at once.
        running: The tasks; they are held here, for an event loop would not keep them.
    """

    __slots__ = ("_waiter", "limit", "running")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.running: set[asyncio.Task[Any]] = set()
        self._waiter: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        return len(self.running)

    async def admit(self) -> None:
        """Wait until another task may start."""
        while len(self.running) >= self.limit:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter

    def start(self, coro: Coroutine[Any, Any, Any], context: Context | None = None) -> None:
        """Run a coroutine in a task of its own; what it raises is logged."""
        task = asyncio.get_running_loop().create_task(coro, context=context)
        self.running.add(task)
        task.add_done_callback(self._ended)

    def leave(self, task: asyncio.Task[Any] | None) -> None:
        """Count a task out, from within it or when it has ended."""
        self.running.discard(task)
        if self._waiter is not None:
            if not self._waiter.done():
                self._waiter.set_result(None)
            self._waiter = None

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self.leave(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("Websocket task failed", error=repr(error), exc_info=error)
