"""The handlers of one connection that are running."""

import asyncio
from collections.abc import Callable, Coroutine
from collections.abc import Set as AbstractSet
from contextvars import Context, ContextVar
from typing import Any, Final, cast

from chanx.utils.logging import client_is_gone, logger

LARGE_FRAME: Final = 64 * 1024
"""Length in characters from which a frame counts towards the limit of bytes in handling."""

MAX_BYTES: Final = 64 * 1024 * 1024
"""Large frames of one connection that may be in handling at once, in characters."""


def log_task_failure(error: BaseException) -> None:
    """Log what ended a handler's task; that a client left before its answer is nobody's failure."""
    if client_is_gone(error):
        logger.debug("Websocket send failed", error=repr(error))
    else:
        logger.error("Websocket task failed", error=repr(error), exc_info=error)


_NONE: Final[AbstractSet[asyncio.Task[Any]]] = frozenset()
"""What an idle connection runs: most are, and a set of their own would be 200 bytes."""


class HandlerTasks:
    """A bounded set of running tasks.

    Attributes:
        limit: How many may run at once.
        running: The tasks; they are held here, for an event loop would not keep them.
        publishers: Handlers that have published something and not suspended since: True while they publish.
    """

    __slots__ = (
        "_answered",
        "_bytes",
        "_settled",
        "_sizes",
        "_waiter",
        "limit",
        "publishers",
        "running",
    )

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.running: AbstractSet[asyncio.Task[Any]] = _NONE
        self.publishers: dict[asyncio.Task[Any], bool] | None = None
        self._sizes: dict[asyncio.Task[Any], int] | None = None
        self._bytes = 0
        self._waiter: asyncio.Future[None] | None = None
        self._answered: asyncio.Future[None] | None = None
        self._settled: Callable[[], None] | None = None

    def __len__(self) -> int:
        return len(self.running)

    async def admit(self, size: int = 0) -> None:
        """Wait until another task may start.

        Args:
            size: Length of its frame.
        """
        while len(self.running) >= self.limit or (self._bytes and self._bytes + size > MAX_BYTES):
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter

    def start(self, coro: Coroutine[Any, Any, Any], context: Context | None = None, size: int = 0) -> None:
        """Run a coroutine in a task of its own; what it raises is logged."""
        # Not by the loop's task factory: an eager one would run it before it is known as running.
        task = asyncio.Task(coro, loop=asyncio.get_running_loop(), context=context)
        self.add(task)
        if size >= LARGE_FRAME:
            self.weigh(task, size)
        task.add_done_callback(self._ended)

    def add(self, task: asyncio.Task[Any]) -> None:
        """Count a task in, which leaves by itself."""
        if self.running:
            cast("set[asyncio.Task[Any]]", self.running).add(task)
        else:
            self.running = {task}

    def weigh(self, task: asyncio.Task[Any], size: int) -> None:
        """Count a large frame until its task leaves."""
        if self._sizes is None:
            self._sizes = {}
        self._sizes[task] = size
        self._bytes += size

    def leave(self, task: asyncio.Task[Any] | None) -> None:
        """Count a task out, from within it or when it has ended."""
        if task is None:
            return
        if task in self.running:
            if len(self.running) == 1:
                self.running = _NONE
            else:
                cast("set[asyncio.Task[Any]]", self.running).discard(task)
        if self._sizes:
            self._bytes -= self._sizes.pop(task, 0)
        if self.publishers and self.publishers.pop(task, None) is not None and not self.publishers:
            self._tell_settled()
        if self._waiter is not None:
            if not self._waiter.done():
                self._waiter.set_result(None)
            self._waiter = None

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self.leave(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log_task_failure(error)

    def published(self, task: asyncio.Task[Any]) -> None:
        """Note that a handler's publishing has been answered, or given up."""
        if self.publishers and task in self.publishers:
            self.publishers[task] = False
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(None)
        if self._settled is not None:
            asyncio.get_running_loop().call_soon(self._look_again)

    async def settle(self) -> None:
        """Wait until no handler is between its publishing and its end, or its next wait for something else.

        A client sees the end of what it asked for before the broadcast that came of it.
        """
        while self.publishers:
            if any(self.publishers.values()):
                self._answered = asyncio.get_running_loop().create_future()
                await self._answered
                continue
            self._forget_suspended()
            if self.publishers:
                await asyncio.sleep(0)

    def when_settled(self, then: Callable[[], None]) -> None:
        """Call a function once ``settle`` would return, without a task that waits for it.

        Args:
            then: The function. One at a time is kept; it is called in any context.
        """
        self._settled = then
        # Else the answer, or the end of the handler, comes to it.
        if self.publishers is None or not any(self.publishers.values()):
            asyncio.get_running_loop().call_soon(self._look_again)

    def _look_again(self) -> None:
        if self._settled is None:
            return
        if self.publishers:
            if any(self.publishers.values()):
                return
            self._forget_suspended()
            if self.publishers:
                asyncio.get_running_loop().call_soon(self._look_again)
                return
        self._tell_settled()

    def _forget_suspended(self) -> None:
        """Forget the publishers that wait for something else now."""
        publishers = self.publishers
        for task in list(publishers or ()):
            # A task that gave the loop a turn, as it does after a frame sent, waits for no future.
            if publishers and (task.done() or getattr(task, "_fut_waiter", None) is not None):
                del publishers[task]

    def _tell_settled(self) -> None:
        then, self._settled = self._settled, None
        if then is not None:
            then()


_current: ContextVar[HandlerTasks | None] = ContextVar("chanx_handlers", default=None)


def enter(tasks: HandlerTasks) -> None:
    """Have what runs in the current context, and in contexts copied from it, known as this connection's."""
    _current.set(tasks)


def begin_publishing() -> "tuple[HandlerTasks, asyncio.Task[Any]] | tuple[None, None]":
    """Note that a handler is about to publish something.

    Returns:
        The tasks of its connection and its own, for ``end_publishing`` when that is answered; None twice when no
        handler runs. Two values and no context manager: whatever lives while many handlers wait for their answers
        is walked by the garbage collector again and again.
    """
    tasks = _current.get()
    if tasks is None or not tasks.running:
        return None, None
    task = asyncio.current_task()
    if task is None or task not in tasks.running:
        return None, None
    if tasks.publishers is None:
        tasks.publishers = {}
    tasks.publishers[task] = True
    return tasks, task


def end_publishing(tasks: HandlerTasks | None, task: asyncio.Task[Any] | None) -> None:
    """Note that what ``begin_publishing`` noted has been answered, or given up.

    Args:
        tasks: The first of what it returned.
        task: The second.
    """
    if tasks is not None and task is not None:
        tasks.published(task)
