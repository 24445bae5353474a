"""Changing the settings of chanx for a while, mostly in tests."""

import contextlib
from collections.abc import Callable, Generator
from typing import Any, TypeVar, cast

from django.conf import settings
from django.test.utils import override_settings

T = TypeVar("T")


def _override(changes: dict[str, Any]) -> override_settings:
    current: dict[str, Any] = getattr(settings, "CHANX", None) or {}
    return override_settings(CHANX={**current, **changes})


@contextlib.contextmanager
def settings_context(**settings: Any) -> Generator[None]:
    """Change settings under ``CHANX`` within a ``with`` block; the others keep their values.

    Args:
        **settings: The settings by name, for example ``SEND_COMPLETION=True``.
    """
    with _override(settings):
        yield


class _LateOverride(override_settings):
    """Like Django's, but reads the other settings when it begins, not where the decorator stands."""

    def __init__(self, **changes: Any) -> None:
        super().__init__()
        self._changes = changes

    def enable(self) -> None:
        """Begin."""
        self.options = _override(self._changes).options
        super().enable()


def override_chanx_settings(**settings: Any) -> Callable[[T], T]:
    """Change settings under ``CHANX`` for a test function (async as well) or a Django test case class.

    Args:
        **settings: The settings by name, for example ``SEND_COMPLETION=True``.

    Returns:
        A decorator.
    """

    def decorate(decorated: T) -> T:
        # Of a class Django keeps the settings themselves, so they are made here and now.
        override = _override(settings) if isinstance(decorated, type) else _LateOverride(**settings)
        return cast(T, override(cast(Any, decorated)))

    return decorate
