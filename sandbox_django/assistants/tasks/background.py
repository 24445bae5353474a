"""Work that nobody waits for, in a thread of this process."""

import threading
from collections.abc import Callable

import structlog
from django.conf import settings
from django.db import connections

logger = structlog.get_logger("assistants")


def in_background(task: Callable[..., None], *args: object) -> None:
    """Runs the task beside the request; at once if settings.TASKS_IN_BACKGROUND is off."""
    if not settings.TASKS_IN_BACKGROUND:
        task(*args)
        return
    threading.Thread(target=_run, args=(task, args), daemon=True).start()


def _run(task: Callable[..., None], args: tuple[object, ...]) -> None:
    try:
        task(*args)
    except Exception:
        logger.exception("A background task failed", task=task.__name__)
    finally:
        connections.close_all()
