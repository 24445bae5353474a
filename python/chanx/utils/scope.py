"""Reading an ASGI scope, whichever framework made it."""

from collections.abc import Mapping, MutableMapping
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qs

Scope: TypeAlias = MutableMapping[str, Any]

_MISSING: Final = object()


def path_params(scope: Scope) -> Mapping[str, Any]:
    """The parameters that the route took out of the path.

    Args:
        scope: The ASGI scope; ``url_route`` (Channels) or ``path_params`` (Starlette) is read.

    Returns:
        Parameter values by name; empty without a route.
    """
    route = scope.get("url_route")
    if route:
        return route.get("kwargs") or {}
    return scope.get("path_params") or {}


def path_param(scope: Scope, name: str, default: Any = _MISSING) -> Any:
    """One parameter of the path.

    Args:
        scope: The ASGI scope.
        name: Name of the parameter.
        default: Returned when the route has no such parameter.

    Raises:
        KeyError: The parameter is missing and there is no default.
    """
    value = path_params(scope).get(name, default)
    if value is _MISSING:
        raise KeyError(f"No path parameter {name!r} in scope")
    return value


def query_params(scope: Scope) -> dict[str, list[str]]:
    """The query string, each name with all of its values; blank values are left out."""
    raw = scope.get("query_string") or b""
    # Bytes that are no text are the client's doing, and no reason to fail.
    return parse_qs(raw.decode(errors="replace") if isinstance(raw, bytes) else raw)


def scope_user(scope: Scope) -> Any | None:
    """The user that a middleware put into the scope, if any."""
    return scope.get("user")
