"""Who a WebSocket belongs to: token, JWT cookie or session."""

from typing import Any

from accounts.authentication import ACCESS_COOKIE, CookieJWTAuthentication
from accounts.models import User
from rest_framework.authtoken.models import Token
from rest_framework.exceptions import AuthenticationFailed
from rest_framework_simplejwt.exceptions import InvalidToken

from ai_chat.scope import TOKEN, take_token


class WrongTokenError(Exception):
    """A token was given, and it is nobody's."""


def token_of(scope: dict[str, Any]) -> str | None:
    """The token of the query string or of the header `Authorization: Token ...`."""
    if TOKEN not in scope:
        take_token(scope, (scope.get("query_string") or b"").decode("latin-1"))
    if TOKEN in scope:
        return str(scope[TOKEN])
    for name, value in scope.get("headers", ()):
        if name == b"authorization":
            scheme, _, key = value.decode("latin-1").partition(" ")
            if scheme.lower() == "token":
                return str(key.strip())
    return None


def user_of_token(key: str) -> User:
    """The user of a token.

    Raises:
        WrongTokenError: There is none, or the user may not log in.
    """
    token = Token.objects.select_related("user").filter(key=key[:40] if len(key) == 40 else "").first()
    if token is None or not token.user.is_active:
        raise WrongTokenError
    user: User = token.user
    return user


def user_of_scope(scope: dict[str, Any]) -> User | None:
    """The user of a handshake; None if it has no credentials that hold.

    Raises:
        WrongTokenError: It has a wrong token.
    """
    key = token_of(scope)
    if key is not None:
        return user_of_token(key)
    raw = scope.get("cookies", {}).get(ACCESS_COOKIE)
    if raw:
        backend = CookieJWTAuthentication()
        try:
            found = backend.get_user(backend.get_validated_token(raw.encode()))
            return found if isinstance(found, User) else None
        except (InvalidToken, AuthenticationFailed):
            pass  # it has expired: the session may still hold
    user = scope.get("user")
    # Reading the attribute loads the session's user.
    return user if user is not None and user.is_authenticated else None
