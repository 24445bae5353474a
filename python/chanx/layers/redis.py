"""The core Redis layer: messages wait in Redis until their process takes them."""

from __future__ import annotations

import asyncio
import atexit
import re
import uuid
import weakref
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from chanx._core import RedisLayerCore
from chanx.layers.base import QUEUE_BYTES, Message, NativeChannelLayer
from chanx.layers.hosts import parse_hosts

_OPTIONS = (
    "capacity",
    "channel_capacity",
    "expiry",
    "group_expiry",
    "hosts",
    "prefix",
    "queue_bytes",
    "random_prefix_length",
    "serializer_format",
    "symmetric_encryption_keys",
)
_EXIT_SECONDS = 5.0


class RedisChannelLayer(NativeChannelLayer):
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
        serializer_format: ``"msgpack"`` or ``"json"``.
        queue_bytes: Bound of what may wait beyond the capacities until the readers had their turn.

    Raises:
        ImproperlyConfigured: An option is unknown or makes no sense.
    """

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
        self._check_options(unknown, _OPTIONS)
        super().__init__(
            expiry=expiry,
            group_expiry=group_expiry,
            capacity=capacity,
            channel_capacity=channel_capacity,
            queue_bytes=queue_bytes,
        )
        if serializer_format not in ("msgpack", "json"):
            raise ImproperlyConfigured(
                f"CHANNEL_LAYERS: 'serializer_format' of {type(self).__name__} must be 'msgpack' or 'json', "
                f"not {serializer_format!r}."
            )
        if isinstance(symmetric_encryption_keys, (str, bytes)):
            raise ImproperlyConfigured(
                "CHANNEL_LAYERS: 'symmetric_encryption_keys' must be a list of keys, not a single one."
            )
        self.prefix = prefix
        self.client_prefix = uuid.uuid4().hex
        self._core = RedisLayerCore(
            hosts=parse_hosts(hosts),
            prefix=prefix,
            json=serializer_format == "json",
            keys=list(symmetric_encryption_keys or ()),
            random_prefix_length=random_prefix_length,
            process=self.client_prefix,
            expiry=expiry,
            group_expiry=group_expiry,
            capacity=capacity,
            queue_bytes=queue_bytes,
            capacity_of=self._capacity_rule(),
            report=self._drops.dropped,
            undecodable=self._drops.undecodable,
        )
        self._use_core(self._core)
        atexit.register(_flush_at_exit, weakref.ref(self))

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

    async def group_send(self, group: str, message: Message) -> None:
        """Sends a message to all members of a group, but those that are full."""
        self._check_message(message)
        await self._core.group_send(group, message)

    async def flush(self) -> None:
        """Deletes all messages and groups of this prefix from Redis, and those of this process."""
        await asyncio.to_thread(self._core.erase, 10.0)

    async def close(self) -> None:
        """Closes the connections; the layer opens them again when it is used."""
        self._core.close()

    def send_sync(self, channel: str, message: Message, *, wait: bool = True, timeout: float = 10) -> None:
        """``send`` for any thread, with or without an event loop.

        Args:
            channel: The channel's name.
            message: The message.
            wait: Return when Redis has answered; else the message is on its way, see ``flush_sync``.
            timeout: Seconds to wait at most.
        """
        self._check_message(message)
        self._core.send_many([(False, channel, message, self._capacity(channel))], timeout if wait else 0)

    def group_send_sync(
        self, group: str, message: Message, *, wait: bool = True, timeout: float = 10
    ) -> None:
        """``group_send`` for any thread, with or without an event loop; see ``send_sync``."""
        self._check_message(message)
        self._core.send_many([(True, group, message, 0)], timeout if wait else 0)

    def group_send_many(
        self, messages: Iterable[tuple[str, Message]], *, wait: bool = True, timeout: float = 10
    ) -> None:
        """Sends many messages to groups in one go; see ``send_sync``.

        Args:
            messages: Pairs of a group name and a message.
            wait: Return when Redis has answered.
            timeout: Seconds to wait at most.
        """
        items = list(messages)
        for _, message in items:
            self._check_message(message)
        self._core.send_many([(True, group, message, 0) for group, message in items], timeout if wait else 0)

    def flush_sync(self, timeout: float = 10) -> bool:
        """Waits until Redis has answered all that was sent with ``wait=False``; False when that took longer."""
        return self._core.flush_sync(timeout)

    def stats(self) -> dict[str, Any]:
        """Counters of the layer and of its connections."""
        return {**super().stats(), **self._core.redis_stats()}

    def _capacity(self, channel: str) -> int:
        return self.get_capacity(channel) if isinstance(channel, str) and "!" not in channel else 0


def _flush_at_exit(reference: weakref.ref[RedisChannelLayer]) -> None:
    layer = reference()
    if layer is not None and layer._core.redis_stats()["backlog_bytes"]:
        layer.flush_sync(_EXIT_SECONDS)
