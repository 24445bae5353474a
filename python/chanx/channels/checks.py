"""``manage.py check``: mistakes in consumers, before a client runs into them."""

import dataclasses
import difflib
import re
from collections.abc import Iterable, Iterator
from typing import Any, get_type_hints

from channels.layers import get_channel_layer
from channels.security.websocket import OriginValidator
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from pydantic import TypeAdapter, ValidationError

from chanx.channels.discovery import DjangoRouteDiscovery
from chanx.channels.settings import MySetting
from chanx.channels.utils.asgi import get_websocket_application
from chanx.constants import MAX_GROUP_NAME_LENGTH
from chanx.core.websocket import ChanxWebsocketConsumerMixin
from chanx.routing.traversal import middleware_layers

TAG = "chanx"

_GROUP_NAME = re.compile(r"[A-Za-z0-9._-]+")

_Consumer = type[ChanxWebsocketConsumerMixin[Any]]


def register_checks() -> None:
    """Have ``manage.py check`` run the checks; the application does it when it is ready."""
    register(check_consumers, TAG)
    register(check_layers, TAG)
    register(check_settings, TAG)
    register(check_origins, TAG, Tags.security, deploy=True)


def routed_consumers() -> list[_Consumer]:
    """List the consumers that the project's routes lead to, hosts of topics included.

    Raises:
        Exception: Whatever importing the ASGI application raises: two handlers for one action, a
            handler or a message that is none, and so on.
    """
    routes = DjangoRouteDiscovery().discover_routes()
    found = [consumer for route in routes for consumer in (route.host, route.consumer) if consumer]
    return list(dict.fromkeys(found))


def check_consumers(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Check that the consumers can be made, and their groups and channel layers."""
    if not getattr(settings, "ASGI_APPLICATION", None):
        return []
    try:
        consumers = routed_consumers()
    except Exception as error:
        return [
            Error(
                f"The WebSocket routes of {settings.ASGI_APPLICATION} cannot be loaded: {_with_cause(error)}",
                hint="The consumers, messages and routers imported there have to be in order.",
                id="chanx.E001",
            )
        ]
    return [
        message
        for consumer in consumers
        for message in (*_check_group_names(consumer), *_check_layer(consumer))
    ]


def check_layers(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Check that every layer of ``CHANNEL_LAYERS`` can be made, also those that nobody uses yet."""
    configured: Any = getattr(settings, "CHANNEL_LAYERS", None) or {}
    found: list[CheckMessage] = []
    for alias in configured:
        try:
            get_channel_layer(alias)
        except Exception as error:
            found.append(
                Error(
                    f"The channel layer {alias!r} cannot be made: {_with_cause(error)}",
                    hint=f"See CHANNEL_LAYERS[{alias!r}].",
                    id="chanx.E004",
                )
            )
    return found


def _with_cause(error: BaseException) -> str:
    """The message of an exception, with that of its cause where it hides one."""
    cause = error.__cause__ or error.__context__
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, ImproperlyConfigured) and cause is not None:
        text += f" ({type(cause).__name__}: {cause})"
    return text


def _check_group_names(consumer: _Consumer) -> Iterator[CheckMessage]:
    for attribute in ("groups", "extra_groups"):
        declared: Any = getattr(consumer, attribute, None) or ()
        if isinstance(declared, str):
            yield Error(
                f"{consumer.__name__}.{attribute} is a string: each of its letters would be a group",
                hint=f'Write {attribute} = ["{declared}"].',
                obj=consumer,
                id="chanx.E002",
            )
            continue
        for name in declared:
            if not _is_valid_group(name):
                yield Error(
                    f"Channels refuses the group name {name!r} in {consumer.__name__}.{attribute}",
                    hint="ASCII letters, digits, hyphens, underscores and full stops, at most "
                    f"{MAX_GROUP_NAME_LENGTH} characters; chanx.utils.groups.safe_group_name makes such "
                    "names.",
                    obj=consumer,
                    id="chanx.E003",
                )


def _is_valid_group(name: Any) -> bool:
    if not isinstance(name, str) or len(name) > MAX_GROUP_NAME_LENGTH:
        return False
    return _GROUP_NAME.fullmatch(name) is not None


def _check_layer(consumer: _Consumer) -> Iterator[CheckMessage]:
    wanted = [
        name
        for name in ("groups", "extra_groups", "topics", "_EVENT_HANDLER_INFO_MAP")
        if getattr(consumer, name, None)
    ]
    if not wanted:
        return
    alias: str = getattr(consumer, "channel_layer_alias", None) or "default"
    reason = "events" if wanted == ["_EVENT_HANDLER_INFO_MAP"] else "groups"
    try:
        layer = get_channel_layer(alias)
    except Exception:  # check_layers tells
        return
    if layer is None:
        yield Error(
            f"{consumer.__name__} uses {reason}, but there is no channel layer {alias!r}",
            hint=f"Set CHANNEL_LAYERS[{alias!r}], in development to "
            '{"BACKEND": "chanx.layers.InMemoryChannelLayer"}.',
            obj=consumer,
            id="chanx.E005",
        )
    elif not _has_groups(layer):
        yield Error(
            f"{consumer.__name__} uses {reason}, but the channel layer {alias!r} "
            f"({type(layer).__name__}) has no groups",
            hint="Use a layer whose `extensions` name groups.",
            obj=consumer,
            id="chanx.E006",
        )


def _has_groups(layer: Any) -> bool:
    try:
        return "groups" in getattr(layer, "extensions", ())
    except RuntimeError:
        # channels_redis' pub/sub layer is a proxy that answers in a running event loop only.
        return True


def check_settings(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Check that the settings under CHANX exist, and that their values are of the right kind."""
    kinds = get_type_hints(MySetting, include_extras=True)
    known = {field.name for field in dataclasses.fields(MySetting)} - {"user_settings"}
    given: Any = getattr(settings, "CHANX", None) or {}
    found: list[CheckMessage] = []
    for name, value in given.items() if isinstance(given, dict) else ():
        if name not in known:
            text, hint = "is no setting of chanx and has no effect", _did_you_mean(name, known)
            found.append(Warning(f"CHANX[{name!r}] {text}", hint=hint, id="chanx.W001"))
        elif problem := _wrong_kind(value, kinds[name]):
            hint = f"It is {value!r}."
            found.append(Warning(f"CHANX[{name!r}]: {problem}", hint=hint, id="chanx.W004"))
    return found


def _wrong_kind(value: Any, kind: Any) -> str:
    """What is wrong with a setting's value; empty if nothing is."""
    if kind == Iterable[str]:
        return "must be a list: of a string each letter would count" if isinstance(value, str) else ""
    try:
        TypeAdapter(kind).validate_python(value, strict=True)
    except ValidationError as error:
        return error.errors()[0]["msg"]
    return ""


def _did_you_mean(name: str, known: set[str]) -> str:
    close = difflib.get_close_matches(str(name), known, n=1)
    return f"Did you mean {close[0]!r}?" if close else f"There are: {', '.join(sorted(known))}."


def check_origins(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Check that handshakes from other sites are refused (``check --deploy``)."""
    if not getattr(settings, "ASGI_APPLICATION", None):
        return []
    try:
        application = get_websocket_application()
    except Exception:
        return []  # check_consumers tells about it
    if application is None:
        return []
    validators = [layer for layer in middleware_layers(application) if isinstance(layer, OriginValidator)]
    if not validators:
        return [
            Warning(
                "WebSockets are accepted from pages of any site: no origin validator stands around "
                "the routes",
                hint="Wrap the router in channels.security.websocket.AllowedHostsOriginValidator, or in "
                "OriginValidator(router, [...]).",
                id="chanx.W002",
            )
        ]
    if all("*" in validator.allowed_origins for validator in validators):
        return [
            Warning(
                'WebSockets are accepted from pages of any site: the origin validator allows "*"',
                hint="Name the origins, or with AllowedHostsOriginValidator set ALLOWED_HOSTS.",
                id="chanx.W003",
            )
        ]
    return []
