"""Tokens on every WebSocket: who one is there, and that a bad token is refused as over HTTP."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from config.asgi import application
from django.test import Client
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken
from system.services.notices import send_notice

from accounts.authentication import ACCESS_COOKIE
from accounts.models import User

pytestmark = pytest.mark.django_db(transaction=True)

# Sockets without an authenticator of their own: what a token says there is the middleware's work.
OPEN = ["/ws/system/", "/ws/assistants/", "/ws/chat/room1/"]
ORIGIN = (b"origin", b"http://localhost:8000")


@pytest.fixture
def alice():
    return User.objects.create_user("alice")


@pytest.fixture
def bob():
    return User.objects.create_user("bob")


def cookies(**values: object) -> tuple[bytes, bytes]:
    return (b"cookie", "; ".join(f"{name}={value}" for name, value in values.items()).encode())


def bearer(token: object) -> tuple[bytes, bytes]:
    return (b"authorization", f"Bearer {token}".encode())


def expired(user: User) -> AccessToken:
    token = AccessToken.for_user(user)
    token.set_exp(lifetime=-timedelta(seconds=1))
    return token


def forged(user: User) -> str:
    """Another user's number under the first one's signature."""
    good, other = str(AccessToken.for_user(user)).split("."), AccessToken()
    other["user_id"] = str(user.pk + 1)
    return ".".join([good[0], str(other).split(".")[1], good[2]])


async def hears_notices_to(path: str, headers: list[tuple[bytes, bytes]], username: str) -> bool:
    client = WebsocketCommunicator(application, path, headers)
    connected, _ = await client.connect()
    assert connected
    await client.send_json_to({"action": "ping"})
    assert (await client.receive_json_from())["action"] == "pong"
    assert (await client.receive_json_from())["action"] == "complete"
    await sync_to_async(send_notice)(audience="user", target=username, text="psst", sender="test")
    heard = not await client.receive_nothing(timeout=0.4)
    await client.disconnect()
    return heard


@pytest.mark.parametrize("path", OPEN)
@pytest.mark.parametrize(
    "how", [lambda token: cookies(**{ACCESS_COOKIE: token}), bearer], ids=["cookie", "header"]
)
async def test_the_token_says_who_one_is(alice, path, how):
    assert await hears_notices_to(path, [ORIGIN, how(AccessToken.for_user(alice))], "alice")


@pytest.mark.parametrize("path", OPEN)
async def test_without_a_token_one_is_nobody(alice, path):
    assert not await hears_notices_to(path, [ORIGIN], "alice")


async def test_a_token_of_another_scheme_is_left_to_the_consumer(alice):
    assert not await hears_notices_to("/ws/system/", [ORIGIN, (b"authorization", b"Token abc")], "alice")


async def test_the_token_wins_over_the_session(alice, bob):
    client = Client()
    await sync_to_async(client.force_login)(bob)
    session = client.cookies["sessionid"].value
    both = cookies(sessionid=session, **{ACCESS_COOKIE: AccessToken.for_user(alice)})
    assert await hears_notices_to("/ws/system/", [ORIGIN, both], "alice")
    assert not await hears_notices_to("/ws/system/", [ORIGIN, both], "bob")
    assert await hears_notices_to("/ws/system/", [ORIGIN, cookies(sessionid=session)], "bob")


BAD: dict[str, Callable[[User], object]] = {
    "expired": expired,
    "forged": forged,
    "a refresh token": RefreshToken.for_user,
    "nonsense": lambda user: "nonsense",
    "not ASCII": lambda user: "\u00e9\u00e9",
}


@pytest.mark.parametrize("kind", BAD)
async def test_a_bad_token_is_refused_with_a_reason(alice, kind):
    token = await sync_to_async(BAD[kind])(alice)
    client = WebsocketCommunicator(application, "/ws/system/", [ORIGIN, cookies(**{ACCESS_COOKIE: token})])
    connected, _ = await client.connect()
    assert connected
    frame = await client.receive_json_from()
    assert frame["action"] == "authentication"
    assert frame["payload"]["statusCode"] == 401
    closed = await client.receive_output()
    assert closed == {"type": "websocket.close", "code": 4401} | {
        key: value for key, value in closed.items() if key == "reason"
    }
