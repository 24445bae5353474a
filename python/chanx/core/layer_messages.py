"""Messages and events between consumers, through the channel layer."""

from collections.abc import Callable, Collection
from typing import Any, cast

from pydantic import ValidationError

from chanx.core.consumer_base import ReceiveEvent
from chanx.core.event_stream import EVERY, MAX_EVENTS, EventStream, join_payloads
from chanx.core.results import send_result
from chanx.core.sending import Sending
from chanx.core.tasks import begin_publishing, end_publishing
from chanx.exceptions import ConfigurationError
from chanx.messages.base import BaseMessage
from chanx.messages.outgoing import EventCompleteMessage, GroupCompleteMessage
from chanx.type_defs import EventPayload, GroupMessageEvent
from chanx.utils.logging import logger

GROUP_MESSAGE_TYPE = "handle_group_message"
CHANNEL_EVENT_TYPE = "handle_channel_event"


class LayerMessages(Sending[ReceiveEvent]):
    """Broadcasting to groups, sending events, and receiving both."""

    async def join_group(self, group: str) -> None:
        """Join a group; left again when the connection ends.

        Args:
            group: Name of the group.
        """
        await self._chanx_required_layer().group_add(group, self.channel_name)
        if group not in self.groups:
            self.groups.append(group)

    async def leave_group(self, group: str) -> None:
        """Leave a group; nothing happens when the connection is not in it.

        Args:
            group: Name of the group.
        """
        await self._chanx_required_layer().group_discard(group, self.channel_name)
        if group in self.groups:
            self.groups.remove(group)

    async def broadcast_message(
        self,
        message: BaseMessage | dict[str, Any],
        groups: Collection[str] | str | None = None,
        *,
        exclude_current: bool = False,
    ) -> None:
        """Send a message to the clients of every connection in some groups.

        Args:
            message: The message, or JSON content.
            groups: The groups; those this connection is in by default.
            exclude_current: Leave out this connection's own client.

        Raises:
            ConfigurationError: There is no channel layer.
        """
        layer = self._chanx_required_layer()
        listed = self.groups if groups is None else groups
        tasks, task = begin_publishing()
        try:
            if type(listed) is list and len(listed) == 1:
                # Nothing that the message is made of lives on while its answer is awaited.
                await layer.group_send(listed[0], self._chanx_group_message(message, exclude_current))
            else:
                event = self._chanx_group_message(message, exclude_current)
                for group in _listed(listed):
                    await layer.group_send(group, dict(event))
        finally:
            end_publishing(tasks, task)

    def _chanx_group_message(self, message: BaseMessage | dict[str, Any], exclude: bool) -> dict[str, Any]:
        """A message as ``handle_group_message`` takes it out of the channel layer."""
        return {
            "type": GROUP_MESSAGE_TYPE,
            "message": message.model_dump(mode="json") if isinstance(message, BaseMessage) else message,
            "exclude_current": exclude,
            "from_channel": self.channel_name,
        }

    async def handle_group_message(self, event: GroupMessageEvent) -> None:
        """Send a broadcast message on to this connection's client.

        Args:
            event: The message as it came through the channel layer.
        """
        if event.get("exclude_current") and event.get("from_channel") == self.channel_name:
            return
        content = cast("dict[str, Any]", event).get("message")
        if content is None:
            logger.error("Group message ignored: it has no 'message'")
            return
        await self.send_json(content)
        if self.should_send_completion:
            await self.send_message(GroupCompleteMessage())

    @classmethod
    async def send_event(cls, event: ReceiveEvent, channel_name: str) -> None:
        """Send an event to one connection.

        Args:
            event: The event.
            channel_name: The connection's channel.

        Raises:
            ConfigurationError: There is no channel layer.
        """
        layer = cls._chanx_class_layer()
        tasks, task = begin_publishing()
        try:
            await layer.send(channel_name, _event_message(event))
        finally:
            end_publishing(tasks, task)

    @classmethod
    def send_event_sync(cls, event: ReceiveEvent, channel_name: str) -> None:
        """Send an event to one connection, from code without an event loop.

        Args:
            event: The event.
            channel_name: The connection's channel.

        Raises:
            ConfigurationError: There is no channel layer.
        """
        layer = cls._chanx_class_layer()
        _sync_method(layer, "send")(channel_name, _event_message(event))

    @classmethod
    async def broadcast_event(cls, event: ReceiveEvent, groups: Collection[str] | str | None = None) -> None:
        """Send an event to every connection in some groups.

        Args:
            event: The event.
            groups: The groups; those that every connection of the class joins by default.

        Raises:
            ConfigurationError: There is no channel layer.
        """
        layer = cls._chanx_class_layer()
        message = _event_message(event)
        tasks, task = begin_publishing()
        try:
            for group in _listed(cls._chanx_default_groups() if groups is None else groups):
                await layer.group_send(group, message)
        finally:
            end_publishing(tasks, task)

    @classmethod
    def event_stream(
        cls,
        groups: Collection[str] | str | None = None,
        *,
        join: Callable[[ReceiveEvent, ReceiveEvent], ReceiveEvent | None] = join_payloads,
        every: float = EVERY,
        max_events: int = MAX_EVENTS,
    ) -> EventStream[ReceiveEvent]:
        """A stream of events to every connection in some groups, for what comes in small pieces, such as tokens.

        Events keep their order; those that come within ``every`` seconds are joined into one.

        Args:
            groups: The groups; those that every connection of the class joins by default.
            join: Joins two events into one; by default the events' own ``join`` method, else their payloads if those
                are text.
            every: Seconds between two published events; 0 publishes each by itself.
            max_events: How many events are joined into one.

        Returns:
            An asynchronous context manager with ``send(event)``.
        """

        async def publish(event: ReceiveEvent) -> None:
            await cls.broadcast_event(event, groups)

        return EventStream(publish, join=join, every=every, max_events=max_events)

    @classmethod
    def broadcast_event_sync(cls, event: ReceiveEvent, groups: Collection[str] | str | None = None) -> None:
        """Send an event to every connection in some groups, from code without an event loop.

        Args:
            event: The event.
            groups: The groups; those that every connection of the class joins by default.

        Raises:
            ConfigurationError: There is no channel layer.
        """
        group_send = _sync_method(cls._chanx_class_layer(), "group_send")
        message = _event_message(event)
        for group in _listed(cls._chanx_default_groups() if groups is None else groups):
            group_send(group, message)

    async def handle_channel_event(self, event_payload: EventPayload) -> None:
        """Validate an event and have it handled; one that is unknown or invalid is only logged.

        Args:
            event_payload: The event as it came through the channel layer.
        """
        adapter = self.incoming_event_adapter
        if adapter is None:
            logger.error("Channel event ignored: the consumer has no event handlers")
            return
        try:
            event = adapter.validate_python(event_payload.get("event_data"))
        except ValidationError as error:
            logger.error(f"Channel event validation failed: {error}")
            return
        try:
            await self.receive_event(event)
        finally:
            if self.should_send_completion:
                await self.send_message(EventCompleteMessage())

    async def receive_event(self, event: BaseMessage) -> None:
        """Call the handler of an event and send what it returns.

        Args:
            event: The event.
        """
        action = getattr(event, self.discriminator_field)
        try:
            result = getattr(self, self._chanx_event_methods[action])(event)
            await send_result(result, self.send_message)
        except Exception as error:
            await self.handle_event_handler_error(error, action, event)

    @classmethod
    def _chanx_class_layer(cls) -> Any:
        layer = cls.get_channel_layer(cls.channel_layer_alias)
        if layer is None:
            raise cls._chanx_no_layer_error()
        return layer

    def _chanx_required_layer(self) -> Any:
        if self.channel_layer is None:
            raise self._chanx_no_layer_error()
        return self.channel_layer

    @classmethod
    def _chanx_no_layer_error(cls) -> ConfigurationError:
        alias = cls.channel_layer_alias
        return ConfigurationError(
            f"{cls.__name__} needs the channel layer {alias!r}: add it to CHANNEL_LAYERS."
        )


def _listed(groups: Collection[str] | str) -> list[str]:
    """The groups as a list of their own: members may join and leave while it is walked."""
    return [groups] if isinstance(groups, str) else list(groups)


def _event_message(event: BaseMessage) -> dict[str, Any]:
    return {"type": CHANNEL_EVENT_TYPE, "event_data": event.model_dump(mode="json")}


def _sync_method(layer: Any, name: str) -> Any:
    """The layer's method for callers without a loop, else its coroutine run in a loop."""
    # Asked of the class: channels_redis' pub/sub layer is a proxy that needs a running loop for more.
    if hasattr(type(layer), f"{name}_sync"):
        return getattr(layer, f"{name}_sync")
    from asgiref.sync import async_to_sync  # the framework's; without one there is no such layer

    return async_to_sync(getattr(layer, name))
