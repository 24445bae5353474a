"""The token of a WebSocket's handshake, as over HTTP: the access cookie or an Authorization header."""

from collections.abc import Awaitable, Callable
from typing import Any

from channels.db import database_sync_to_async
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from accounts.authentication import ACCESS_COOKIE, CookieJWTAuthentication
from chanx.channels.authenticator import DjangoAuthenticator
from chanx.channels.utils.request import request_from_scope
from chanx.channels.websocket import AsyncJsonWebsocketConsumer

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
# Channels' stubs and asgiref's do not agree on what goes in.
Application = Callable[[Any, Any, Any], Awaitable[Any]]


OWN_CREDENTIALS = "/ws/ai-chat/"
"""Consumers under this path look at the handshake themselves, and refuse it in frames of their own."""


class TokenAuthenticator(DjangoAuthenticator):
    """Everyone but who shows a bad token."""

    authentication_classes = [CookieJWTAuthentication]
    permission_classes = [AllowAny]


class BadTokenConsumer(AsyncJsonWebsocketConsumer):
    """Refuses a bad token in the words of REST framework: an authentication frame, then close code 4401."""

    authenticator_class = TokenAuthenticator


class TokenMiddleware:
    """Puts the user of a token in the scope, over the one of the session.

    A bad token is refused, as over HTTP: a page whose token has run out is to get another one and not
    to find itself anonymous. Consumers with an authenticator of their own check the token again, with
    the same result.
    """

    def __init__(self, app: Application) -> None:
        self.app = app
        self.refuse: Application = BadTokenConsumer.as_asgi()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> Any:
        """Serves one connection."""
        # Most connections show none and need no thread.
        if not _shows_token(scope) or scope.get("path", "").startswith(OWN_CREDENTIALS):
            return await self.app(scope, receive, send)
        try:
            user = await database_sync_to_async(_user_of_token)(scope)
        except AuthenticationFailed:
            return await self.refuse(scope, receive, send)
        return await self.app({**scope, "user": user} if user else scope, receive, send)


def _shows_token(scope: dict[str, Any]) -> bool:
    return bool(scope.get("cookies", {}).get(ACCESS_COOKIE)) or any(
        name == b"authorization" for name, _ in scope.get("headers", ())
    )


def _user_of_token(scope: dict[str, Any]) -> Any:
    request = Request(request_from_scope(scope, "get"))
    found = CookieJWTAuthentication().authenticate(request)
    return found[0] if found else None
