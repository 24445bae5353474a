"""Users for tests, and the headers with which their browsers open WebSockets."""

from accounts.models import User
from django.conf import settings
from django.test import Client


def session_headers(user: User) -> list[tuple[bytes, bytes]]:
    """The headers of a page of ours on which the user is logged in."""
    client = Client()
    client.force_login(user)
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    return [(b"origin", b"http://localhost:8000"), (b"cookie", cookie.encode())]
