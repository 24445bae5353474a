"""What every consumer has: its class attributes, its settings and its state."""

from collections.abc import Callable, Collection, Hashable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, cast

from pydantic import TypeAdapter
from typing_extensions import TypeVar

from chanx.constants import COMPLETE_ACTIONS
from chanx.core.authenticator import BaseAuthenticator
from chanx.core.config import ConfigDefault, config
from chanx.core.handlers import BUILT_IN_MESSAGES, HandlerMap, build_adapter
from chanx.core.slow_clients import TRY_AGAIN_LATER, SlowClientPolicy
from chanx.core.tasks import HandlerTasks
from chanx.core.wire_case import WireCase, wire_case
from chanx.messages.base import BaseMessage
from chanx.type_defs import Camelize
from chanx.utils.scope import path_params

if TYPE_CHECKING:
    from chanx.core.field_case import FieldCase
    from chanx.core.frame_plan import FramePlan
    from chanx.core.topic import Topic

ReceiveEvent = TypeVar("ReceiveEvent", bound=BaseMessage, default=BaseMessage)


class _Subscriptions:
    """The dictionary of a connection's topics, made when it is first asked for: most connections have none."""

    def __get__(self, consumer: Any, owner: type | None = None) -> Any:
        if consumer is None:
            return self
        made: dict[str, Any] = {}
        consumer.subscriptions = made
        return made


class ConsumerBase(Generic[ReceiveEvent]):
    """Attributes, settings and state of a consumer.

    Attributes:
        send_completion: Send a ``complete`` message after the answers to each frame; follows
            ``CHANX["SEND_COMPLETION"]`` when not set.
        send_message_immediately: Give the event loop a turn after each frame sent.
        log_websocket_message: Log each message received and sent.
        log_ignored_actions: Actions left out of that log.
        camelize: Camel-case keys on the wire; follows ``CHANX["CAMELIZE"]`` when not set. ``"fields"`` leaves the keys
            of data dictionaries alone.
        discriminator_field: The field that messages are routed by.
        passthrough_events: Events sent on to the client as they are.
        passthrough_method_prefix: Prefix of the names of the handlers made for those.
        emits: Messages sent other than in answer to a frame, for the documentation and validation.
        topics: Topics that clients may subscribe to over this connection.
        default_topic: The topic that frames without one belong to; subscribed on connecting.
        extra_groups: Groups to join besides ``groups``; those of base classes are joined too.
        max_handlers: Handlers of one connection that may run at once; beyond that, reading pauses.
        slow_client_policy: What happens once more than ``send_queue_bytes`` wait for a client: ``"pause"`` leaves its
            messages in the channel layer, ``"disconnect"`` closes the connection, ``"drop_oldest"`` and
            ``"keep_latest"`` drop frames; follows ``CHANX["SLOW_CLIENT_POLICY"]`` when not set.
        send_queue_bytes: That bound, in bytes of memory; follows ``CHANX["SEND_QUEUE_BYTES"]`` when not set.
        slow_client_close_code: Close code of ``"disconnect"``.
        authenticator_class: Checks each connection, if given.
        authenticator: The authenticator of this connection.
    """

    send_completion: bool
    camelize: ClassVar[Camelize]
    send_message_immediately: bool | ConfigDefault[bool] | None = ConfigDefault[bool](
        "send_message_immediately"
    )
    log_websocket_message: bool | ConfigDefault[bool] | None = ConfigDefault[bool]("log_websocket_message")
    log_ignored_actions: Collection[str] | ConfigDefault[Collection[str]] = ConfigDefault[Collection[str]](
        "log_ignored_actions"
    )
    discriminator_field: ClassVar[str] = "action"
    passthrough_events: ClassVar[list[type[BaseMessage]]] = []
    passthrough_method_prefix: ClassVar[str] = "handle_passthrough_"
    emits: ClassVar[list[type[BaseMessage]]] = []
    topics: ClassVar[list[type["Topic[Any]"]]] = []
    default_topic: ClassVar[type["Topic[Any]"] | None] = None
    extra_groups: ClassVar[list[str]] = []
    max_handlers: ClassVar[int] = 256
    slow_client_policy: SlowClientPolicy | ConfigDefault[SlowClientPolicy] = ConfigDefault[SlowClientPolicy](
        "slow_client_policy"
    )
    send_queue_bytes: int | ConfigDefault[int] = ConfigDefault[int]("send_queue_bytes")
    slow_client_close_code: ClassVar[int] = TRY_AGAIN_LATER

    authenticator_class: type[BaseAuthenticator] | None = None
    authenticator: BaseAuthenticator | None = None

    # Set by the framework for each connection.
    scope: Any
    groups: list[str]
    channel_layer: Any
    channel_name: str
    channel_layer_alias: str
    get_channel_layer: Callable[[Any], Any]

    # Derived from the class when it is made.
    name: ClassVar[str]
    snake_name: ClassVar[str]
    incoming_message_adapter: ClassVar[TypeAdapter[BaseMessage] | None] = None
    incoming_event_adapter: ClassVar[TypeAdapter[BaseMessage] | None] = None
    outgoing_message_adapter: ClassVar[TypeAdapter[BaseMessage]]
    _MESSAGE_HANDLER_INFO_MAP: ClassVar[HandlerMap] = {}
    _EVENT_HANDLER_INFO_MAP: ClassVar[HandlerMap] = {}
    _chanx_message_methods: ClassVar[dict[str, str]] = {}
    _chanx_event_methods: ClassVar[dict[str, str]] = {}
    _chanx_merged_extra_groups: ClassVar[list[str]] = []
    _chanx_merged_emits: ClassVar[list[type[BaseMessage]]] = []
    chanx_plan: ClassVar["FramePlan | None"] = None
    chanx_field_case: ClassVar["FieldCase | None"] = None
    # The state of a connection, for those that never have another.
    _chanx_closed = False
    _chanx_frame_size = 0
    _chanx_refused = False
    _chanx_default_topic_value: str | None = None
    subscriptions: "dict[str, Topic[Any]]" = cast("dict[str, Topic[Any]]", _Subscriptions())

    chanx_sent_messages: ClassVar[frozenset[type[BaseMessage]]] = frozenset()

    if TYPE_CHECKING:
        base_send: Any
        accept: Any
        decode_json: Any
        encode_json: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.groups = self._chanx_default_groups()
        self.chanx_tasks = HandlerTasks(self.max_handlers)

    @classmethod
    def _chanx_default_groups(cls) -> list[str]:
        """The groups that every connection of this class joins, each once."""
        declared: list[str] = getattr(cls, "groups", None) or []
        return list(dict.fromkeys((*declared, *cls._chanx_merged_extra_groups)))

    @property
    def should_send_completion(self) -> bool:
        """Whether completion messages are sent."""
        value: bool | None = getattr(self, "send_completion", None)
        return config.send_completion if value is None else value

    @property
    def should_camelize(self) -> Camelize:
        """Whether keys are in camel case on the wire; ``"fields"`` when only names of declared fields are."""
        value: Camelize | None = getattr(self, "camelize", None)
        return config.camelize if value is None else value

    def _chanx_wire_case(self) -> WireCase | None:
        """How keys are spelt on the wire; None when they go as they are."""
        mode = self.should_camelize
        return wire_case(type(self), mode) if mode else None

    @property
    def all_log_ignored_actions(self) -> set[str]:
        """Actions that are not logged: those configured, and completion messages."""
        return {*self.log_ignored_actions, *COMPLETE_ACTIONS}

    @classmethod
    def latest_key(cls, message: dict[str, Any]) -> Hashable:
        """What a frame is the latest of, for ``slow_client_policy = "keep_latest"``; for subclasses.

        Args:
            message: The message as it goes over the wire.

        Returns:
            The key: of the frames that wait for a slow client, a later one takes the place of an earlier one with the
            same key. By default topic and action.
        """
        return message.get("topic"), message.get(cls.discriminator_field)

    async def handle_dropped_frames(self, count: int) -> None:
        """Called when a slow client has caught up after frames for it were dropped; for subclasses.

        Args:
            count: How many were dropped since it fell behind.
        """

    @property
    def url_params(self) -> Mapping[str, Any]:
        """The parameters that the route took out of the path."""
        return path_params(self.scope)


def _outgoing_of_bases() -> TypeAdapter[BaseMessage]:
    adapter = build_adapter(BUILT_IN_MESSAGES, "action")
    assert adapter is not None  # there are built-in messages
    return adapter


ConsumerBase.outgoing_message_adapter = _outgoing_of_bases()
