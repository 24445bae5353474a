"""Keeping what an application loads at its start out of the garbage collector's sight.

Django, its applications and their models are hundreds of thousands of objects that live as long as the process. A full
collection walks them all: a tenth of a second in which no message moves, every second or so while many handlers wait
for something, for each of them adds what the collector takes for new objects that stay.
"""

import gc
from collections.abc import Mapping
from typing import Any

from chanx.channels.settings import chanx_settings
from chanx.utils.logging import logger

_done = False


def freeze_once(scope: Mapping[str, Any]) -> None:
    """Freeze what is loaded, at the first connection that a server brings to this process.

    Nothing happens where the application has its own idea of the collector: it is disabled, or objects are frozen
    already.

    Args:
        scope: The connection's. Only a server's has ``asgi``; a communicator of a test has not.
    """
    global _done
    if _done or "asgi" not in scope:
        return
    _done = True
    if chanx_settings.GC_FREEZE and gc.isenabled() and not gc.get_freeze_count():
        gc.collect()
        gc.freeze()
        logger.debug("Objects frozen", count=gc.get_freeze_count())
