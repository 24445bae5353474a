"""Streams of small events, joined into fewer and larger ones on their way out."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Final, Generic, Self, cast

from typing_extensions import TypeVar

from chanx.messages.base import BaseMessage

Event = TypeVar("Event", bound=BaseMessage, default=BaseMessage)

EVERY: Final = 0.05
"""Default of the seconds between two events that a stream publishes."""

MAX_EVENTS: Final = 64
"""Default of how many events a stream joins into one."""


def join_payloads(earlier: Event, later: Event) -> Event | None:
    """Join two events by their own ``join`` method, or their payloads if those are text.

    Args:
        earlier: An event.
        later: The one that came after it.

    Returns:
        The event that says what both say; None when they cannot be joined: another type, or other fields differ.

    Raises:
        TypeError: The events have neither a ``join`` method nor text as payload.
    """
    if type(earlier) is not type(later):
        return None
    method = getattr(earlier, "join", None)
    if callable(method):
        return cast("Event | None", method(later))
    first, second = getattr(earlier, "payload", None), getattr(later, "payload", None)
    if not (isinstance(first, str) and isinstance(second, str)):
        raise TypeError(
            f"{type(earlier).__name__} cannot be joined: its payload is no text. Give it a method join(self, later) "
            "that returns one event for both, or pass join=... to the stream."
        )
    joined = earlier.model_copy(update={"payload": first + second})
    return joined if joined == later.model_copy(update={"payload": first + second}) else None


class EventStream(Generic[Event]):
    """Publishes events in order, joining those that come within a short time.

    The first event goes out at once; what follows within ``every`` seconds waits and is joined into one event. What
    waits is published when the time is over, when it is ``max_events`` events, and at the end of the ``async with``
    block, however that ends.

    Args:
        publish: Sends one event, such as a consumer's ``broadcast_event`` with its groups.
        join: Joins two events into one, or returns None when they have to stay apart; see ``join_payloads``.
        every: Seconds between two published events.
        max_events: How many events are joined into one.

    Attributes:
        taken: Events taken so far.
        published: Events published so far.
    """

    def __init__(
        self,
        publish: Callable[[Event], Awaitable[None]],
        *,
        join: Callable[[Event, Event], Event | None] = join_payloads,
        every: float = EVERY,
        max_events: int = MAX_EVENTS,
    ) -> None:
        if every < 0 or max_events < 1:
            raise ValueError(f"every={every!r} has to be 0 or more, and max_events={max_events!r} 1 or more.")
        self.taken = 0
        self.published = 0
        self._publish = publish
        self._join = join
        self._every = every
        self._max_events = max_events
        self._waiting: Event | None = None
        self._count = 0
        self._next_at = 0.0
        self._lock = asyncio.Lock()
        self._timer: asyncio.Task[None] | None = None
        self._error: Exception | None = None

    async def send(self, event: Event) -> None:
        """Take one event; it is published now or soon.

        Args:
            event: The event.

        Raises:
            Exception: What publishing raised, now or since the last call.
        """
        self._raise()
        self.taken += 1
        if self._waiting is not None:
            joined = self._join(self._waiting, event)
            if joined is None:
                await self.flush()
                self._wait_with(event, 1)
            else:
                self._wait_with(joined, self._count + 1)
        else:
            self._wait_with(event, 1)
        now = asyncio.get_running_loop().time()
        if now >= self._next_at or self._count >= self._max_events:
            await self.flush()
        elif self._timer is None:
            # Not by the loop's task factory, which may run it before it is known here.
            work = self._flush_in(self._next_at - now)
            self._timer = asyncio.Task(work, loop=asyncio.get_running_loop())

    async def flush(self) -> None:
        """Publish what waits, after what is being published."""
        async with self._lock:
            event, self._waiting, self._count = self._waiting, None, 0
            if event is not None:
                self._next_at = asyncio.get_running_loop().time() + self._every
                await self._publish(event)
                self.published += 1

    def _wait_with(self, event: Event, count: int) -> None:
        self._waiting, self._count = event, count

    async def _flush_in(self, seconds: float) -> None:
        try:
            await asyncio.sleep(seconds)
        finally:
            self._timer = None
        try:
            await self.flush()
        except Exception as error:
            self._error = error

    def _raise(self) -> None:
        if self._error is not None:
            error, self._error = self._error, None
            raise error

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        timer: Any = self._timer
        if timer is not None:
            timer.cancel()
        await self.flush()
        if error is None:
            self._raise()
