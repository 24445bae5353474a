"""Input that means harm, over HTTP and over WebSockets: it is refused with a reason, or kept and shown as text."""

import json
from typing import Any
from uuid import uuid4

import pytest
from accounts.models import User
from asgiref.sync import sync_to_async
from assistants.models import AssistantConversation, AssistantMessage
from channels.testing import ApplicationCommunicator, WebsocketCommunicator
from discussion.models import Topic
from django.core.cache import cache
from django.test import Client
from test_utils.users import session_headers

from chat.models import GroupChat  # isort: skip
from chat.services.groups import create_group

from config.asgi import application

CONVERSATIONS = "/api/assistants/conversations/"
JSON: dict[str, Any] = {"content_type": "application/json"}
SCRIPT = "<script>alert(1)</script>"
MARKUP = [
    SCRIPT,
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}{% debug %}",
    "javascript:alert(1)",
    "]]><svg/onload=alert(1)>",
]
SQL = [
    "' OR 1=1 --",
    "'; DROP TABLE accounts_user; --",
    '" OR ""="',
    "%' UNION SELECT password FROM accounts_user --",
    "\\",
]


@pytest.fixture(autouse=True)
def _throttling_starts_anew():
    cache.clear()


@pytest.fixture
def alice(db):
    client = Client()
    client.force_login(User.objects.create_user("alice"))
    return client


@pytest.fixture
def admin(db):
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    return client


@pytest.mark.parametrize("text", MARKUP)
def test_markup_in_titles_and_texts_is_text_on_every_page(alice, admin, text):
    user = User.objects.get(username="alice")
    conversation = AssistantConversation.objects.create(user=user, title=text)
    AssistantMessage.objects.create(conversation=conversation, message_type="user", content=text)
    topic = Topic.objects.create(author=user, title=text, body=text)
    GroupChat.objects.create(title=text)
    user.first_name = user.last_name = text[:150]
    user.save()
    pages = {
        alice: ["/", "/chat/", "/discussion/", "/assistants/conversations/", conversation.get_absolute_url()],
        admin: [
            "/admin/assistants/assistantconversation/",
            "/admin/assistants/assistantmessage/",
            "/admin/chat/groupchat/",
            "/admin/discussion/topic/",
            f"/admin/discussion/topic/{topic.pk}/change/",
            "/admin/accounts/user/",
        ],
    }
    for client, paths in pages.items():
        for path in paths:
            body = client.get(path).content.decode()
            assert SCRIPT not in body, path
            assert "<img src=x" not in body, path
            assert "<svg/onload" not in body, path
            assert 'href="javascript:' not in body, path


@pytest.mark.parametrize("text", MARKUP)
@pytest.mark.parametrize(
    "path", ["/chat/?room={}", "/login?next={}", "/no-such-page/{}", "/admin/accounts/user/?q={}"]
)
def test_markup_in_addresses_is_not_echoed(admin, path, text):
    from urllib.parse import quote

    body = admin.get(path.format(quote(text))).content.decode()
    assert SCRIPT not in body
    assert "<img src=x" not in body
    assert "<svg/onload" not in body


@pytest.mark.parametrize("text", SQL)
def test_sql_is_searched_for_and_not_run(alice, admin, text):
    user = User.objects.get(username="alice")
    AssistantConversation.objects.create(user=user, title="Findable")
    GroupChat.objects.create(title="Findable")
    Topic.objects.create(author=user, title="Findable", body="Findable")
    for path in (
        "/admin/accounts/user/",
        "/admin/assistants/assistantconversation/",
        "/admin/chat/groupchat/",
        "/admin/discussion/topic/",
    ):
        answer = admin.get(path, {"q": text})
        assert answer.status_code == 200, path
        assert "Findable" not in answer.content.decode(), path
        assert "alice" not in answer.content.decode(), path
    found = alice.get("/api/discussion/topics/", {"search": text})
    assert found.status_code == 200
    assert found.json()["results"] == []
    login = {"username": text, "password": text}
    assert Client().post("/api/auth/login/", login).status_code == 401
    assert User.objects.count() == 2


@pytest.mark.parametrize(
    "pk", ["1", "0", "-1", "x' OR 1=1", "../../admin", str(uuid4()), "%00", "9" * 400, "\u0661"]
)
@pytest.mark.parametrize(
    "path", [CONVERSATIONS + "{}/", "/api/chat/groups/{}/", "/api/discussion/topics/{}/"]
)
def test_ids_that_are_none_or_others_are_not_found(alice, path, pk):
    from urllib.parse import quote

    assert alice.get(path.format(quote(pk, safe=""))).status_code in (400, 404)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b"\xff\xfe",
        b'{"content": NaN}',
        b'{"content": {"a": []}}',
        b'{"content": "a\\u0000b"}',
        b'{"content": "\\ud800"}',
        b'{"content": "' + b"x" * 8001 + b'"}',
        b"[" * 100_000,
    ],
    ids=lambda body: repr(body[:24]),
)
def test_bodies_without_sense_are_refused_and_nothing_is_kept(db, body):
    conversation = AssistantConversation.objects.create()
    answer = Client(raise_request_exception=False).post(
        f"{CONVERSATIONS}{conversation.pk}/messages/", body, **JSON
    )
    assert answer.status_code == 400
    assert answer.json()["errors"]
    assert conversation.messages.count() == 0


async def http(body: list[bytes], *, headers: tuple[tuple[bytes, bytes], ...] = ()) -> dict:
    """A POST whose body arrives in these parts."""
    scope = {
        "type": "http",
        "method": "POST",
        "path": CONVERSATIONS,
        "query_string": b"",
        "scheme": "http",
        "headers": [(b"host", b"testserver"), (b"content-type", b"application/json"), *headers],
    }
    client = ApplicationCommunicator(application, scope)
    for part in body:
        await client.send_input({"type": "http.request", "body": part, "more_body": True})
    await client.send_input({"type": "http.request", "body": b""})
    start = await client.receive_output(timeout=5)
    answer = await client.receive_output(timeout=5)
    return {"status": start["status"], "body": answer["body"]}


@pytest.mark.django_db(transaction=True)
async def test_a_body_that_is_too_large_is_refused_announced_or_not(settings):
    announced = ((b"content-length", str(settings.MAX_BODY_BYTES + 1).encode()),)
    chunk = b" " * 65536
    for answer in (
        await http([b"{}"], headers=announced),
        await http([chunk] * (settings.MAX_BODY_BYTES // len(chunk) + 1)),
    ):
        assert answer["status"] == 413
        assert json.loads(answer["body"])["errors"][0]["code"] == "body_too_large"
    assert (await http([b'{"title": "x"}']))["status"] == 201
    assert await AssistantConversation.objects.acount() == 1


HOSTILE_FRAMES = [
    " ",
    "null",
    "[]",
    "{",
    '{"action": null}',
    '{"action": {"$ne": ""}}',
    '{"action": "__class__"}',
    '{"action": "ping", "payload": "' + "x" * 100_000 + '"}',
    '{"action": "follow_group", "payload": {"group": "../user.1"}}',
    '{"action": "follow_group", "payload": {"group": "' + "g" * 5000 + '"}}',
    "[" * 50_000,
    '{"action": "ping", "ref": ' + "9" * 5000 + "}",
]


async def answer_of(client: WebsocketCommunicator) -> dict[str, Any]:
    """The next frame that does not only tell that one was handled."""
    while (answer := dict(await client.receive_json_from()))["action"] == "complete":
        pass
    return answer


async def survives(client: WebsocketCommunicator) -> None:
    """Every hostile frame is answered, with an error as a rule, and the connection stays."""
    for frame in HOSTILE_FRAMES:
        await client.send_to(text_data=frame)
        answer = await answer_of(client)
        assert answer["action"] in ("error", "pong"), frame[:60]
        if answer["action"] == "error":
            assert "Traceback" not in json.dumps(answer)
    await client.send_to(bytes_data=b"\x00\xff")
    assert (await answer_of(client))["action"] == "error"
    await client.send_json_to({"action": "ping"})
    assert (await answer_of(client))["action"] == "pong"
    await client.disconnect()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/ws/system/", "/ws/assistants/", "/ws/chat/room1/", "/ws/discussion/"])
async def test_hostile_frames_are_answered_with_errors_and_the_connection_stays(path):
    client = WebsocketCommunicator(application, path, [(b"origin", b"http://localhost:8000")])
    assert (await client.connect())[0]
    await survives(client)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("of", ["lobby", "group", "topic"])
async def test_hostile_frames_of_a_user_are_answered_with_errors_and_the_connection_stays(of):
    def made() -> tuple[str, list[tuple[bytes, bytes]]]:
        user = User.objects.create_user("alice")
        path = {
            "lobby": lambda: "/ws/chat/",
            "group": lambda: f"/ws/chat/{create_group('Crew', user).pk}/",
            "topic": lambda: f"/ws/discussion/{Topic.objects.create(author=user, title='x', body='x').pk}/",
        }[of]()
        return path, session_headers(user)

    client = WebsocketCommunicator(application, *await sync_to_async(made)())
    assert (await client.connect())[0]
    assert (await client.receive_json_from())["payload"]["statusCode"] == 200
    await survives(client)
