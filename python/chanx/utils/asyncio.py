"""Background tasks that are neither collected while they run nor fail unseen."""

import asyncio
from collections.abc import Coroutine
from contextvars import Context
from typing import Any, TypeVar

from chanx.utils.logging import logger

T = TypeVar("T")

global_background_tasks: set[asyncio.Task[Any]] = set()


async def wrap_task(coro: Coroutine[Any, Any, T]) -> T:
    """Await a coroutine; log what it raises, then raise it."""
    try:
        return await coro
    except Exception as error:
        logger.exception("Background task failed", error=repr(error))
        raise


def create_task(
    coro: Coroutine[Any, Any, T],
    background_tasks: set[asyncio.Task[Any]] | None = None,
    name: str | None = None,
    context: Context | None = None,
) -> asyncio.Task[T]:
    """Start a task that nobody has to keep.

    Args:
        coro: What to run.
        background_tasks: The set that holds the task until it ends; a global one by default.
        name: Name of the task.
        context: The context to run in; a copy of the current one by default.

    Returns:
        The task. Its exception, if any, is logged.
    """
    held = global_background_tasks if background_tasks is None else background_tasks
    task = asyncio.create_task(wrap_task(coro), name=name, context=context)
    held.add(task)
    task.add_done_callback(held.discard)
    task.add_done_callback(_retrieve)
    return task


def _retrieve(task: asyncio.Task[Any]) -> None:
    """Mark the exception as seen: it has been logged."""
    if not task.cancelled():
        task.exception()
