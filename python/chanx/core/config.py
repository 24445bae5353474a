"""The settings that consumers go by when their class does not say otherwise."""

from collections.abc import Callable, Collection
from typing import Any, Generic, TypeVar, overload

from chanx.core.slow_clients import SEND_QUEUE_BYTES, SlowClientPolicy
from chanx.type_defs import Camelize

T = TypeVar("T")

_DEFAULTS: dict[str, Any] = {
    "send_completion": False,
    "send_message_immediately": True,
    "log_websocket_message": False,
    "log_ignored_actions": (),
    "camelize": False,
    "discriminator_field": "action",
    "send_authentication_message": True,
    "slow_client_policy": "pause",
    "send_queue_bytes": SEND_QUEUE_BYTES,
    "max_frame_bytes": 1024 * 1024,
    "max_frame_depth": 64,
    "max_frame_elements": 100_000,
    "max_frame_string": 512 * 1024,
}


class Config:
    """Settings of the framework in use; the plain defaults without one.

    ``chanx.channels.settings`` connects it to Django's ``CHANX`` setting.
    """

    send_completion: bool
    send_message_immediately: bool
    log_websocket_message: bool
    log_ignored_actions: Collection[str]
    camelize: Camelize
    discriminator_field: str
    send_authentication_message: bool
    slow_client_policy: SlowClientPolicy
    send_queue_bytes: int
    max_frame_bytes: int | None
    max_frame_depth: int | None
    max_frame_elements: int | None
    max_frame_string: int | None

    def __init__(self) -> None:
        self._values: dict[str, Any] = dict(_DEFAULTS)
        self._load: Callable[[], dict[str, Any]] | None = None
        self._listeners: list[Callable[[], None]] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self.value(name)
        except KeyError:
            raise AttributeError(f"No chanx setting {name!r}") from None

    def value(self, name: str) -> Any:
        """The value of a setting; what ``getattr`` gives, at a fifth of its cost.

        Args:
            name: The setting.

        Raises:
            KeyError: There is none of this name.
        """
        if self._load is not None:
            self.load()
        return self._values[name]

    def load(self) -> None:
        """Read the framework's settings now, if they have not been since they last changed.

        Raises:
            ConfigurationError: One of them makes no sense.
        """
        if self._load is not None:
            self._values.update(self._load())
            self._load = None

    def load_from(self, load: Callable[[], dict[str, Any]]) -> None:
        """Take the values from a framework, read at the first use.

        Args:
            load: Returns values by name; called again after each :meth:`load_from`.
        """
        self._load = load
        for listener in self._listeners:
            listener()

    def on_change(self, listener: Callable[[], None]) -> None:
        """Have a function called whenever the values may have changed."""
        self._listeners.append(listener)


config = Config()


class ConfigDefault(Generic[T]):
    """A class attribute that follows a setting until a class or an instance overrides it."""

    def __init__(self, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> T: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> T:
        value: T = config.value(self._name)
        return value
