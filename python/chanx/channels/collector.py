"""Having the garbage collector take less of a server's time.

Django, its applications and their models are hundreds of thousands of objects that live as long as the process. A full
collection walks them all: a tenth of a second in which no message moves. And CPython counts allocations less
deallocations: a few hundred handlers that wait for Redis look like garbage to be, are walked after every 700 new
objects, and taken for objects that stay, which brings the next full collection nearer. In 300 rooms at once that was a
sixth of the server's time.
"""

import gc
from collections.abc import Mapping
from typing import Any, Final

from chanx.channels.settings import chanx_settings
from chanx.utils.logging import logger

YOUNG_OBJECTS: Final = 5000
"""New objects between two collections of the youngest generation."""

_DEFAULTS: Final = (700, 2000)
"""What CPython's versions have there when nobody has chosen another number."""

_done = False


def tune_once(scope: Mapping[str, Any]) -> None:
    """Freeze what is loaded and collect less often, from the first connection on that a server brings to this process.

    Nothing happens where the application has its own idea of the collector: it is disabled, objects are frozen already,
    or the threshold is no default.

    Args:
        scope: The connection's. Only a server's has ``asgi``; a communicator of a test has not.
    """
    global _done
    if _done or "asgi" not in scope:
        return
    _done = True
    young, *older = gc.get_threshold()
    if not chanx_settings.TUNE_GC or not gc.isenabled() or gc.get_freeze_count() or young not in _DEFAULTS:
        return
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *older)
    logger.debug("Garbage collector tuned", frozen=gc.get_freeze_count(), threshold=YOUNG_OBJECTS)
