"""The settings that consumers go by when their class does not say otherwise."""

from collections.abc import Callable, Collection
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")

_DEFAULTS: dict[str, Any] = {
    "send_completion": False,
    "send_message_immediately": True,
    "log_websocket_message": False,
    "log_ignored_actions": (),
    "camelize": False,
    "discriminator_field": "action",
    "send_authentication_message": True,
}


class Config:
    """Settings of the framework in use; the plain defaults without one.

    ``chanx.channels.settings`` connects it to Django's ``CHANX`` setting.
    """

    send_completion: bool
    send_message_immediately: bool
    log_websocket_message: bool
    log_ignored_actions: Collection[str]
    camelize: bool
    discriminator_field: str
    send_authentication_message: bool

    def __init__(self) -> None:
        self._values: dict[str, Any] = dict(_DEFAULTS)
        self._load: Callable[[], dict[str, Any]] | None = None
        self._listeners: list[Callable[[], None]] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if self._load is not None:
            self._values.update(self._load())
            self._load = None
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(f"No chanx setting {name!r}") from None

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
        value: T = getattr(config, self._name)
        return value
