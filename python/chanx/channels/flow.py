"""What the servers' ``send`` lacks: waiting for the client (daphne), and giving up a client that takes nothing.

uvicorn's and granian's ``send`` suspend while the client does not read. daphne's never does: it would hold whatever is
sent to a client that has stalled. Its transport tells, through Twisted's producer interface, when its buffer is full.
"""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Any, Final

Send = Callable[[dict[str, Any]], Awaitable[None]]

STEPPED_BY_HAND: Final = ("uvicorn.", "daphne.", __name__)
"""Modules whose ``send`` needs no task around it."""

CLOSE_GRACE: Final = 5.0
"""Seconds that a slow client has to take the close frame, before its connection is broken."""

_REFUSED_BY_DAPHNE: Final = range(1001, 3000)
"""Close codes that it raises an error for, though applications may use the registered ones among them."""


def controlled(send: Send) -> Send:
    """A ``send`` that suspends while the client does not read; the same one where it does already.

    Args:
        send: The server's ``send``.
    """
    protocol = _daphne_protocol(send)
    transport = getattr(protocol, "transport", None)
    if transport is None:
        return send
    flow = _DaphneFlow(send)
    try:
        transport.unregisterProducer()  # the HTTP channel that the connection began as
        transport.registerProducer(flow, True)
    except (AttributeError, RuntimeError):
        return send
    return flow.send


def is_stepped_by_hand(send: Send) -> bool:
    """Whether a ``send`` may be stepped without a task: it writes first, and suspends on plain futures only."""
    function = send.func if isinstance(send, functools.partial) else send
    return str(getattr(function, "__module__", None)).startswith(STEPPED_BY_HAND)


def abort(send: Send) -> None:
    """Break a connection whose client takes nothing, where the server lets its transport be reached.

    Args:
        send: The server's ``send``, or what ``controlled`` made of it.
    """
    owner = getattr(send, "__self__", None)
    if isinstance(owner, _DaphneFlow):
        transport = getattr(_daphne_protocol(owner.inner), "transport", None)
    else:
        transport = getattr(owner, "transport", None)
    for name in ("abort", "abortConnection"):
        method = getattr(transport, name, None)
        if method is not None:
            method()
            return


def _daphne_protocol(send: Send) -> Any:
    if isinstance(send, functools.partial) and send.args and is_stepped_by_hand(send):
        return send.args[0]
    return None


class _DaphneFlow:
    """Registered with the transport as what produces its data, to be told when it has had enough."""

    __slots__ = ("_room", "inner")

    def __init__(self, send: Send) -> None:
        self.inner = send
        self._room: asyncio.Event | None = None

    async def send(self, message: dict[str, Any]) -> None:
        """The server's ``send``, once there is room."""
        while self._room is not None:
            await self._room.wait()
        code = message.get("code")
        if message["type"] == "websocket.close" and code in _REFUSED_BY_DAPHNE:
            protocol = _daphne_protocol(self.inner)
            if protocol.state == protocol.STATE_OPEN:
                protocol.closeHandshakeTimeout = (
                    CLOSE_GRACE  # one second else, for all that the client has to read
                )
                protocol.sendCloseFrame(code=code)
                return
        await self.inner(message)

    # Twisted's interface of producers.

    def pauseProducing(self) -> None:
        """The transport's buffer is full."""
        if self._room is None:
            self._room = asyncio.Event()

    def resumeProducing(self) -> None:
        """The transport's buffer is empty."""
        if self._room is not None:
            self._room.set()
            self._room = None

    def stopProducing(self) -> None:
        """The connection is lost: nobody has to wait any more."""
        self.resumeProducing()
