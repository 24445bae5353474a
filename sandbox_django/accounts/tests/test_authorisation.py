"""What a token, a session and an origin allow: each cell of the tables in docs/authorisation.md."""

from datetime import timedelta
from typing import Any

import pytest
from ai_chat.models import ChatSession
from asgiref.sync import sync_to_async
from assistants.models import AssistantConversation
from channels.testing import WebsocketCommunicator
from chat.services.groups import create_group
from chat.services.members import add_member
from config.asgi import application
from discussion.models import Topic
from django.core.cache import cache
from django.test import Client
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token
from test_utils.authorisation import every_cell
from test_utils.users import session_headers

from accounts.authentication import ACCESS_COOKIE, REFRESH_COOKIE
from accounts.models import User

ORIGIN = b"http://localhost:8000"
TOPIC = {"title": "New", "body": "New"}


@pytest.fixture(autouse=True)
def _throttling_starts_anew():
    cache.clear()


def expired(token: Token) -> Token:
    token.set_exp(lifetime=-timedelta(seconds=1))
    return token


def forged(token: Token) -> str:
    head, body, signature = str(token).split(".")
    return ".".join([head, body, ("A" if signature[0] != "A" else "B") + signature[1:]])


def access_token(kind: str, user: User) -> str:
    token = AccessToken.for_user(user)
    if kind == "of a disabled account":
        User.objects.filter(pk=user.pk).update(is_active=False)
    elif kind == "of a deleted account":
        user.delete()
    return {
        "none": lambda: "",
        "expired": lambda: str(expired(token)),
        "forged": lambda: forged(token),
        "a refresh token": lambda: str(RefreshToken.for_user(user)),
    }.get(kind, lambda: str(token))()


@every_cell("Access tokens")
async def test_access_tokens(transactional_db, operation, actor, answer):
    user = await User.objects.acreate(username="alice")
    path = await socket_path(operation, user) if operation.startswith("open") else ""
    token = await sync_to_async(access_token)(actor, user)
    if path:
        status = await open_with(path, token, in_header="in the header" in operation)
        assert status == (200 if answer == "yes" else int(answer))
        return
    status = await sync_to_async(ask_with)(operation, token)
    assert status in (200, 201) if answer == "yes" else status == int(answer)
    assert await Topic.objects.acount() == (answer == "yes" and operation.startswith("begin"))


def ask_with(operation: str, token: str) -> int:
    client = Client(enforce_csrf_checks=True)
    headers = {}
    if "in the header" in operation and token:
        headers["authorization"] = f"Bearer {token}"
    elif token:
        client.cookies[ACCESS_COOKIE] = token
    if operation.startswith("say"):
        return client.get("/api/auth/me/", headers=headers).status_code
    if "with the CSRF token" in operation:
        client.get("/login")
        headers["x-csrftoken"] = client.cookies["csrftoken"].value
    url = "/api/discussion/topics/"
    return client.post(url, TOPIC, content_type="application/json", headers=headers).status_code


async def socket_path(operation: str, user: User) -> str:
    """The address of the WebSocket that an operation opens, with what it shows made for the user."""
    if "`" in operation:
        return operation.split("`")[1]
    if "conversation" in operation:
        conversation = await AssistantConversation.objects.acreate(user=user)
        return f"/ws/assistants/{conversation.pk}/"
    if "AI chat" in operation:
        session = await ChatSession.objects.acreate(user=user)
        return f"/ws/ai-chat/session/{session.pk}/"
    if "one's group" in operation:
        other = await User.objects.acreate(
            username="other"
        )  # so that the group outlives its member's account
        group = await sync_to_async(create_group)("Crew", other)
        await sync_to_async(add_member)(group, user)
        return "/ws/chat/" if "list" in operation else f"/ws/chat/{group.pk}/"
    if "topic" in operation:
        author = await User.objects.acreate(username="author")
        topic = await Topic.objects.acreate(author=author, **TOPIC)
        return "/ws/discussion/" if "list" in operation else f"/ws/discussion/{topic.pk}/"
    return "/ws/system/"


async def open_with(path: str, token: str, *, in_header: bool) -> int:
    """The status with which a WebSocket is opened or refused, 200 without an authentication frame."""
    headers = [(b"origin", ORIGIN)]
    if token and in_header:
        headers.append((b"authorization", f"Bearer {token}".encode()))
    elif token:
        headers.append((b"cookie", f"{ACCESS_COOKIE}={token}".encode()))
    client = WebsocketCommunicator(application, path, headers)
    assert (await client.connect())[0]
    await client.send_json_to({"action": "ping", "type": "ping"})
    frame: dict[str, Any] = await client.receive_json_from()
    if frame.get("type") == "error":  # the AI chat's, which has no authentication frame
        status = (await client.receive_output())["code"] - 4000
        return int(status)
    status = frame["payload"]["statusCode"] if frame.get("action") == "authentication" else 200
    if status != 200:
        assert (await client.receive_output())["code"] == 4000 + status
    else:
        await client.disconnect()
    return int(status)


def refresh_token(kind: str, user: User, client: Client) -> str:
    token = RefreshToken.for_user(user)
    if kind in ("used before", "of a session that was ended"):
        client.cookies[REFRESH_COOKIE] = str(token)
        before = "/api/auth/refresh/" if kind == "used before" else "/api/auth/logout/"
        assert post(client, before).status_code in (200, 204)
    if kind == "of a disabled account":
        User.objects.filter(pk=user.pk).update(is_active=False)
    return {
        "none": lambda: "",
        "expired": lambda: str(expired(token)),
        "forged": lambda: forged(token),
        "an access token": lambda: str(token.access_token),
    }.get(kind, lambda: str(token))()


def post(client: Client, path: str, *, with_csrf: bool = True):
    headers = {}
    if with_csrf:
        client.get("/login")
        headers["x-csrftoken"] = client.cookies["csrftoken"].value
    return client.post(path, headers=headers)


@every_cell("Refresh tokens")
def test_refresh_tokens(db, operation, actor, answer):
    user = User.objects.create_user("alice")
    client = Client(enforce_csrf_checks=True)
    token = refresh_token(actor, user, client)
    client.cookies.clear()
    if token:
        client.cookies[REFRESH_COOKIE] = token
    path = "/api/auth/logout/" if operation == "end the session" else "/api/auth/refresh/"
    response = post(client, path, with_csrf="without" not in operation)
    assert response.status_code in (200, 204) if answer == "yes" else response.status_code == int(answer)
    if answer != "yes":
        assert ACCESS_COOKIE not in response.cookies
    elif operation == "end the session":
        assert response.cookies[ACCESS_COOKIE].value == ""
        client.cookies[REFRESH_COOKIE] = token
        assert post(client, "/api/auth/refresh/").status_code == 401
    else:
        assert client.get("/api/auth/me/").json()["username"] == "alice"


ORIGINS = {
    "own page": "http://localhost:8000",
    "another site": "https://evil.example",
    "another port of this host": "http://localhost:9999",
    "`null`": "null",
    "none": None,
}


@every_cell("Origins")
async def test_origins(transactional_db, operation, actor, answer):
    user = await sync_to_async(User.objects.create_user)("alice", password="a good password")
    origin = ORIGINS[actor]
    if operation.startswith("open"):
        path = await socket_path(operation, user)
        headers = [header for header in await sync_to_async(session_headers)(user) if header[0] != b"origin"]
        if origin:
            headers.append((b"origin", origin.encode()))
        client = WebsocketCommunicator(application, path, headers)
        connected, _ = await client.connect()
        assert connected == (answer == "yes")
        if connected:
            await client.disconnect()
        return
    status = await sync_to_async(post_from)(operation, origin, user)
    assert status in (201, 302) if answer == "yes" else status == int(answer)
    assert await Topic.objects.acount() == (answer == "yes" and operation.startswith("begin"))


def post_from(operation: str, origin: str | None, user: User) -> int:
    """A page of another site that has got hold of a CSRF token is refused for its origin."""
    client = Client(enforce_csrf_checks=True, SERVER_NAME="localhost", SERVER_PORT="8000")
    client.get("/login")
    headers = {"x-csrftoken": client.cookies["csrftoken"].value, **({"origin": origin} if origin else {})}
    if operation.startswith("log in"):
        form = {"username": "alice", "password": "a good password"}
        return client.post("/login", form, headers=headers).status_code
    client.force_login(user)
    url = "/api/discussion/topics/"
    return client.post(url, TOPIC, content_type="application/json", headers=headers).status_code
