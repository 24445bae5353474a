"""HTTP requests made from the scope of a WebSocket."""

from collections.abc import MutableMapping
from http.cookies import SimpleCookie
from io import BytesIO
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest

_HTTP_SCHEMES = {"ws": "http", "wss": "https"}


def request_from_scope(scope: MutableMapping[str, Any], method: str) -> HttpRequest:
    """Make the HTTP request that the handshake of a WebSocket was, for permission checks and views.

    Path, query string, headers, cookies, host, client address and whether the connection is encrypted
    come from the scope; so do ``user`` and ``session`` where middleware has put them there. The body
    is empty.

    Args:
        scope: The ASGI scope of the connection.
        method: The HTTP method that the request is to have.

    Returns:
        The request, with an anonymous user when the scope has none.
    """
    scheme = scope.get("scheme") or "ws"
    http_scope: dict[str, Any] = {
        **scope,
        "type": "http",
        "method": method.upper(),
        "scheme": _HTTP_SCHEMES.get(scheme, scheme),
        "path": scope.get("path", "/"),
        "headers": scope.get("headers", []),
        "query_string": scope.get("query_string", b""),
    }
    request = ASGIRequest(http_scope, BytesIO())
    request.user = scope.get("user") or AnonymousUser()
    if "session" in scope:
        request.session = scope["session"]
    if "HTTP_COOKIE" not in request.META and scope.get("cookies"):
        # Only middleware (or a test) has set them; what reads the header is to see them too.
        cookies: SimpleCookie = SimpleCookie(scope["cookies"])
        request.META["HTTP_COOKIE"] = "; ".join(morsel.OutputString(attrs=[]) for morsel in cookies.values())
    return request
