"""Kept conversations over REST: who may do what, and what a question starts."""

from uuid import uuid4

import pytest
from accounts.models import User
from django.core.cache import cache
from django.test import Client
from llm_server_process import llm_server
from sandbox_server import free_port

from assistants.consumers.conversation_consumer import ConversationAssistantConsumer
from assistants.models import AssistantConversation, AssistantMessage
from assistants.tasks import assistant_tasks
from chanx.core.testing import capture_broadcast_events

pytestmark = pytest.mark.django_db

BASE = "/api/assistants/conversations/"


@pytest.fixture(scope="module")
def model_url():
    with llm_server("--tokens-per-second", "0") as server:
        yield server.url


@pytest.fixture(autouse=True)
def _model(settings, model_url):
    cache.clear()  # throttling counts there
    settings.OPENAI_BASE_URL = f"{model_url}/v1"


@pytest.fixture
def people():
    """Clients by role; `owner` owns the private conversation."""
    clients = {"anonymous": Client()}
    for name in ("owner", "other", "admin"):
        clients[name] = Client()
        user = User.objects.create_user(name, is_staff=name == "admin", is_superuser=name == "admin")
        clients[name].force_login(user)
    return clients


@pytest.fixture
def private(people):
    return AssistantConversation.objects.create(user=User.objects.get(username="owner"))


@pytest.fixture
def public():
    return AssistantConversation.objects.create()


ROLES = ("anonymous", "owner", "other", "admin")
ALLOWED = {"private": {"owner"}, "public": set(ROLES)}


@pytest.mark.parametrize("kind", ["private", "public"])
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("operation", ["page", "read", "messages", "ask", "rename", "delete"])
def test_who_may_do_what(people, private, public, role, kind, operation, monkeypatch):
    # What a question starts has tests of its own.
    monkeypatch.setattr(
        "assistants.views.message_views.task_handle_new_assistant_message", lambda user_message_id: None
    )
    conversation = private if kind == "private" else public
    client = people[role]
    url = f"{BASE}{conversation.pk}/"
    json = {"content_type": "application/json"}
    status = {
        "page": lambda: client.get(conversation.get_absolute_url()),
        "read": lambda: client.get(url),
        "messages": lambda: client.get(f"{url}messages/"),
        "ask": lambda: client.post(f"{url}messages/", {"content": "Hello?"}, **json),
        "rename": lambda: client.patch(url, {"title": "New"}, **json),
        "delete": lambda: client.delete(url),
    }[operation]().status_code
    if role in ALLOWED[kind]:
        assert status in (200, 201, 204)
    else:
        assert status == 403
        conversation.refresh_from_db()
        assert conversation.title == ""
        assert conversation.messages.count() == 0


def test_the_list_holds_ones_own_only(people, private, public):
    assert [c["id"] for c in people["owner"].get(BASE).json()["results"]] == [str(private.pk)]
    for role in ("anonymous", "other", "admin"):
        assert people[role].get(BASE).json()["results"] == []


@pytest.mark.parametrize(("role", "has_owner"), [("anonymous", False), ("owner", True)])
def test_a_new_conversation_belongs_to_its_maker(people, role, has_owner):
    created = people[role].post(BASE, {"title": ""}).json()
    conversation = AssistantConversation.objects.get(pk=created["id"])
    assert (conversation.user is not None) == has_owner


def test_the_owner_cannot_be_given(people):
    other = User.objects.get(username="other")
    created = people["owner"].post(BASE, {"user": other.pk}).json()
    assert AssistantConversation.objects.get(pk=created["id"]).user.username == "owner"


def test_unknown_and_malformed_ids_are_not_found(people):
    for pk in (uuid4(), "1", "x' OR 1=1"):
        assert people["owner"].get(f"{BASE}{pk}/messages/").status_code == 404


@pytest.mark.parametrize("content", ["", "   ", "x" * 8001, None])
def test_a_question_without_sense_is_refused(people, private, content):
    response = people["owner"].post(
        f"{BASE}{private.pk}/messages/", {"content": content}, content_type="application/json"
    )
    assert response.status_code == 400
    assert "content" in response.json()
    assert private.messages.count() == 0


def test_a_question_is_answered_and_its_pieces_are_streamed(people, private):
    with capture_broadcast_events(ConversationAssistantConsumer) as events:
        response = people["owner"].post(
            f"{BASE}{private.pk}/messages/", {"content": "What is a channel layer?"}
        )
    assert response.status_code == 201
    assert response.json()["message_type"] == "user"
    question, answer = private.messages.all()
    assert (question.message_type, answer.message_type) == ("user", "assistant")
    assert "layer" in answer.content.lower()
    new, *pieces, title = [captured.event for captured in events]
    assert new.payload.content == "What is a channel layer?"
    assert "".join(piece.payload.content for piece in pieces) == answer.content
    assert [piece.payload.is_complete for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert {piece.payload.message_id for piece in pieces} == {question.pk}
    assert title.payload.title == "What is a channel layer?"
    assert {group for captured in events for group in captured.groups} == {private.layer_group}
    private.refresh_from_db()
    assert private.title == "What is a channel layer?"


def test_a_title_that_was_given_stays(people, private):
    private.title = "Mine"
    private.save()
    people["owner"].post(f"{BASE}{private.pk}/messages/", {"content": "What is a channel layer?"})
    private.refresh_from_db()
    assert private.title == "Mine"


def test_a_failed_model_is_told_and_the_question_kept(people, public, settings):
    settings.OPENAI_BASE_URL = f"http://127.0.0.1:{free_port()}/v1"
    with capture_broadcast_events(ConversationAssistantConsumer) as events:
        response = people["anonymous"].post(f"{BASE}{public.pk}/messages/", {"content": "Hello?"})
    assert response.status_code == 201
    assert [captured.event.action for captured in events] == [
        "handle_new_message",
        "handle_streaming_failed",
    ]
    assert "does not answer" in events[-1].event.payload.detail
    assert [m.message_type for m in public.messages.all()] == ["user"]


def test_earlier_turns_are_given_to_the_model(private, monkeypatch):
    for kind, content in (("user", "one"), ("assistant", "two"), ("user", "three")):
        last = AssistantMessage.objects.create(conversation=private, message_type=kind, content=content)
    assert assistant_tasks._history(last) == [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "two"},
    ]


def test_a_long_question_makes_a_short_title():
    title = assistant_tasks.task_generate_conversation_title("many words\n" * 50)
    assert len(title) <= assistant_tasks.MAX_TITLE_LENGTH
    assert title.endswith("…")
    assert "\n" not in title


def test_markup_in_a_title_is_text_on_the_page(people, private):
    private.title = "<script>alert(1)</script>"
    private.save()
    for path in (private.get_absolute_url(), "/assistants/conversations/"):
        body = people["owner"].get(path).content.decode()
        assert "<script>alert(1)" not in body
        assert "&lt;script&gt;alert(1)" in body


def test_starting_opens_a_new_conversation(people):
    response = people["owner"].post("/assistants/conversations/start/")
    conversation = AssistantConversation.objects.get()
    assert response.headers["Location"] == conversation.get_absolute_url()
