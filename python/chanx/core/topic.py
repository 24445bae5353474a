"""Topics: consumers within a connection, addressed by a name that follows a pattern."""

import re
from typing import TYPE_CHECKING, Any, ClassVar

from chanx.core.consumer_base import ReceiveEvent
from chanx.core.envelope import TOPIC_EVENT_TYPE
from chanx.core.tasks import begin_publishing, end_publishing
from chanx.core.websocket import ChanxWebsocketConsumerMixin
from chanx.messages.base import BaseMessage
from chanx.type_defs import Camelize
from chanx.utils.framework import channel_layer, consumer_base
from chanx.utils.groups import safe_group_name

_PARAMETER = re.compile(r"\{(\w+)\}")


class Topic(ChanxWebsocketConsumerMixin[ReceiveEvent]):
    """One subject that clients subscribe to, with handlers of its own.

    Attributes:
        pattern: Name of the topic with parameters in braces: ``"run:{pk}"``. A parameter matches
            anything but a colon.
        param_names: Names of the parameters.
        consumer: The consumer of the connection.
        topic: The name subscribed to.
        params: Values of the parameters in it.
    """

    pattern: ClassVar[str]
    channel_layer_alias: str = "default"
    groups: list[str] = []
    param_names: ClassVar[tuple[str, ...]] = ()
    _chanx_regex: ClassVar["re.Pattern[str] | None"] = None

    if TYPE_CHECKING:
        opened: bool

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Compile the pattern.

        Raises:
            TypeError: The pattern is no string.
            ValueError: The pattern names one parameter twice.
        """
        super().__init_subclass__(**kwargs)
        pattern = cls.__dict__.get("pattern")
        if pattern is None:
            return
        if not isinstance(pattern, str):
            raise TypeError(f"{cls.__name__}.pattern must be a string such as 'run:{{pk}}'.")
        cls.param_names = tuple(_PARAMETER.findall(pattern))
        if len(set(cls.param_names)) != len(cls.param_names):
            raise ValueError(f"{cls.__name__}.pattern {pattern!r} names a parameter twice.")
        pieces = _PARAMETER.split(pattern)
        cls._chanx_regex = re.compile(
            "".join(
                f"(?P<{piece}>[^:]+)" if index % 2 else re.escape(piece) for index, piece in enumerate(pieces)
            )
        )

    def __init__(self, consumer: ChanxWebsocketConsumerMixin[Any], topic: str) -> None:
        super().__init__()
        self.consumer = consumer
        self.topic = topic
        self.params: dict[str, str] = self.parse(topic) or {}
        self.opened = False
        self.groups = []
        self.scope = consumer.scope
        self.channel_layer = consumer.channel_layer
        self.channel_name = getattr(consumer, "channel_name", "")
        self.channel_layer_alias = consumer.channel_layer_alias

    @classmethod
    def parse(cls, topic: str) -> dict[str, str] | None:
        """Read the parameters out of a topic's name.

        Args:
            topic: The name.

        Returns:
            Values by name, or None when the topic is not of this class.
        """
        match = cls._chanx_regex.fullmatch(topic) if cls._chanx_regex is not None else None
        return None if match is None else match.groupdict()

    @classmethod
    def group_name(cls, topic: str) -> str:
        """Name of the channel layer group of a topic's subscribers."""
        return safe_group_name(topic, namespace=cls.__name__)

    @property
    def should_camelize(self) -> Camelize:
        """As the consumer of the connection has it."""
        return self.consumer.should_camelize

    async def authorize(self, **params: str) -> bool:
        """Whether this client may subscribe; for subclasses.

        Args:
            **params: The parameters of the topic.
        """
        return True

    async def on_subscribe(self) -> None:
        """Called when the subscription has been confirmed; for subclasses."""

    async def on_unsubscribe(self) -> None:
        """Called when the client unsubscribes or its connection ends; for subclasses."""

    async def send_json(self, content: Any, close: bool | int = False) -> None:
        """Send JSON content to the subscribed client, in the topic's envelope."""
        await self.consumer.send_topic_json(self.topic, content)
        if close:
            await self.consumer.close(None if close is True else close)

    async def close(self, code: int | bool | None = None, reason: str | None = None) -> None:
        """Close the whole connection."""
        await self.consumer.close(code, reason)

    @classmethod
    def as_consumer(cls) -> Any:
        """A consumer that serves this topic alone, with the parameters taken from the URL."""
        name = f"{cls.__name__.removesuffix('Topic')}Consumer"
        attributes: dict[str, Any] = {
            "topics": [cls],
            "default_topic": cls,
            "channel_layer_alias": cls.channel_layer_alias,
            "__doc__": cls.__doc__,
            "__module__": cls.__module__,
        }
        return type(name, (consumer_base(),), attributes)

    @classmethod
    def get_channel_layer(cls, alias: str) -> Any:
        """The framework's channel layer of that name."""
        return channel_layer(alias)

    @classmethod
    async def broadcast(cls, topic: str, event: BaseMessage, *, seq: int | None = None) -> None:
        """Send an event to every subscriber of a topic.

        Args:
            topic: The topic.
            event: The event.
            seq: Its position in the topic, sent to the clients.

        Raises:
            ConfigurationError: There is no channel layer.
        """
        layer = cls._chanx_class_layer()
        message = {
            "type": TOPIC_EVENT_TYPE,
            "topic": topic,
            "seq": seq,
            "event_data": event.model_dump(mode="json"),
        }
        tasks, task = begin_publishing()
        try:
            await layer.group_send(cls.group_name(topic), message)
        finally:
            end_publishing(tasks, task)
