"""Where tasks run: in the request that asks for them, beside it, or on a worker. ASSISTANT_TASKS chooses."""

import threading
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.db import connections
from kombu.exceptions import OperationalError

logger = structlog.get_logger("assistants")


class NoWorkerReached(Exception):
    """The queue of the workers does not answer."""


def run(task: Any, *args: object) -> None:
    """Runs the task within the request, or hands it to a worker.

    Raises:
        NoWorkerReached: The broker does not take it.
    """
    if settings.ASSISTANT_TASKS == "celery":
        _queue(task, args)
    else:
        task(*args)


def in_background(task: Any, *args: object) -> None:
    """Runs the task where nobody waits for it: on a worker, else in a thread of this process.

    At once if settings.TASKS_IN_BACKGROUND is off.
    """
    if settings.ASSISTANT_TASKS == "celery":
        _queue(task, args)
    elif not settings.TASKS_IN_BACKGROUND:
        task(*args)
    else:
        threading.Thread(target=_run, args=(task, args), daemon=True).start()


def _queue(task: Any, args: tuple[object, ...]) -> None:
    try:
        task.apply_async(args, retry=False)
    except OperationalError as error:
        logger.error("task_not_queued", task=task.name, error=repr(error))
        raise NoWorkerReached from error


def _run(task: Callable[..., None], args: tuple[object, ...]) -> None:
    try:
        task(*args)
    except Exception:
        logger.exception("background_task_failed", task=getattr(task, "name", repr(task)))
    finally:
        connections.close_all()
