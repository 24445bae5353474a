"""Tokens of query strings, taken out before anything logs them."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

TOKEN = "query_token"
"""The scope's key of the token."""

Application = Callable[[Any, Any, Any], Awaitable[None]]


class QueryTokenFilter:
    """Moves `?token=` from the query string to the scope.

    The scope is changed in place: servers log the very same object when they accept a connection.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Serves a request or a connection."""
        query = scope.get("query_string") or b""
        if b"token" in query or b"%" in query:
            take_token(scope, query.decode("latin-1"))
        await self.application(scope, receive, send)


def take_token(scope: dict[str, Any], query: str) -> None:
    """Moves the token of a query string to the scope."""
    pairs = parse_qsl(query, keep_blank_values=True, encoding="latin-1")
    tokens = [value for name, value in pairs if name == "token"]
    if tokens:
        scope[TOKEN] = tokens[-1]
        rest = [(name, value) for name, value in pairs if name != "token"]
        scope["query_string"] = urlencode(rest, encoding="latin-1").encode("latin-1")
