"""What the two Redis layers share: connection options, the serializer, publishing without a loop, counters."""

from __future__ import annotations

import asyncio
import atexit
import inspect
import weakref
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from asgiref.sync import markcoroutinefunction
from django.core.exceptions import ImproperlyConfigured

from chanx._core import PubSubLayerCore, RedisLayerCore
from chanx.layers.base import InvalidMessageError, Message, NativeChannelLayer
from chanx.layers.hosts import parse_hosts
from chanx.layers.logs import ConnectionLog, logger
from chanx.layers.serializers import SerializerDoesNotExist, registered_names, serializer_for

COMMON_OPTIONS = (
    "capacity",
    "channel_capacity",
    "expiry",
    "group_expiry",
    "hosts",
    "prefix",
    "queue_bytes",
    "serializer_format",
    "symmetric_encryption_keys",
)
_EXIT_SECONDS = 5.0

Callback = Callable[[], object]
Core = TypeVar("Core", bound=RedisLayerCore | PubSubLayerCore)


class NativeRedisLayer(NativeChannelLayer, Generic[Core]):
    """Base of the Redis layers."""

    OPTIONS: ClassVar[tuple[str, ...]] = COMMON_OPTIONS
    GAP: ClassVar[str]
    """What became of the messages that were sent while the connection was lost."""
    on_disconnect: Callback | None = None
    on_reconnect: Callback | None = None
    _core: Core

    def _connection_options(
        self,
        hosts: object,
        prefix: object,
        serializer_format: str,
        keys: Sequence[str] | None,
        **serializer_options: Any,
    ) -> dict[str, Any]:
        """The options that the cores of both layers take, checked.

        Args:
            hosts: The option of that name.
            prefix: The option of that name.
            serializer_format: The option of that name.
            keys: ``symmetric_encryption_keys``.
            serializer_options: What a registered serializer is made with, beside the keys.
        """
        name = type(self).__name__
        if isinstance(keys, (str, bytes)):
            raise ImproperlyConfigured(
                "CHANNEL_LAYERS: 'symmetric_encryption_keys' must be a list of keys, not a single one."
            )
        if not isinstance(prefix, str):
            raise ImproperlyConfigured(
                f"CHANNEL_LAYERS: option 'prefix' of {name} must be a str, not {prefix!r}."
            )
        try:
            serializer = serializer_for(
                serializer_format, symmetric_encryption_keys=keys, **serializer_options
            )
        except SerializerDoesNotExist as error:
            raise ImproperlyConfigured(
                f"CHANNEL_LAYERS: 'serializer_format' of {name} is {serializer_format!r}, and no serializer of "
                f"that name is registered, only {', '.join(registered_names())}. Register yours with "
                "chanx.layers.serializers.registry before the layer is made."
            ) from error
        return {
            "hosts": parse_hosts(hosts),
            "prefix": prefix,
            "serializer": serializer,
            "keys": list(keys or ()),
        }

    def _use_redis_core(self, core: Core) -> None:
        self._core = core
        self._tasks: set[asyncio.Task[Any]] = set()
        self._connections = ConnectionLog(type(self).__name__, self.GAP)
        self._use_core(core)
        atexit.register(_flush_at_exit, weakref.ref(self))

    def _item(self, to_group: bool, name: str, message: Message) -> tuple[Any, ...]:
        """What the core's ``send_many`` takes for one message."""
        raise NotImplementedError

    def group_send(  # pyright: ignore[reportIncompatibleMethodOverride]  # to be awaited all the same
        self, group: str, message: Message
    ) -> Coroutine[Any, Any, None]:
        """Sends a message to all members of a group, and waits until Redis has it.

        Returns:
            What to await; not a coroutine around it, for many may wait at once.

        Raises:
            RedisError: Redis did not take it.
            TypeError: The name is not valid, or the message cannot be serialized.
        """
        try:
            self._check_message(message)
        except InvalidMessageError as error:
            return _refused(error)  # raised where it is awaited
        pending: Coroutine[Any, Any, None] = self._core.group_send(group, message)
        return pending

    markcoroutinefunction(group_send)

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
        self._publish([(False, channel, message)], wait, timeout)

    def group_send_sync(
        self, group: str, message: Message, *, wait: bool = True, timeout: float = 10
    ) -> None:
        """``group_send`` for any thread, with or without an event loop; see ``send_sync``."""
        self._publish([(True, group, message)], wait, timeout)

    def group_send_many(
        self, messages: Iterable[tuple[str, Message]], *, wait: bool = True, timeout: float = 10
    ) -> None:
        """Sends many messages to groups in one go; see ``send_sync``.

        Args:
            messages: Pairs of a group name and a message.
            wait: Return when Redis has answered.
            timeout: Seconds to wait at most.
        """
        self._publish([(True, group, message) for group, message in messages], wait, timeout)

    def flush_sync(self, timeout: float = 10) -> bool:
        """Waits until Redis has answered all that was sent with ``wait=False``; False when that took longer."""
        return self._core.flush_sync(timeout)

    def stats(self) -> dict[str, Any]:
        """Counters of the layer and of its connections."""
        return {**super().stats(), **self._core.redis_stats()}

    def _notifier(self) -> Callable[[str, str], None]:
        """What the core calls with events; it keeps that for good, so it must not keep the layer."""
        reference = weakref.ref(self)

        def notify(what: str, text: str) -> None:
            alive = reference()
            if alive is not None:
                alive._event(what, text)

        return notify

    def _event(self, what: str, text: str) -> None:
        if what == "dropped":
            counts = (entry.split("=") for entry in text.split())
            self._drops.dropped({reason: int(count) for reason, count in counts})
            return
        self._connections.event(what, text)
        callback = {"disconnected": self.on_disconnect, "reconnected": self.on_reconnect}.get(what)
        if callback is None:
            return
        # A task even for a plain function: it may use the layer, which the drain that runs this must not wait for.
        task = asyncio.get_running_loop().create_task(_called(callback))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _publish(self, messages: list[tuple[bool, str, Message]], wait: bool, timeout: float) -> None:
        for _, _, message in messages:
            self._check_message(message)
        items: list[Any] = [self._item(*each) for each in messages]
        self._core.send_many(items, timeout if wait else 0)


async def _refused(error: InvalidMessageError) -> None:
    raise error


async def _called(callback: Callback) -> None:
    try:
        result = callback()
        if inspect.isawaitable(result):
            await result
    except Exception:
        logger.exception("A callback of the channel layer failed")


def _flush_at_exit(reference: weakref.ref[NativeRedisLayer[Any]]) -> None:
    layer = reference()
    if layer is not None and layer._core.redis_stats()["backlog_bytes"]:
        layer.flush_sync(_EXIT_SECONDS)
