"""Camel case on the wire, snake case in Python."""

from collections.abc import Callable
from typing import Any

from chanx.constants import MISSING_PYHUMPS_ERROR
from chanx.exceptions import ConfigurationError

_camelize: Callable[[Any], Any] | None
_decamelize: Callable[[Any], Any] | None
try:
    from humps import camelize as _camelize
    from humps import decamelize as _decamelize
except ImportError:
    _camelize = _decamelize = None


def camelize(content: Any) -> Any:
    """Spell every key of nested dictionaries and lists in camel case.

    Raises:
        ConfigurationError: pyhumps is not installed.
    """
    if _camelize is None:
        raise ConfigurationError(MISSING_PYHUMPS_ERROR)
    return _camelize(content)


def decamelize(content: Any) -> Any:
    """Spell every key of nested dictionaries and lists in snake case.

    Raises:
        ConfigurationError: pyhumps is not installed.
    """
    if _decamelize is None:
        raise ConfigurationError(MISSING_PYHUMPS_ERROR)
    return _decamelize(content)


def require_pyhumps() -> None:
    """Raise the explanation now when pyhumps is not installed, not at the first frame.

    Raises:
        ConfigurationError: pyhumps is not installed.
    """
    if _camelize is None:
        raise ConfigurationError(MISSING_PYHUMPS_ERROR)
