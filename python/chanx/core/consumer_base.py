"""What every consumer has: its class attributes, its settings and its state."""

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic

from pydantic import TypeAdapter
from typing_extensions import TypeVar

from chanx.constants import COMPLETE_ACTIONS
from chanx.core.authenticator import BaseAuthenticator
from chanx.core.config import ConfigDefault, config
from chanx.core.handlers import BUILT_IN_MESSAGES, HandlerMap, build_adapter
from chanx.core.tasks import HandlerTasks
from chanx.messages.base import BaseMessage
from chanx.utils.scope import path_params

if TYPE_CHECKING:
    from chanx.core.frame_plan import FramePlan
    from chanx.core.topic import Topic

ReceiveEvent = TypeVar("ReceiveEvent", bound=BaseMessage, default=BaseMessage)


class ConsumerBase(Generic[ReceiveEvent]):
    """Attributes, settings and state of a consumer.

    Attributes:
        send_completion: Send a ``complete`` message after the answers to each frame; follows
            ``CHANX["SEND_COMPLETION"]`` when not set.
        send_message_immediately: Give the event loop a turn after each frame sent.
        log_websocket_message: Log each message received and sent.
        log_ignored_actions: Actions left out of that log.
        camelize: Camel-case keys on the wire; follows ``CHANX["CAMELIZE"]`` when not set.
        discriminator_field: The field that messages are routed by.
        passthrough_events: Events sent on to the client as they are.
        passthrough_method_prefix: Prefix of the names of the handlers made for those.
        emits: Messages sent other than in answer to a frame, for the documentation and validation.
        topics: Topics that clients may subscribe to over this connection.
        default_topic: The topic that frames without one belong to; subscribed on connecting.
        extra_groups: Groups to join besides ``groups``; those of base classes are joined too.
        max_handlers: Handlers of one connection that may run at once; beyond that, reading pauses.
        authenticator_class: Checks each connection, if given.
        authenticator: The authenticator of this connection.
    """

    send_completion: bool
    camelize: ClassVar[bool]
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

    if TYPE_CHECKING:
        base_send: Any
        accept: Any
        decode_json: Any
        encode_json: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.groups = self._chanx_default_groups()
        self.subscriptions: dict[str, Topic[Any]] = {}
        self._chanx_closed = False
        self._chanx_frame_size = 0
        self._chanx_refused = False
        self._chanx_default_topic_value: str | None = None
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
    def should_camelize(self) -> bool:
        """Whether keys are in camel case on the wire."""
        value: bool | None = getattr(self, "camelize", None)
        return config.camelize if value is None else value

    @property
    def all_log_ignored_actions(self) -> set[str]:
        """Actions that are not logged: those configured, and completion messages."""
        return {*self.log_ignored_actions, *COMPLETE_ACTIONS}

    @property
    def url_params(self) -> Mapping[str, Any]:
        """The parameters that the route took out of the path."""
        return path_params(self.scope)


def _outgoing_of_bases() -> TypeAdapter[BaseMessage]:
    adapter = build_adapter(BUILT_IN_MESSAGES, "action")
    assert adapter is not None  # there are built-in messages
    return adapter


ConsumerBase.outgoing_message_adapter = _outgoing_of_bases()
