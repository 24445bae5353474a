"""The AsyncAPI 3.0 document of an application, made from its routes and consumers."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from chanx.asyncapi.camel import camelize_document, camelize_schemas, schemas_of
from chanx.asyncapi.constants import (
    DEFAULT_ASYNCAPI_TITLE,
    DEFAULT_ASYNCAPI_VERSION,
    DEFAULT_DISCRIMINATOR,
    DEFAULT_SERVER_PROTOCOL,
    DEFAULT_SERVER_URL,
)
from chanx.asyncapi.parts import (
    doc_of,
    message_object,
    parameter_object,
    server_object,
    summary_and_description,
    tag_objects,
)
from chanx.asyncapi.security import (
    SECURITY_SCHEMES_REF,
    WS_BINDING_VERSION,
    scheme_key,
    security_scheme,
    ws_binding,
)
from chanx.core.authenticator import Credential
from chanx.core.naming import component_key
from chanx.core.registry import message_registry, message_types_of
from chanx.core.websocket import ChanxWebsocketConsumerMixin
from chanx.messages.base import BaseMessage
from chanx.routing.discovery import RouteInfo
from chanx.type_defs import AsyncAPIHandlerInfo, ChannelInfo

__all__ = [
    "CORRELATION_ID_REF",
    "SECURITY_SCHEMES_REF",
    "WS_BINDING_VERSION",
    "AsyncAPIGenerator",
    "RouteKey",
]

RouteKey: TypeAlias = tuple[str, str]
CORRELATION_ID_REF: Final = "#/components/correlationIds/ref"

_Consumer: TypeAlias = type[ChanxWebsocketConsumerMixin[Any]]
_Info: TypeAlias = Mapping[str, Any] | AsyncAPIHandlerInfo


class AsyncAPIGenerator:
    """Makes the document.

    Attributes:
        channels: The channels, once built.
        operations: The operations, once built.
    """

    def __init__(
        self,
        routes: list[RouteInfo],
        title: str | None = DEFAULT_ASYNCAPI_TITLE,
        version: str | None = DEFAULT_ASYNCAPI_VERSION,
        description: str | None = None,
        server_url: str | None = DEFAULT_SERVER_URL,
        server_protocol: str | None = DEFAULT_SERVER_PROTOCOL,
        camelize: bool | None = False,
        servers: dict[str, dict[str, Any]] | None = None,
        security_schemes: dict[str, dict[str, Any]] | None = None,
    ):
        self.routes = routes
        self.title = title or DEFAULT_ASYNCAPI_TITLE
        self.version = version or DEFAULT_ASYNCAPI_VERSION
        self.description = description
        self.server_url = server_url or DEFAULT_SERVER_URL
        self.server_protocol = server_protocol or DEFAULT_SERVER_PROTOCOL
        self.camelize = camelize
        self.servers = servers
        self.security_schemes = security_schemes
        self._reset()

    def _reset(self) -> None:
        self.channels: dict[str, dict[str, Any]] = {}
        self.operations: dict[str, dict[str, Any]] = {}
        self._channel_keys: list[str] = []  # of each route, in order
        self._schemes: dict[str, dict[str, Any]] = dict(self.security_schemes or {})
        self._correlated: set[str] = set()

    def generate(self) -> dict[str, Any]:
        """Make the document.

        Returns:
            The AsyncAPI 3.0 document, ready for JSON or YAML.
        """
        self._reset()
        self.build_channels()
        self.build_operations()
        info: dict[str, Any] = {"title": self.title, "version": self.version}
        if self.description is not None:
            info["description"] = self.description
        document: dict[str, Any] = {
            "asyncapi": "3.0.0",
            "info": info,
            "defaultContentType": "application/json",
            "servers": self._build_servers(),
            "channels": self.channels,
            "operations": self.operations,
            "components": self._build_components(),
        }
        return self._in_camel_case(document)

    def _in_camel_case(self, document: dict[str, Any]) -> dict[str, Any]:
        """Spell the names as each consumer has them on the wire; what two share that differ is in camel case."""
        own: dict[bool, list[str]] = {False: [], True: []}
        for route, key in zip(self.routes, self._channel_keys, strict=True):
            mode = getattr(route.host or route.consumer, "camelize", None)
            own[bool(self.camelize if mode is None else mode)].append(key)
        camel = schemas_of(document, own[True])
        if self.camelize:
            return camelize_document(document, schemas_of(document, own[False]) - camel)
        return camelize_schemas(document, camel) if camel else document

    def _build_servers(self) -> dict[str, dict[str, Any]]:
        if self.servers:
            return self.servers
        key, server = server_object(self.server_url, self.server_protocol)
        return {key: server}

    def build_channels(self) -> dict[str, dict[str, Any]]:
        """Make a channel of each route.

        Returns:
            The channels by key. A second route to the same consumer gets a number behind its key.
        """
        for route in self.routes:
            title = _channel_name(route.consumer)
            if route.host is not None:
                title = f"{_channel_name(route.host)}_{title}"
            key = _free_key(component_key(title), self.channels)
            self._channel_keys.append(key)
            self.channels[key] = self._build_channel(route, title)
        return self.channels

    def _build_channel(self, route: RouteInfo, title: str) -> dict[str, Any]:
        info = _channel_info(route.consumer)
        channel: dict[str, Any] = {"address": route.channel_path, "title": title}
        if description := (info["description"] or doc_of(route.consumer)):
            channel["description"] = description
        if route.consumer.discriminator_field != DEFAULT_DISCRIMINATOR:
            channel["x-discriminator"] = route.consumer.discriminator_field
        if route.topic is not None:
            channel["x-topic"] = {
                "name": route.topic.snake_name,
                "pattern": route.topic.pattern,
                "parameters": list(route.topic.param_names),
            }
        if route.path_params:
            channel["parameters"] = {
                name: parameter_object(name, kind) for name, kind in route.path_params.items()
            }
        channel["messages"] = self.get_channel_messages(route.consumer)
        channel |= tag_objects(info["tags"])
        if binding := ws_binding(_credentials(route)):
            channel["bindings"] = {"ws": binding}
        return channel

    def get_channel_messages(self, consumer: _Consumer) -> dict[str, dict[str, Any]]:
        """Refer to every message that a consumer receives or sends, in the order of their keys."""
        types: list[type[BaseMessage]] = message_types_of(list(consumer.emits))
        for info in _handlers(consumer, "_MESSAGE_HANDLER_INFO_MAP"):
            types += message_types_of([info["input_type"], info["output_type"]])
        for info in _handlers(consumer, "_EVENT_HANDLER_INFO_MAP"):
            types += message_types_of(info["output_type"])
        message_registry.add(types, consumer.__name__)
        refs = {_message_key(message): message_registry.messages[message] for message in types}
        return {key: {"$ref": refs[key]} for key in sorted(refs)}

    def build_operations(self) -> None:
        """Make an operation of each handler of each route's consumer, and one of what it emits."""
        for route, channel in zip(self.routes, self._channel_keys, strict=True):
            consumer = route.consumer
            security = self._add_security(_credentials(route))
            for info in _handlers(consumer, "_MESSAGE_HANDLER_INFO_MAP"):
                self._add_operation(route, info["action"], self._receive(info, channel), security)
            for info in _handlers(consumer, "_EVENT_HANDLER_INFO_MAP"):
                self._add_operation(route, info["action"], self._send(info, channel), security)
            if consumer.emits:
                operation = {
                    "action": "send",
                    "channel": {"$ref": f"#/channels/{channel}"},
                    "description": "",
                    "summary": "Messages that the server pushes",
                    "messages": self._outputs(channel, list(consumer.emits)),
                }
                self._add_operation(route, f"{consumer.snake_name}_emits", operation, security)

    def _add_operation(
        self,
        route: RouteInfo,
        name: str,
        operation: dict[str, Any],
        security: list[dict[str, str]],
    ) -> None:
        key = component_key(name)
        if key in self.operations:
            key = _free_key(f"{route.consumer.snake_name}_{key}", self.operations)
        handler = getattr(route.consumer, operation.pop("handler", ""), None)
        summary, description = summary_and_description(doc_of(handler) if handler else "")
        operation["summary"] = operation["summary"] or summary
        operation["description"] = operation["description"] or description
        if security:
            operation["security"] = security
        self.operations[key] = operation

    def _receive(self, info: _Info, channel: str) -> dict[str, Any]:
        operation = self._operation("receive", info, channel)
        operation["messages"] = self._outputs(channel, info["input_type"])
        replies = self._outputs(channel, info["output_type"])
        if replies:
            operation["reply"] = {"channel": {"$ref": f"#/channels/{channel}"}, "messages": replies}
            for message in message_types_of([info["input_type"], info["output_type"]]):
                self._correlated.add(message_registry.messages[message])
        return operation

    def _send(self, info: _Info, channel: str) -> dict[str, Any]:
        # An empty list, not none: an operation without the list means every message of its channel.
        operation = self._operation("send", info, channel)
        return {**operation, "messages": self._outputs(channel, info["output_type"])}

    def _operation(self, action: str, info: _Info, channel: str) -> dict[str, Any]:
        return {
            "action": action,
            "channel": {"$ref": f"#/channels/{channel}"},
            "description": info["description"] or "",
            "summary": info["summary"] or "",
            "handler": info["method_name"],
            **tag_objects(info["tags"]),
        }

    def _outputs(self, channel: str, declared: Any) -> list[dict[str, Any]]:
        return [self.build_output(channel, message) for message in message_types_of(declared)]

    def build_output(self, channel_name: str, output_type: type[BaseMessage]) -> dict[str, Any]:
        """Refer to a message by way of its channel, as operations have to."""
        return {"$ref": f"#/channels/{channel_name}/messages/{_message_key(output_type)}"}

    def _add_security(self, credentials: Iterable[Credential]) -> list[dict[str, str]]:
        refs: list[dict[str, str]] = []
        for credential in credentials:
            key = scheme_key(credential)
            self._schemes.setdefault(key, security_scheme(credential))
            refs.append({"$ref": SECURITY_SCHEMES_REF + key})
        return refs

    def _build_components(self) -> dict[str, Any]:
        schemas = message_registry.schema_objects
        messages: dict[str, dict[str, Any]] = {}
        for model, ref in message_registry.messages.items():
            payload = message_registry.message_objects[_last(ref)]["payload"]
            message = message_object(model, payload, schemas[_last(payload["$ref"])])
            if ref in self._correlated:
                message["correlationId"] = {"$ref": CORRELATION_ID_REF}
            messages[_last(ref)] = message
        components: dict[str, Any] = {
            "messages": {key: messages[key] for key in sorted(messages)},
            "schemas": {key: schemas[key] for key in sorted(schemas)},
        }
        if self._correlated:
            components["correlationIds"] = {
                "ref": {
                    "description": "The `ref` of a request, repeated in each reply to it.",
                    "location": "$message.payload#/ref",
                }
            }
        if self._schemes:
            components["securitySchemes"] = self._schemes
        return components


def _handlers(consumer: _Consumer, attribute: str) -> Iterable[_Info]:
    handlers: Mapping[str, _Info] = getattr(consumer, attribute)
    return handlers.values()


def _channel_info(consumer: _Consumer) -> ChannelInfo:
    info: ChannelInfo | None = getattr(consumer, "_channel_info", None)
    return info or ChannelInfo(name=None, description=None, tags=None)


def _channel_name(consumer: _Consumer) -> str:
    return _channel_info(consumer)["name"] or consumer.snake_name


def _credentials(route: RouteInfo) -> Sequence[Credential]:
    """What clients present at the route; a topic is reached with its host's credentials."""
    authenticator = (route.host or route.consumer).authenticator_class
    return authenticator.credentials if authenticator is not None else ()


def _message_key(message: type[BaseMessage]) -> str:
    return _last(message_registry.messages[message])


def _last(ref: str) -> str:
    return ref.rpartition("/")[2]


def _free_key(key: str, taken: Mapping[str, Any]) -> str:
    free, number = key, 1
    while free in taken:
        number += 1
        free = f"{key}_{number}"
    return free
