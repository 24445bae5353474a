"""The Redis pub/sub layer."""

from __future__ import annotations

import asyncio
import atexit
import inspect
import re
import sys
import uuid
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from chanx._core import PubSubLayerCore
from chanx.layers.base import QUEUE_BYTES, Message, NativeChannelLayer
from chanx.layers.hosts import parse_hosts
from chanx.layers.logs import logger

_OPTIONS = (
    "capacity",
    "channel_capacity",
    "expiry",
    "group_expiry",
    "hosts",
    "on_disconnect",
    "on_reconnect",
    "prefix",
    "queue_bytes",
    "serializer_format",
    "symmetric_encryption_keys",
)
_UNBOUNDED = sys.maxsize
_EXIT_SECONDS = 5.0

Callback = Callable[[], object]


class RedisPubSubChannelLayer(NativeChannelLayer):
    """Channels and groups over Redis pub/sub; stands in for ``channels_redis.pubsub.RedisPubSubChannelLayer``.

    Both share their wire format: a fleet half on one and half on the other talks both ways.

    Args:
        hosts: Where Redis is: URLs, ``(host, port)`` pairs or dicts; several share the names among them.
        prefix: Comes before every name in Redis.
        on_disconnect: Called (and awaited, if need be) when a connection was lost.
        on_reconnect: Called when it is back; what was published meanwhile did not reach this process.
        symmetric_encryption_keys: The first encrypts messages, all of them decrypt.
        serializer_format: ``"msgpack"`` or ``"json"``.
        capacity: Unread messages that a channel may hold; no bound when None.
        channel_capacity: Capacities of some channels: globs or compiled patterns to numbers.
        expiry: Seconds after which an unread message is dropped.
        group_expiry: Seconds that a member stays in a group after it joined or was last read from.
        queue_bytes: Bound of what may wait beyond the capacities until the readers had their turn.

    Raises:
        ImproperlyConfigured: An option is unknown or makes no sense.
    """

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
        self._check_options(unknown, _OPTIONS)
        super().__init__(
            expiry=expiry,
            group_expiry=group_expiry,
            capacity=_UNBOUNDED if capacity is None else capacity,
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
        self.on_disconnect = on_disconnect
        self.on_reconnect = on_reconnect
        self._tasks: set[asyncio.Task[Any]] = set()
        self._core = PubSubLayerCore(
            hosts=parse_hosts(hosts),
            prefix=prefix,
            json=serializer_format == "json",
            keys=list(symmetric_encryption_keys or ()),
            expiry=expiry,
            group_expiry=group_expiry,
            queue_bytes=queue_bytes,
            capacity_of=self._capacity_rule(),
            report=self._drops.dropped,
            undecodable=self._drops.undecodable,
            notify=_notifier(self),
        )
        self._use_core(self._core)
        atexit.register(_flush_at_exit, weakref.ref(self))

    # The Channels API

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
            await _settled(self._core.new_channel(name))
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

    async def group_send(self, group: str, message: Message) -> None:
        """Publishes a message to a group, and waits until Redis has it."""
        self._check_message(message)
        await self._core.group_send(group, message)

    async def flush(self) -> None:
        """Forgets this process's messages and groups; its channels stay."""
        self._core.flush()

    async def close(self) -> None:
        """Closes the connections; the layer opens them again when it is used."""
        self._core.close()

    # Beyond it

    def send_sync(self, channel: str, message: Message, *, wait: bool = True, timeout: float = 10) -> None:
        """``send`` for any thread, with or without an event loop.

        Args:
            channel: The channel's name.
            message: The message.
            wait: Return when Redis has answered; else the message is on its way, see ``flush_sync``.
            timeout: Seconds to wait at most.
        """
        self._check_message(message)
        self._core.send_many([(False, channel, message)], timeout if wait else 0)

    def group_send_sync(
        self, group: str, message: Message, *, wait: bool = True, timeout: float = 10
    ) -> None:
        """``group_send`` for any thread, with or without an event loop; see ``send_sync``."""
        self._check_message(message)
        self._core.send_many([(True, group, message)], timeout if wait else 0)

    def group_send_many(
        self, messages: Iterable[tuple[str, Message]], *, wait: bool = True, timeout: float = 10
    ) -> None:
        """Sends many messages to groups in one write; see ``send_sync``.

        Args:
            messages: Pairs of a group name and a message.
            wait: Return when Redis has answered.
            timeout: Seconds to wait at most.
        """
        items = list(messages)
        for _, message in items:
            self._check_message(message)
        self._core.send_many([(True, group, message) for group, message in items], timeout if wait else 0)

    def flush_sync(self, timeout: float = 10) -> bool:
        """Waits until Redis has answered all that was sent with ``wait=False``; False when that took longer."""
        return self._core.flush_sync(timeout)

    def stats(self) -> dict[str, Any]:
        """Counters of the layer and of its connections."""
        return {**super().stats(), **self._core.redis_stats()}

    def _connection_event(self, what: str, text: str) -> None:
        if what == "dropped":
            counts = (entry.split("=") for entry in text.split())
            self._drops.dropped({reason: int(count) for reason, count in counts})
            return
        if what == "disconnected":
            logger.warning("%s lost a connection: %s", type(self).__name__, text)
            callback = self.on_disconnect
        elif what == "reconnected":
            logger.warning(
                "%s is connected again after %s ms; what was published then is lost",
                type(self).__name__,
                text,
            )
            callback = self.on_reconnect
        else:
            logger.warning("%s lost a subscription: %s", type(self).__name__, text)
            return
        if callback is None:
            return
        # A task even for a plain function: it may use the layer, which the drain that runs this must not wait for.
        task = asyncio.get_running_loop().create_task(_called(callback))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _called(callback: Callback) -> None:
    try:
        result = callback()
        if inspect.isawaitable(result):
            await result
    except Exception:
        logger.exception("A callback of the pub/sub layer failed")


async def _settled(pending: Any) -> None:
    if pending is not None:
        await pending


def _notifier(layer: RedisPubSubChannelLayer) -> Callable[[str, str], None]:
    """The core keeps it for good, so it must not keep the layer."""
    reference = weakref.ref(layer)

    def notify(what: str, text: str) -> None:
        alive = reference()
        if alive is not None:
            alive._connection_event(what, text)

    return notify


def _flush_at_exit(reference: weakref.ref[RedisPubSubChannelLayer]) -> None:
    layer = reference()
    if layer is not None and layer._core.redis_stats()["backlog_bytes"]:
        layer.flush_sync(_EXIT_SECONDS)
