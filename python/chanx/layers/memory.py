"""The in-process layer."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from typing import Any

from channels.exceptions import ChannelFull

from chanx._core import MemoryLayerCore
from chanx.layers.base import QUEUE_BYTES, Message, NativeChannelLayer

_OPTIONS = ("capacity", "channel_capacity", "expiry", "group_expiry", "queue_bytes", "strict")

_YIELD_AFTER = 50_000
"""Deliveries that ``group_send`` makes before it lets the event loop have a turn."""


class InMemoryChannelLayer(NativeChannelLayer):
    """Channels and groups of one process; stands in for ``channels.layers.InMemoryChannelLayer``.

    It works from several event loops in several threads, and without any (``send_sync``, ``group_send_sync``).

    Args:
        expiry: Seconds after which an unread message is dropped.
        group_expiry: Seconds that a member stays in a group after it joined or was last read from.
        capacity: Unread messages that a channel may hold.
        channel_capacity: Capacities of some channels: globs or compiled patterns to numbers; the first match counts.
        queue_bytes: Bound of what may wait beyond the capacities until the readers had their turn.
        strict: Refuse messages that a Redis layer could not carry, instead of copying them with a warning.

    Raises:
        ImproperlyConfigured: An option is unknown or makes no sense.
    """

    def __init__(
        self,
        expiry: float = 60,
        group_expiry: float = 86400,
        capacity: int = 100,
        channel_capacity: Mapping[str | re.Pattern[str], int] | None = None,
        *,
        queue_bytes: int = QUEUE_BYTES,
        strict: bool = False,
        **unknown: Any,
    ) -> None:
        self._check_options(unknown, _OPTIONS)
        super().__init__(
            expiry=expiry,
            group_expiry=group_expiry,
            capacity=capacity,
            channel_capacity=channel_capacity,
            queue_bytes=queue_bytes,
        )
        self.strict = strict
        self._core = MemoryLayerCore(
            expiry=expiry,
            group_expiry=group_expiry,
            queue_bytes=queue_bytes,
            strict=strict,
            capacity_of=self._capacity_rule(),
            report=self._drops.dropped,
            odd=self._drops.odd_object,
        )
        self._use_core(self._core)
        self._unyielded = 0

    # The Channels API

    async def send(self, channel: str, message: Message) -> None:
        """Puts a message into a channel.

        Raises:
            ChannelFull: The channel holds as many unread messages as its capacity allows.
            TypeError: The name is not valid, or the message cannot be sent.
        """
        self.send_sync(channel, message)

    async def new_channel(self, prefix: str = "specific.") -> str:
        """A channel name that nobody else has."""
        return f"{prefix}.inmemory!{self._unique_suffix()}"

    async def group_add(self, group: str, channel: str) -> None:
        """Adds a channel to a group."""
        self._core.group_add(group, channel)

    async def group_discard(self, group: str, channel: str) -> None:
        """Takes a channel out of a group; nothing happens when it is not in it."""
        self._core.group_discard(group, channel)

    async def group_send(self, group: str, message: Message) -> None:
        """Puts a message into each channel of a group; full ones are passed over and counted."""
        self._unyielded += self.group_send_sync(group, message)
        if self._unyielded > _YIELD_AFTER:
            # Whoever publishes to many members without ever waiting gives them a chance to read.
            self._unyielded = 0
            await asyncio.sleep(0)

    async def flush(self) -> None:
        """Forgets all messages and groups; tasks in ``receive()`` go on waiting."""
        self._core.flush()

    async def close(self) -> None:
        """Nothing is open: the layer stays usable."""

    # Beyond it

    def send_sync(self, channel: str, message: Message) -> None:
        """``send`` for any thread, with or without an event loop."""
        self._check_message(message)
        if not self._core.send(channel, message):
            raise ChannelFull(channel)

    def group_send_sync(self, group: str, message: Message) -> int:
        """``group_send`` for any thread, with or without an event loop.

        Returns:
            The number of channels that the message was put into.
        """
        self._check_message(message)
        return self._core.group_send(group, message)

    def group_send_many(self, messages: Iterable[tuple[str, Message]]) -> int:
        """Sends many messages to groups in one call.

        Args:
            messages: Pairs of a group name and a message.

        Returns:
            The number of channels that messages were put into.
        """
        return sum(self.group_send_sync(group, message) for group, message in messages)
