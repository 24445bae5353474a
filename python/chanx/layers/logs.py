"""Warnings of the layers, at a bounded rate."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

logger = logging.getLogger("chanx.layers")

_HINTS = {
    "capacity": "readers are slower than senders; raise 'capacity' or read faster",
    "queue_bytes": "too much waits beyond the capacities; raise 'queue_bytes' or read faster",
    "expired": "nobody read them within 'expiry' seconds",
    "undecodable": "they could not be decoded or copied",
    "flushed": "flush() or drop_channel()",
}


class DropLog:
    """Writes what a layer drops to the logger ``chanx.layers``."""

    ODD_INTERVAL = 60.0
    """Seconds between two warnings about objects that no serializer takes."""

    def __init__(self, layer: str) -> None:
        self._layer = layer
        self._next_odd = 0.0
        self._next_undecodable = 0.0

    def dropped(self, counts: Mapping[str, int]) -> None:
        """Warns of dropped messages; the core calls it at most once in ten seconds.

        Args:
            counts: Messages dropped since the last warning, by reason.
        """
        for reason, count in counts.items():
            logger.warning(
                "%s dropped %d message(s): %s (%s)",
                self._layer,
                count,
                reason,
                _HINTS.get(reason, ""),
            )

    def undecodable(self, error: BaseException) -> None:
        """Warns of a message that cannot be decoded, at most once in ten seconds; it is counted every time."""
        now = time.monotonic()
        if now >= self._next_undecodable:
            self._next_undecodable = now + 10
            logger.warning("%s set a message aside that it cannot decode: %s", self._layer, error)

    def odd_object(self, path: str, kind: str) -> None:
        """Warns of an object that reached its receivers only because the layer is in-process.

        Args:
            path: Where it is in the message.
            kind: The name of its type.
        """
        now = time.monotonic()
        if now < self._next_odd:
            return
        self._next_odd = now + self.ODD_INTERVAL
        logger.warning(
            "%s copied %s, a %s, which no serializer takes: the message would fail on a Redis "
            "layer; strict=True makes it fail here too",
            self._layer,
            path,
            kind,
        )


class ConnectionLog:
    """Writes what happens to the connections of a layer to the logger ``chanx.layers``."""

    INTERVAL = 10.0
    """Seconds between two warnings about a server that refuses to hand messages over."""

    def __init__(self, layer: str, gap: str) -> None:
        self._layer, self._gap = layer, gap
        self._next_refusal = 0.0

    def event(self, what: str, text: str) -> None:
        """Warns of an event.

        Args:
            what: Its kind.
            text: The cause, or the milliseconds that a connection was away.
        """
        if what == "disconnected":
            logger.warning("%s lost a connection: %s", self._layer, text)
        elif what == "reconnected":
            logger.warning("%s is connected again after %s ms; %s", self._layer, text, self._gap)
        elif what == "subscription_lost":
            logger.warning("%s lost a subscription: %s", self._layer, text)
        elif (now := time.monotonic()) >= self._next_refusal:
            self._next_refusal = now + self.INTERVAL
            logger.warning("%s cannot take its messages, and goes on trying: %s", self._layer, text)
