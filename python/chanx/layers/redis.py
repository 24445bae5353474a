"""The core Redis layer: messages wait in Redis until their process takes them."""

from __future__ import annotations

import asyncio
import os
import re
import uuid
import weakref
from collections.abc import Mapping, Sequence
from typing import Any

from chanx._core import RedisLayerCore
from chanx.layers.base import QUEUE_BYTES, Message
from chanx.layers.redis_base import COMMON_OPTIONS, NativeRedisLayer


class RedisChannelLayer(NativeRedisLayer[RedisLayerCore]):
    """Channels and groups in Redis; stands in for ``channels_redis.core.RedisChannelLayer``.

    Both share their wire format: a fleet half on one and half on the other talks both ways.

    Args:
        hosts: Where Redis is: URLs, ``(host, port)`` pairs or dicts; several share the names among them.
        prefix: Comes before every key in Redis.
        expiry: Seconds after which an unread message is dropped.
        group_expiry: Seconds that a member stays in a group whose process no longer renews it.
        capacity: Unread messages that a channel may hold.
        channel_capacity: Capacities of some channels: globs or compiled patterns to numbers.
        symmetric_encryption_keys: The first encrypts messages, all of them decrypt.
        random_prefix_length: Random bytes that tell equal messages apart; the same in the whole fleet.
        serializer_format: ``"msgpack"``, ``"json"``, or the name of a registered serializer.
        queue_bytes: Bound of what may wait beyond the capacities until the readers had their turn.

    Raises:
        ImproperlyConfigured: An option is unknown or makes no sense.
    """

    OPTIONS = (*COMMON_OPTIONS, "random_prefix_length")
    GAP = "messages waited in Redis, unless it was restarted without its data"

    def __init__(
        self,
        hosts: object = None,
        prefix: str = "asgi",
        expiry: float = 60,
        group_expiry: float = 86400,
        capacity: int = 100,
        channel_capacity: Mapping[str | re.Pattern[str], int] | None = None,
        symmetric_encryption_keys: Sequence[str] | None = None,
        random_prefix_length: int = 12,
        serializer_format: str = "msgpack",
        *,
        queue_bytes: int = QUEUE_BYTES,
        **unknown: Any,
    ) -> None:
        self._check_options(unknown, self.OPTIONS)
        super().__init__(
            expiry=expiry,
            group_expiry=group_expiry,
            capacity=capacity,
            channel_capacity=channel_capacity,
            queue_bytes=queue_bytes,
        )
        self.prefix = prefix
        self.client_prefix = uuid.uuid4().hex
        self._use_redis_core(
            RedisLayerCore(
                **self._connection_options(
                    hosts,
                    prefix,
                    serializer_format,
                    symmetric_encryption_keys,
                    random_prefix_length=random_prefix_length,
                    expiry=expiry,
                ),
                random_prefix_length=random_prefix_length,
                process=self.client_prefix,
                expiry=expiry,
                group_expiry=group_expiry,
                queue_bytes=queue_bytes,
                capacity_of=self._capacity_rule(),
                report=self._drops.dropped,
                undecodable=self._drops.undecodable,
                notify=self._notifier(),
            )
        )

        _layers.add(self)

    def _after_fork(self) -> None:
        """A child is a process of its own, which its parent's messages are not for."""
        self.client_prefix = uuid.uuid4().hex
        self._core.rename(self.client_prefix)

    async def send(self, channel: str, message: Message) -> None:
        """Sends a message to a channel, and waits until Redis has it.

        Raises:
            ChannelFull: The channel holds as many unread messages as its capacity allows.
            RedisError: Redis did not take it.
            TypeError: The name is not valid, or the message cannot be serialized.
        """
        self._check_message(message)
        await self._core.send(channel, message, self._capacity(channel))

    async def new_channel(self, prefix: str = "specific") -> str:
        """The name of a channel that only this process reads."""
        name = f"{prefix}.{self.client_prefix}!{uuid.uuid4().hex}"
        self._core.new_channel(name)
        return name

    async def group_add(self, group: str, channel: str) -> None:
        """Adds a channel to a group."""
        await self._core.group_add(group, channel)

    async def group_discard(self, group: str, channel: str) -> None:
        """Takes a channel out of a group; nothing happens when it is not in it."""
        await self._core.group_discard(group, channel)

    async def flush(self) -> None:
        """Deletes all messages and groups of this prefix from Redis, and those of this process."""
        await asyncio.to_thread(self._core.erase, 10.0)

    def _item(self, to_group: bool, name: str, message: Message) -> tuple[Any, ...]:
        return (to_group, name, message, 0 if to_group else self._capacity(name))

    def _capacity(self, channel: str) -> int:
        return self.get_capacity(channel) if isinstance(channel, str) and "!" not in channel else 0


_layers: weakref.WeakSet[RedisChannelLayer] = weakref.WeakSet()


def _after_fork() -> None:
    for layer in list(_layers):
        layer._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
