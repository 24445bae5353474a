"""Every message type that consumers receive or send, and its JSON schema.

The consumers fill :data:`message_registry` when their classes are made; the AsyncAPI generator reads
it. Schemas are built on the first read, not at class creation: forward references may be defined
later, and a process that never shows its documentation does not pay for it.
"""

from collections import defaultdict
from collections.abc import Iterable
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, TypeAlias, Union, cast, get_args, get_origin

from pydantic import BaseModel

from chanx.core.naming import component_key, snake_case
from chanx.core.schemas import Definition, describe_model

if TYPE_CHECKING:
    from chanx.messages.base import BaseMessage

MessageSchema: TypeAlias = dict[str, Any]
MessageRef: TypeAlias = str
SchemaRef: TypeAlias = str

UNION_TYPES = (Union, UnionType)

_CONSUMER_SUFFIX = "Consumer"
_SCHEMAS = "#/components/schemas/"
_MESSAGES = "#/components/messages/"


def clean_consumer_name(consumer_name: str) -> str:
    """Strip the customary ``Consumer`` from the end of a class name."""
    return consumer_name.removesuffix(_CONSUMER_SUFFIX)


def get_asyncapi_schema_ref(schema_title: str) -> str:
    """Reference to the schema of that title in the components of the document."""
    return _SCHEMAS + schema_title


def get_asyncapi_message_ref(message_title: str) -> str:
    """Reference to the message of that name in the components of the document."""
    return _MESSAGES + message_title


def message_types_of(declared: Any) -> list[type["BaseMessage"]]:
    """Flatten what a handler may declare as its output into message types.

    Args:
        declared: A message type, a union, a list or tuple of them (nested as well), or None.

    Returns:
        The message types in the order declared, each once, without ``None``.

    Raises:
        TypeError: A member is no pydantic model.
    """
    if declared is None or declared is NoneType:
        return []
    if isinstance(declared, list | tuple):
        members: Iterable[Any] = cast("list[Any]", declared)
    elif get_origin(declared) in UNION_TYPES:
        members = get_args(declared)
    elif isinstance(declared, type) and issubclass(declared, BaseModel):
        return [declared]  # type: ignore[list-item]  # BaseMessage would be a circular import here
    else:
        raise TypeError(
            f"{declared!r} is no message type: expected a subclass of "
            "chanx.messages.base.BaseMessage, a union, or a list or tuple of them"
        )
    return list(dict.fromkeys(found for member in members for found in message_types_of(member)))


class MessageRegistry:
    """Message types by consumer, and the AsyncAPI components that describe them.

    Attributes:
        consumer_messages: The message types of each consumer, by the name of its class.
    """

    def __init__(self) -> None:
        self.consumer_messages: defaultdict[str, set[type[BaseMessage]]] = defaultdict(set)
        self._pending: dict[tuple[Any, bool], str] = {}
        self._schemas: dict[Any, SchemaRef] = {}
        self._schema_objects: dict[str, MessageSchema] = {}
        self._keys: set[str] = set()
        self._messages: dict[type[BaseMessage], MessageRef] = {}
        self._message_objects: dict[str, MessageSchema] = {}
        self._remapped: dict[Any, str] = {}

    @property
    def schemas(self) -> dict[Any, SchemaRef]:
        """The reference of each model's schema."""
        self._build_pending()
        return self._schemas

    @property
    def schema_objects(self) -> dict[str, MessageSchema]:
        """``components.schemas`` of the document: JSON schemas by key."""
        self._build_pending()
        return self._schema_objects

    @property
    def messages(self) -> dict[type["BaseMessage"], MessageRef]:
        """The reference of each message type."""
        self._build_pending()
        return self._messages

    @property
    def message_objects(self) -> dict[str, MessageSchema]:
        """``components.messages`` of the document: message objects by key."""
        self._build_pending()
        return self._message_objects

    @property
    def remap_schema_title(self) -> dict[Any, str]:
        """New titles of models whose own title belonged to another model already."""
        self._build_pending()
        return self._remapped

    def add(self, message_type: Any, consumer_name: str) -> None:
        """Register what a consumer receives or sends.

        Args:
            message_type: A message type, a union, or a list or tuple of them.
            consumer_name: Name of the consumer's class.

        Raises:
            TypeError: One of them is no message type.
        """
        for member in message_types_of(message_type):
            self.build_message(member, consumer_name)

    def build_message(self, message_type: type["BaseMessage"], consumer_name: str) -> None:
        """Register one message type of a consumer."""
        self.consumer_messages[consumer_name].add(message_type)
        self._pending.setdefault((message_type, True), consumer_name)

    def build_message_schema(self, model_type: type[BaseModel] | UnionType, consumer_name: str) -> None:
        """Register models that are described in the document without being messages."""
        for member in message_types_of(model_type):
            self._pending.setdefault((member, False), consumer_name)

    def _build_pending(self) -> None:
        while self._pending:
            model, is_message = key = next(iter(self._pending))
            self._add_model(model, is_message, self._pending[key])
            del self._pending[key]  # only now: a model that cannot be described raises every time

    def _add_model(self, model: type["BaseMessage"], is_message: bool, consumer_name: str) -> None:
        if model not in self._schemas:
            prefix = clean_consumer_name(consumer_name)
            # Names first: the definitions refer to one another, in circles too.
            definitions = describe_model(model)
            unknown = [d for d in definitions if d.owner not in self._schemas]
            new = [(definition, self._name_of(definition, prefix)) for definition in unknown]
            refs = {d.ref: self._schemas[d.owner] for d in definitions}
            for definition, name in new:
                self._schema_objects[name] = definition.resolved(refs)
        if is_message and model not in self._messages:
            self._add_message(model)

    def _name_of(self, definition: Definition, prefix: str) -> str:
        """Choose the component key of a new definition and record it."""
        title = definition.title
        name = component_key(title)
        attempt = 0
        while name in self._keys:
            attempt += 1
            title = f"{prefix}{definition.title}" + ("" if attempt == 1 else str(attempt))
            name = component_key(title)
        if attempt:
            definition.schema["title"] = title
            self._remapped[definition.owner] = title
        self._keys.add(name)
        self._schemas[definition.owner] = get_asyncapi_schema_ref(name)
        return name

    def _add_message(self, model: type["BaseMessage"]) -> None:
        name = component_key(snake_case(self._remapped.get(model, model.__name__)))
        unique, attempt = name, 1
        while unique in self._message_objects:
            attempt += 1
            unique = f"{name}_{attempt}"
        self._messages[model] = get_asyncapi_message_ref(unique)
        self._message_objects[unique] = {"payload": {"$ref": self._schemas[model]}}


message_registry = MessageRegistry()
