"""Counters of the connections of this process: how many there are, what waits for them, what was dropped."""

import time
from typing import Any, Final, Literal

from chanx.utils.logging import logger

DropReason = Literal["drop_oldest", "keep_latest", "disconnect", "gone"]
"""Why a frame was never handed to the server.

``drop_oldest`` and ``keep_latest`` are policies for slow clients; ``disconnect`` is what waited for a client that was
disconnected for reading too slowly, ``gone`` what waited when a client left.
"""

WARN_EVERY: Final = 10.0
"""Seconds between two warnings about slow clients."""

_HINTS: Final[dict[str, str]] = {
    "drop_oldest": "oldest frames dropped",
    "keep_latest": "frames superseded by later ones",
    "disconnect": "frames of clients that were disconnected",
    "gone": "frames of clients that left",
}


class ConnectionCounters:
    """Counts of one process.

    Attributes:
        open: Connections that are open.
        opened: Connections so far.
        paused: Connections whose channel is paused: their client, or their event handlers, are behind.
        queued_bytes: Memory of the frames that wait for slow clients.
        disconnected: Clients that were disconnected for reading too slowly.
        dropped: Frames that were never handed to the server, by reason.
    """

    __slots__ = ("_told", "_warn_at", "disconnected", "dropped", "open", "opened", "paused", "queued_bytes")

    def __init__(self) -> None:
        self.open = 0
        self.opened = 0
        self.paused = 0
        self.queued_bytes = 0
        self.disconnected = 0
        self.dropped: dict[DropReason, int] = {
            "drop_oldest": 0,
            "keep_latest": 0,
            "disconnect": 0,
            "gone": 0,
        }
        self._told = (0, dict(self.dropped))
        self._warn_at = 0.0

    def drop(self, reason: DropReason, count: int) -> None:
        """Count dropped frames, and warn of them now and then.

        Args:
            reason: Why.
            count: How many.
        """
        if count:
            self.dropped[reason] += count
            if reason != "gone":
                self.warn()

    def warn(self) -> None:
        """Log what happened to slow clients since the last warning, at most every ``WARN_EVERY`` seconds."""
        now = time.monotonic()
        if now < self._warn_at:
            return
        self._warn_at = now + WARN_EVERY
        disconnected, dropped = self._told
        self._told = (self.disconnected, dict(self.dropped))
        fresh = {
            f"{_HINTS[reason]}": count - dropped[reason]
            for reason, count in self.dropped.items()
            if count > dropped[reason] and reason != "gone"
        }
        logger.warning(
            "Clients read too slowly", disconnected=self.disconnected - disconnected, dropped=fresh
        )


counters = ConnectionCounters()


def connection_stats() -> dict[str, Any]:
    """What the connections of this process hold and have lost, for monitoring.

    Returns:
        ``open``, ``opened`` and ``paused`` connections, ``queued_bytes`` of frames that wait for slow clients,
        ``disconnected`` slow clients, and ``dropped``: frames by reason.
    """
    return {
        "open": counters.open,
        "opened": counters.opened,
        "paused": counters.paused,
        "queued_bytes": counters.queued_bytes,
        "disconnected": counters.disconnected,
        "dropped": dict(counters.dropped),
    }
