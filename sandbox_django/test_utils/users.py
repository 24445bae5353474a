"""Users for tests, and the headers with which their browsers open WebSockets."""

from accounts.authentication import ACCESS_COOKIE
from accounts.models import User
from django.conf import settings
from django.test import Client
from rest_framework_simplejwt.tokens import AccessToken

ORIGIN = (b"origin", b"http://localhost:8000")


def session_headers(user: User) -> list[tuple[bytes, bytes]]:
    """The headers of a page of ours on which the user is logged in."""
    client = Client()
    client.force_login(user)
    return _with_cookie(settings.SESSION_COOKIE_NAME, client.cookies[settings.SESSION_COOKIE_NAME].value)


def token_headers(user: User, token: object | None = None) -> list[tuple[bytes, bytes]]:
    """The same with an access token in its cookie; a fresh one if none is given."""
    return _with_cookie(ACCESS_COOKIE, str(token or AccessToken.for_user(user)))


def _with_cookie(name: str, value: str) -> list[tuple[bytes, bytes]]:
    return [ORIGIN, (b"cookie", f"{name}={value}".encode())]
