"""The Redis pub/sub layer."""

from __future__ import annotations

import re
import sys
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from chanx._core import PubSubLayerCore
from chanx.layers.base import QUEUE_BYTES, Message
from chanx.layers.redis_base import COMMON_OPTIONS, Callback, NativeRedisLayer

_UNBOUNDED = sys.maxsize


class RedisPubSubChannelLayer(NativeRedisLayer[PubSubLayerCore]):
    """Channels and groups over Redis pub/sub; stands in for ``channels_redis.pubsub.RedisPubSubChannelLayer``.

    Both share their wire format: a fleet half on one and half on the other talks both ways.

    Args:
        hosts: Where Redis is: URLs, ``(host, port)`` pairs or dicts; several share the names among them.
        prefix: Comes before every name in Redis.
        on_disconnect: Called (and awaited, if need be) when a connection was lost.
        on_reconnect: Called when it is back; what was published meanwhile did not reach this process.
        symmetric_encryption_keys: The first encrypts messages, all of them decrypt.
        serializer_format: ``"msgpack"``, ``"json"``, or the name of a registered serializer.
        capacity: Unread messages that a channel may hold; no bound when None.
        channel_capacity: Capacities of some channels: globs or compiled patterns to numbers.
        expiry: Seconds after which an unread message is dropped.
        group_expiry: Seconds that a member stays in a group after it joined or was last read from.
        queue_bytes: Bound of what may wait beyond the capacities until the readers had their turn.

    Raises:
        ImproperlyConfigured: An option is unknown or makes no sense.
    """

    OPTIONS = (*COMMON_OPTIONS, "on_disconnect", "on_reconnect")
    GAP = "what was published then is lost"

    def __init__(
        self,
        hosts: object = None,
        prefix: str = "asgi",
        on_disconnect: Callback | None = None,
        on_reconnect: Callback | None = None,
        symmetric_encryption_keys: Sequence[str] | None = None,
        serializer_format: str = "msgpack",
        *,
        capacity: int | None = None,
        channel_capacity: Mapping[str | re.Pattern[str], int] | None = None,
        expiry: float = 60,
        group_expiry: float = 86400,
        queue_bytes: int = QUEUE_BYTES,
        **unknown: Any,
    ) -> None:
        self._check_options(unknown, self.OPTIONS)
        super().__init__(
            expiry=expiry,
            group_expiry=group_expiry,
            capacity=_UNBOUNDED if capacity is None else capacity,
            channel_capacity=channel_capacity,
            queue_bytes=queue_bytes,
        )
        self.prefix = prefix
        self.on_disconnect = on_disconnect
        self.on_reconnect = on_reconnect
        self._use_redis_core(
            PubSubLayerCore(
                **self._connection_options(hosts, prefix, serializer_format, symmetric_encryption_keys),
                expiry=expiry,
                group_expiry=group_expiry,
                queue_bytes=queue_bytes,
                capacity_of=self._capacity_rule(),
                report=self._drops.dropped,
                undecodable=self._drops.undecodable,
                notify=self._notifier(),
            )
        )

    async def send(self, channel: str, message: Message) -> None:
        """Publishes a message to a channel, and waits until Redis has it.

        Raises:
            RedisError: Redis did not take it.
            TypeError: The name is not valid, or the message cannot be serialized.
        """
        self._check_message(message)
        await self._core.send(channel, message)

    async def new_channel(self, prefix: str = "specific.") -> str:
        """A channel of this process, subscribed to in Redis."""
        name = f"{self.prefix}{prefix}{uuid.uuid4().hex}"
        try:
            pending = self._core.new_channel(name)
            if pending is not None:
                await pending
        except BaseException:
            self._core.drop_channel(name)
            raise
        return name

    async def group_add(self, group: str, channel: str) -> None:
        """Adds a channel of this process to a group."""
        pending = self._core.group_add(group, channel)
        if pending is None:
            return
        try:
            await pending
        except Exception:
            self._core.group_discard(group, channel)
            raise

    async def group_discard(self, group: str, channel: str) -> None:
        """Takes a channel out of a group; nothing happens when it is not in it."""
        self._core.group_discard(group, channel)

    async def flush(self) -> None:
        """Forgets this process's messages and groups; its channels stay."""
        self._core.flush()

    def _item(self, to_group: bool, name: str, message: Message) -> tuple[Any, ...]:
        return (to_group, name, message)
