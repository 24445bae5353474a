"""What all layers of this package share: options, checks, and the parts of the Channels API that need no transport."""

from __future__ import annotations

import fnmatch
import itertools
import re
import secrets
import time
import weakref
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from asgiref.sync import markcoroutinefunction
from channels.layers import BaseChannelLayer
from django.core.exceptions import ImproperlyConfigured

from chanx._core import LayerCore, SharedMessage
from chanx.layers.logs import DropLog

Message = dict[str, Any]
CapacityPatterns = list[tuple[re.Pattern[str], int]]

QUEUE_BYTES = 64 * 1024 * 1024
"""Default bound, in bytes, of the messages that wait beyond the capacity of their channels."""


class InvalidMessageError(TypeError, AssertionError):
    """A message is not what the Channels specification calls one.

    It is also an ``AssertionError`` because that is what the layers of Channels raise.
    """


@dataclass(frozen=True)
class ChannelState:
    """A channel as the ``channels`` of a layer shows it."""

    unread: int
    maxsize: int
    """Its capacity."""
    readers: int
    """Tasks that wait in ``receive()``."""

    def qsize(self) -> int:
        """The number of unread messages."""
        return self.unread

    def empty(self) -> bool:
        """Whether nothing is unread."""
        return self.unread == 0

    def full(self) -> bool:
        """Whether ``send`` would raise ``ChannelFull``."""
        return self.unread >= self.maxsize


class NativeChannelLayer(BaseChannelLayer):
    """Base of the layers: names, capacities and configuration errors."""

    extensions = ["groups", "flush"]
    strict = False

    def __init__(
        self,
        *,
        expiry: float,
        group_expiry: float,
        capacity: int,
        channel_capacity: Mapping[str | re.Pattern[str], int] | None,
        queue_bytes: int,
    ) -> None:
        self._check_number("expiry", expiry)
        self._check_number("group_expiry", group_expiry)
        self._check_count("capacity", capacity)
        self._check_count("queue_bytes", queue_bytes)
        self.expiry = expiry  # type: ignore[assignment]  # the stubs say int; fractions work too
        self.group_expiry = group_expiry
        self.capacity = capacity
        # The stubs give the type of the option; get_capacity() wants pairs here.
        self.channel_capacity = self._compile_capacities(channel_capacity)  # type: ignore[assignment]  # see above
        self._drops = DropLog(type(self).__name__)
        self._channel_prefix = secrets.token_hex(8)
        self._channel_number = itertools.count()

    @classmethod
    def _check_options(cls, unknown: Iterable[str], known: Iterable[str]) -> None:
        names = sorted(unknown)
        if names:
            raise ImproperlyConfigured(
                f"CHANNEL_LAYERS: {cls.__name__} has no option {', '.join(map(repr, names))}; "
                f"its options are {', '.join(sorted(known))}. Remove it from CONFIG."
            )

    @classmethod
    def _check_number(cls, name: str, value: object) -> None:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
            raise ImproperlyConfigured(
                f"CHANNEL_LAYERS: option {name!r} of {cls.__name__} must be a number of seconds "
                f"from 0, not {value!r}."
            )

    @classmethod
    def _check_count(cls, name: str, value: object) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ImproperlyConfigured(
                f"CHANNEL_LAYERS: option {name!r} of {cls.__name__} must be an int from 1, not {value!r}."
            )

    @classmethod
    def _compile_capacities(cls, capacities: object) -> CapacityPatterns:
        if capacities is None:
            return []
        if not isinstance(capacities, Mapping):
            raise ImproperlyConfigured(
                f"CHANNEL_LAYERS: option 'channel_capacity' of {cls.__name__} must be a dict of "
                f"globs or compiled patterns to ints, not {capacities!r}."
            )
        compiled: CapacityPatterns = []
        for pattern, capacity in cast("Mapping[object, int]", capacities).items():
            cls._check_count(f"channel_capacity[{pattern!r}]", capacity)
            if isinstance(pattern, str):
                compiled.append((re.compile(fnmatch.translate(pattern)), capacity))
            elif isinstance(pattern, re.Pattern):
                compiled.append((cast("re.Pattern[str]", pattern), capacity))
            else:
                raise ImproperlyConfigured(
                    f"CHANNEL_LAYERS: the keys of 'channel_capacity' of {cls.__name__} must be "
                    f"globs or compiled patterns, not {pattern!r}."
                )
        return compiled

    def _capacity_rule(self) -> Any:
        """An int when one capacity holds for all channels, else a function of the channel name."""
        own = type(self).get_capacity is not BaseChannelLayer.get_capacity
        if not (self.channel_capacity or own):
            return self.capacity
        # The core keeps the rule, so the rule must not keep the layer, which keeps the core.
        reference, default = weakref.ref(self), self.capacity

        def capacity(channel: str) -> int:
            layer = reference()
            return default if layer is None else layer.get_capacity(channel)

        return capacity

    def _check_message(self, message: object) -> None:
        if not isinstance(message, dict):
            raise InvalidMessageError(f"message is not a dict but {type(message).__name__}")
        if "__asgi_channel__" in message:
            raise InvalidMessageError("message has the key '__asgi_channel__', which is reserved")
        if self.strict and not isinstance(cast("dict[str, object]", message).get("type"), str):
            raise InvalidMessageError("message has no 'type', or one that is not a str")

    def _unique_suffix(self) -> str:
        return f"{self._channel_prefix}{next(self._channel_number):x}"

    def _use_core(self, core: LayerCore) -> None:
        self._table = core
        self._receive = cast("Callable[[str], Coroutine[Any, Any, Message]]", core.receiver())

    def receive(  # pyright: ignore[reportIncompatibleMethodOverride]  # a coroutine, though of a native type
        self, channel: str
    ) -> Coroutine[Any, Any, Message]:
        """The next message of a channel, waited for if need be.

        A task that is cancelled here loses no message: one that was on its way to it stays the first of its channel.

        Raises:
            TypeError: The name is not valid.
        """
        return self._receive(channel)

    markcoroutinefunction(receive)

    def drop_channel(self, channel: str) -> bool:
        """Frees a channel: its messages, its place in groups. False when there is none of that name."""
        return self._table.drop_channel(channel)

    def attach(
        self, channel: str, target: object, deliver: Callable[[list[tuple[object, SharedMessage]]], object]
    ) -> None:
        """Hands the messages of a channel over without ``receive()``, in the running event loop.

        One wake-up of the loop serves all channels that were attached in it: ``deliver`` is called with the pairs of
        target and message of all of them, in the order of each channel. A message to a group is one object for all
        its members in the process. ``drop_channel`` or ``detach`` ends it.

        Args:
            channel: The channel's name.
            target: Whatever ``deliver`` wants to know the channel by.
            deliver: Called in an empty context, with no task running; it must not block.

        Raises:
            RuntimeError: No event loop runs.
        """
        self._table.attach(channel, target, deliver)

    def detach(self, channel: str) -> None:
        """Ends what ``attach`` began; what is unread stays in the channel."""
        self._table.detach(channel)

    def pause(self, channel: str) -> None:
        """Leaves the messages of an attached channel in it, where its capacity and expiry count them."""
        self._table.pause(channel, True)

    def resume(self, channel: str) -> None:
        """Undoes ``pause``."""
        self._table.pause(channel, False)

    def stats(self) -> dict[str, Any]:
        """Counters: sent, received, delivered, dropped by reason, and what the layer holds now."""
        return self._table.stats()

    @property
    def channels(self) -> dict[str, ChannelState]:
        """A snapshot of the channels that hold messages or have readers."""
        return {name: ChannelState(*state) for name, state in self._table.channels().items()}

    @property
    def groups(self) -> dict[str, dict[str, float]]:
        """A snapshot of the groups: the members of each, and when (Unix time) their leases began."""
        now = time.time()
        return {
            group: {channel: now - age for channel, age in members.items()}
            for group, members in self._table.groups().items()
        }
