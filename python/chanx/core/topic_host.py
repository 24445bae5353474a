"""Several topics over one connection."""

from typing import TYPE_CHECKING, Any, cast

from chanx.core.consumer_base import ReceiveEvent
from chanx.core.envelope import Envelope, TopicErrorReason, current_ref, current_seq
from chanx.core.layer_messages import LayerMessages
from chanx.messages.outgoing import ErrorMessage
from chanx.messages.topic import SubscribedMessage, UnsubscribedMessage
from chanx.utils.logging import logger

if TYPE_CHECKING:
    from chanx.core.topic import Topic

_SUBSCRIBE = "subscribe"
_UNSUBSCRIBE = "unsubscribe"


class TopicHost(LayerMessages[ReceiveEvent]):
    """Subscribing, unsubscribing, and routing frames and events to topics."""

    @classmethod
    def _chanx_match(cls, topic: str) -> type["Topic[Any]"] | None:
        """The declared topic class that a topic belongs to."""
        declared = cls.topics
        if cls.default_topic is not None and cls.default_topic not in declared:
            declared = [*declared, cls.default_topic]
        return next((candidate for candidate in declared if candidate.parse(topic) is not None), None)

    async def _chanx_route_to_topic(self, envelope: Envelope, content: dict[str, Any]) -> None:
        """Handle a frame that names a topic."""
        topic = envelope.topic or ""
        action = content.get(self.discriminator_field)
        try:
            if action == _SUBSCRIBE:
                await self._chanx_subscribe(topic)
            elif action == _UNSUBSCRIBE:
                await self._chanx_unsubscribe(topic)
            else:
                await self._chanx_handle_topic_frame(topic, content)
        except Exception as error:
            logger.error("Failed to process message", topic=topic, exc_info=error)
            if not self._chanx_closed:
                detail = {"detail": "Failed to process message"}
                await self.send_topic_message(topic, ErrorMessage(payload=detail))

    async def _chanx_handle_topic_frame(self, topic: str, content: dict[str, Any]) -> None:
        subscription = self.subscriptions.get(topic)
        if subscription is None:
            await self.send_topic_error(
                topic, TopicErrorReason.NOT_SUBSCRIBED, f"Not subscribed to {topic!r}"
            )
            return
        if (case := subscription._chanx_wire_case()) is not None:
            content = case.incoming(content)
        await subscription.handle_json(content)

    async def _chanx_subscribe(self, topic: str) -> None:
        """Subscribe to a topic if it exists and this client may; confirmed again if it has."""
        if topic not in self.subscriptions and not await self._chanx_open_topic(topic):
            return
        await self.send_topic_message(topic, SubscribedMessage())
        subscription = self.subscriptions.get(topic)
        if subscription is None or subscription.opened:
            return
        subscription.opened = True
        token = current_ref.set(None)  # what it sends is no answer to the client's frame
        try:
            await subscription.on_subscribe()
        except Exception as error:
            logger.error("on_subscribe failed", topic=topic, exc_info=error)
        finally:
            current_ref.reset(token)

    async def _chanx_open_topic(self, topic: str) -> bool:
        """Authorise and join a topic; answers the client itself when it must not."""
        topic_class = self._chanx_match(topic)
        if topic_class is None:
            await self.send_topic_error(topic, TopicErrorReason.UNKNOWN_TOPIC, f"Unknown topic {topic!r}")
            return False
        subscription = topic_class(cast(Any, self), topic)
        if not await subscription.authorize(**subscription.params):
            await self.send_topic_error(
                topic, TopicErrorReason.UNAUTHORIZED, f"Not allowed to subscribe to {topic!r}"
            )
            return False
        if self._chanx_closed:
            return False  # it ended meanwhile, and has left its groups
        if topic in self.subscriptions:
            return True
        if self.channel_layer is not None:
            await self.channel_layer.group_add(topic_class.group_name(topic), self.channel_name)
        self.subscriptions[topic] = subscription
        return True

    async def _chanx_unsubscribe(self, topic: str) -> None:
        """Leave a topic; confirmed even when the client was not subscribed."""
        subscription = self.subscriptions.pop(topic, None)
        if subscription is not None:
            await self._chanx_leave_topic_group(topic, subscription)
            await subscription.on_unsubscribe()
        await self.send_topic_message(topic, UnsubscribedMessage())

    async def _chanx_leave_topic_group(self, topic: str, subscription: "Topic[Any]") -> None:
        """Leave the group of a topic unless another subscription shares it."""
        group = subscription.group_name(topic)
        shared = any(other.group_name(name) == group for name, other in self.subscriptions.items())
        if self.channel_layer is not None and not shared:
            await self.channel_layer.group_discard(group, self.channel_name)

    async def _chanx_leave_all_topics(self) -> None:
        """End every subscription, when the connection ends."""
        while "subscriptions" in vars(self) and self.subscriptions:
            topic, subscription = self.subscriptions.popitem()
            try:
                await self._chanx_leave_topic_group(topic, subscription)
                await subscription.on_unsubscribe()
            except Exception as error:
                logger.error("on_unsubscribe failed", topic=topic, exc_info=error)

    def _chanx_resolve_default_topic(self) -> str:
        """The default topic with the parameters of this connection's route filled in.

        Raises:
            ValueError: The route lacks one of them.
        """
        if self._chanx_default_topic_value is None:
            assert self.default_topic is not None  # callers check
            pattern, params = self.default_topic.pattern, self.url_params
            missing = [name for name in self.default_topic.param_names if name not in params]
            if missing:
                raise ValueError(
                    f"default_topic pattern {pattern!r} needs URL parameters {missing} "
                    f"that this route does not provide (got {sorted(params)})"
                )
            self._chanx_default_topic_value = pattern.format(**params)
        return self._chanx_default_topic_value

    async def handle_topic_event(self, event: dict[str, Any]) -> None:
        """Hand an event to the subscription of its topic, if there is one.

        Args:
            event: The event as it came through the channel layer.
        """
        subscription = self.subscriptions.get(event["topic"])
        if subscription is None:
            return
        token = current_seq.set(event.get("seq"))
        try:
            await subscription.handle_channel_event(event)  # type: ignore[arg-type]  # has more keys
        finally:
            current_seq.reset(token)
