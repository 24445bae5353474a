"""Answers as the connections of one event loop follow them.

The hub hands over batches of (answer, text so far). Every follower has a position of its own: what it has sent to its
client. A client that does not keep up is passed over, and gets a larger piece later; nothing is kept for it.
"""

import asyncio
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from ai_chat.messages.session import DeltaChunk, WholeChunk
from chanx.codec import FrameEncoder

Batch = list[tuple[str, str, dict[str, Any] | None]]
"""Answer, its text so far, and the kept message once it has ended."""


class Follower(Protocol):
    """A connection that follows an answer."""

    position: int
    wants_positions: bool

    @property
    def keeps_up(self) -> bool:
        """Whether its client reads fast enough."""
        ...

    def push(self, text: str) -> bool:
        """Sends a frame without waiting."""
        ...

    def answer_ended(self, message: dict[str, Any]) -> None:
        """The answer has ended; all of its text has been pushed."""
        ...


class Feeds:
    """The followers of one event loop, by answer."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._followers: dict[str, list[Follower]] = {}

    def join(self, answer_id: str, follower: Follower) -> None:
        """Has a follower fed, from its position on."""
        from ai_chat.services.hub import hub

        followers = self._followers.setdefault(answer_id, [])
        if follower not in followers:
            followers.append(follower)
        hub.follow(answer_id, self)

    def leave(self, answer_id: str, follower: Follower) -> None:
        """Ends the feeding of a follower."""
        followers = self._followers.get(answer_id)
        if followers and follower in followers:
            followers.remove(follower)
            if not followers:
                del self._followers[answer_id]

    def deliver(self, batch: Batch) -> None:
        """Feeds the followers."""
        for answer_id, text, ended in batch:
            followers = self._followers.get(answer_id)
            if not followers:
                continue
            end = len(text)
            frames: dict[tuple[int, bool], str] = {}
            for follower in followers:
                start = follower.position
                if start < end and (ended is not None or follower.keeps_up):
                    key = (start, follower.wants_positions)
                    frame = frames.get(key)
                    if frame is None:
                        frame = frames[key] = chunk(answer_id, text, *key)
                    follower.position = end
                    follower.push(frame)
            if ended is not None:
                for follower in list(followers):
                    follower.answer_ended(ended)
                self._followers.pop(answer_id, None)


def chunk(answer_id: str, text: str, start: int, wants_positions: bool) -> str:
    """The frame with what follows a position."""
    message: WholeChunk | DeltaChunk
    if wants_positions:
        message = DeltaChunk.model_construct(message_id=answer_id, offset=start, content=text[start:])
    else:
        message = WholeChunk.model_construct(content=text[start:], full_content=text)
    return _encode(message) or message.model_dump_json()


_encode = FrameEncoder(camelize=False)
_feeds: "WeakKeyDictionary[asyncio.AbstractEventLoop, Feeds]" = WeakKeyDictionary()


def feeds_of_running_loop() -> Feeds:
    """The feeds of the loop that calls."""
    loop = asyncio.get_running_loop()
    found = _feeds.get(loop)
    if found is None:
        found = _feeds[loop] = Feeds(loop)
    return found
