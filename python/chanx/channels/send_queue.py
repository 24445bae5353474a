"""The frames that wait for one client, bounded by the memory they take."""

import json
import sys
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import Any, Final, cast

Frame = dict[str, Any]

FRAME_OVERHEAD: Final = 256
"""What a waiting frame takes besides its text, in bytes: its dictionary and its place in the queue."""


def frame_bytes(frame: Frame) -> int:
    """The memory that a frame takes, in bytes."""
    content = frame.get("text")
    return FRAME_OVERHEAD + sys.getsizeof(frame.get("bytes") if content is None else content)


class SendQueue:
    """First in, first out.

    Attributes:
        bytes: The memory of what is in it.
    """

    __slots__ = ("_frames", "bytes")

    def __init__(self) -> None:
        self._frames: deque[tuple[Frame, int]] = deque()  # with what each takes
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._frames)

    def push(self, frame: Frame) -> int:
        """Add a frame.

        Args:
            frame: The frame.

        Returns:
            How many frames it superseded.
        """
        size = frame_bytes(frame)
        self._frames.append((frame, size))
        self.bytes += size
        return 0

    def pop(self) -> Frame:
        """Take the oldest frame out."""
        frame, size = self._frames.popleft()
        self.bytes -= size
        return frame

    def shrink(self, limit: int) -> int:
        """Drop the oldest frames until the rest fits; the newest stays whatever its size.

        Args:
            limit: What may stay, in bytes.

        Returns:
            How many frames were dropped.
        """
        dropped = 0
        while self.bytes > limit and len(self) > 1:
            self.pop()
            dropped += 1
        return dropped


class LatestQueue(SendQueue):
    """A queue in which a frame takes the place of an earlier one with the same key."""

    __slots__ = ("_by_key", "_count", "_key_of")

    def __init__(self, key_of: Callable[[dict[str, Any]], Hashable]) -> None:
        super().__init__()
        self._by_key: OrderedDict[Hashable, Frame] = OrderedDict()
        self._key_of = key_of
        self._count = 0

    def __len__(self) -> int:
        return len(self._by_key)

    def push(self, frame: Frame) -> int:
        """Add a frame in place of the one with its key.

        Args:
            frame: The frame; one that is no JSON object supersedes nothing.

        Returns:
            How many frames it superseded: 0 or 1.
        """
        message = _message_of(frame)
        key: Hashable
        if message is None:
            self._count += 1
            key = (LatestQueue, self._count)  # no other's
        else:
            key = self._key_of(message)
        earlier = self._by_key.pop(key, None)
        if earlier is not None:
            self.bytes -= frame_bytes(earlier)
        self._by_key[key] = frame
        self.bytes += frame_bytes(frame)
        return int(earlier is not None)

    def pop(self) -> Frame:
        """Take the oldest frame out."""
        _, frame = self._by_key.popitem(last=False)
        self.bytes -= frame_bytes(frame)
        return frame


_last: tuple[Frame, dict[str, Any] | None] | None = None


def _message_of(frame: Frame) -> dict[str, Any] | None:
    """The message in a frame; a broadcast's is read once for all the clients that wait for it."""
    global _last
    if _last is not None and _last[0] is frame:
        return _last[1]
    try:
        content = json.loads(frame["text"])
    except (KeyError, TypeError, ValueError):
        content = None
    message = cast("dict[str, Any]", content) if isinstance(content, dict) else None
    _last = (frame, message)
    return message
