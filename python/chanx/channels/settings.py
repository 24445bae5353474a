"""The ``CHANX`` setting: its keys, their defaults, and reloading when tests override it."""

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

from django.conf import settings
from django.core.signals import setting_changed
from django.utils.module_loading import import_string
from pydantic import PositiveInt

from chanx.core.config import config
from chanx.core.slow_clients import SEND_QUEUE_BYTES as DEFAULT_QUEUE_BYTES
from chanx.core.slow_clients import SlowClientPolicy, check_policy, check_queue_bytes
from chanx.type_defs import Camelize


@dataclass
class MySetting:
    """Keys of the ``CHANX`` dictionary in Django's settings.

    Attributes:
        MESSAGE_ACTION_KEY: Name of the field that frames are routed by.
        SEND_COMPLETION: Send a ``complete`` message after the answers to each frame.
        SEND_MESSAGE_IMMEDIATELY: Give the event loop a turn after each frame sent.
        SEND_AUTHENTICATION_MESSAGE: Report a successful authentication to the client.
        CAMELIZE: Camel-case keys on the wire, snake-case keys in Python; ``"fields"`` leaves the keys of data
            dictionaries alone.
        LOG_WEBSOCKET_MESSAGE: Log each message received and sent.
        LOG_IGNORED_ACTIONS: Actions left out of that log.
        MAX_FRAME_BYTES: Size of a received frame, in bytes of UTF-8; None for no limit, as for the next three.
        MAX_FRAME_DEPTH: Containers inside containers in a received frame.
        MAX_FRAME_ELEMENTS: Values in all containers of a received frame.
        MAX_FRAME_STRING: Length of a string or key in a received frame, in bytes.
        WEBSOCKET_BASE_URL: Base URL shown in the documentation, such as ``wss://example.org``.
        SLOW_CLIENT_POLICY: What happens once more than ``SEND_QUEUE_BYTES`` wait for a client.
        SEND_QUEUE_BYTES: That bound, in bytes of memory for each connection.
        TUNE_GC: Have the garbage collector take less time, from a server's first connection on.
        ASYNCAPI_TITLE: Title of the AsyncAPI document.
        ASYNCAPI_DESCRIPTION: Its description.
        ASYNCAPI_VERSION: Version of the documented API.
        ASYNCAPI_SERVER_URL: Host shown as its server.
        ASYNCAPI_SERVER_PROTOCOL: ``ws`` or ``wss``.
        ASYNCAPI_SERVERS: The whole ``servers`` object, in place of the two above.
        ASYNCAPI_SECURITY_SCHEMES: The document's security schemes.
        ASYNCAPI_DOCS_JS_URL: Script of the documentation page, in place of the bundled one.
        ASYNCAPI_DOCS_CSS_URL: Style sheet of the documentation page, likewise.
        ASYNCAPI_DOCS_JS_INTEGRITY: Subresource integrity of the script.
        ASYNCAPI_DOCS_CSS_INTEGRITY: Subresource integrity of the style sheet.
        user_settings: What the project set; filled in by the package.
    """

    MESSAGE_ACTION_KEY: str = "action"
    SEND_COMPLETION: bool = False
    SEND_MESSAGE_IMMEDIATELY: bool = True
    SEND_AUTHENTICATION_MESSAGE: bool = True
    CAMELIZE: Camelize = False
    LOG_WEBSOCKET_MESSAGE: bool = False
    LOG_IGNORED_ACTIONS: Iterable[str] = dataclasses.field(default_factory=list[str])
    MAX_FRAME_BYTES: PositiveInt | None = 1024 * 1024
    MAX_FRAME_DEPTH: PositiveInt | None = 64
    MAX_FRAME_ELEMENTS: PositiveInt | None = 100_000
    MAX_FRAME_STRING: PositiveInt | None = 512 * 1024
    WEBSOCKET_BASE_URL: str | None = None
    SLOW_CLIENT_POLICY: SlowClientPolicy = "pause"
    SEND_QUEUE_BYTES: int = DEFAULT_QUEUE_BYTES
    TUNE_GC: bool = True

    ASYNCAPI_TITLE: str = "AsyncAPI Documentation"
    ASYNCAPI_DESCRIPTION: str = ""
    ASYNCAPI_VERSION: str = "1.0.0"
    ASYNCAPI_SERVER_URL: str | None = None
    ASYNCAPI_SERVER_PROTOCOL: str | None = None
    ASYNCAPI_SERVERS: dict[str, dict[str, Any]] | None = None
    ASYNCAPI_SECURITY_SCHEMES: dict[str, dict[str, Any]] | None = None
    ASYNCAPI_DOCS_JS_URL: str | None = None
    ASYNCAPI_DOCS_CSS_URL: str | None = None
    ASYNCAPI_DOCS_JS_INTEGRITY: str | None = None
    ASYNCAPI_DOCS_CSS_INTEGRITY: str | None = None

    user_settings: dict[str, Any] = dataclasses.field(default_factory=dict[str, Any])


IMPORT_STRINGS: tuple[str, ...] = ()


class SettingsReader:
    """Attribute access to a dictionary in Django's settings, with defaults, cached until reloaded.

    An attribute that is set, as tests do with ``patch.object``, counts until it is deleted or settings are reloaded.
    """

    def __init__(
        self,
        defaults: dict[str, Any],
        import_strings: tuple[str, ...],
        user_settings: dict[str, Any] | None = None,
    ) -> None:
        self._defaults = defaults
        self._import_strings = frozenset(import_strings)
        self._user_settings = user_settings
        self._listeners: list[Callable[[], None]] = []

    def on_change(self, listener: Callable[[], None]) -> None:
        """Have a function called whenever an attribute is set or deleted."""
        self._listeners.append(listener)

    @property
    def user_settings(self) -> dict[str, Any]:
        """What the project set, without the defaults."""
        if self._user_settings is None:
            value = getattr(settings, "CHANX", None)
            if value is not None and not isinstance(value, dict):
                raise TypeError(f"The setting CHANX must be a dictionary, not {type(value).__name__}")
            self._user_settings = cast(dict[str, Any], value or {})
        return self._user_settings

    def __getattr__(self, name: str) -> Any:
        if name not in self._defaults:
            raise AttributeError(f"Invalid API setting: '{name}'")
        value = self.user_settings.get(name, self._defaults[name])
        if name in self._import_strings and isinstance(value, str):
            value = import_string(value)
        vars(self)[name] = value
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        self._tell(name)

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        self._tell(name)

    def _tell(self, name: str) -> None:
        if not name.startswith("_"):
            for listener in self._listeners:
                listener()

    def reload(self) -> None:
        """Forget what was read, so that the next access reads Django's settings again."""
        for name in self._defaults:
            vars(self).pop(name, None)
        self._user_settings = None


def create_api_settings_from_model(
    model_class: type,
    import_strings: tuple[str, ...],
    override_value: dict[str, Any] | None = None,
) -> MySetting:
    """Make a reader whose attributes are the fields of a dataclass.

    Args:
        model_class: Dataclass of the keys and their defaults.
        import_strings: Keys whose values may be dotted paths, imported on access.
        override_value: Values in place of Django's ``CHANX`` setting.

    Returns:
        An object with the attributes of ``model_class``.
    """
    defaults = {
        field.name: (
            field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default
        )
        for field in dataclasses.fields(model_class)
        if field.name != "user_settings"
    }
    reader = SettingsReader(defaults, import_strings, override_value)
    return cast(MySetting, reader)


chanx_settings = create_api_settings_from_model(MySetting, IMPORT_STRINGS)


def _consumer_defaults() -> dict[str, Any]:
    return {
        "send_completion": chanx_settings.SEND_COMPLETION,
        "send_message_immediately": chanx_settings.SEND_MESSAGE_IMMEDIATELY,
        "log_websocket_message": chanx_settings.LOG_WEBSOCKET_MESSAGE,
        "log_ignored_actions": chanx_settings.LOG_IGNORED_ACTIONS,
        "camelize": chanx_settings.CAMELIZE,
        "send_authentication_message": chanx_settings.SEND_AUTHENTICATION_MESSAGE,
        "slow_client_policy": _checked(check_policy, "SLOW_CLIENT_POLICY"),
        "send_queue_bytes": _checked(check_queue_bytes, "SEND_QUEUE_BYTES"),
        "max_frame_bytes": chanx_settings.MAX_FRAME_BYTES,
        "max_frame_depth": chanx_settings.MAX_FRAME_DEPTH,
        "max_frame_elements": chanx_settings.MAX_FRAME_ELEMENTS,
        "max_frame_string": chanx_settings.MAX_FRAME_STRING,
    }


def _checked(check: Callable[[Any, str], None], name: str) -> Any:
    value = getattr(chanx_settings, name)
    check(value, f"CHANX[{name!r}]")
    return value


def _load_consumer_defaults() -> None:
    config.load_from(_consumer_defaults)


cast(SettingsReader, chanx_settings).on_change(_load_consumer_defaults)


def reload_api_settings(*args: Any, **kwargs: Any) -> None:
    """Receiver of Django's ``setting_changed``: follow an overridden ``CHANX`` at once."""
    if kwargs.get("setting") == "CHANX":
        cast(SettingsReader, chanx_settings).reload()
        _load_consumer_defaults()


def follow_setting() -> None:
    """Have consumers follow the ``CHANX`` setting, and this module its changes."""
    setting_changed.connect(reload_api_settings, dispatch_uid="chanx.settings")
    _load_consumer_defaults()


follow_setting()
