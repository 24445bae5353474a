"""Kept conversations over REST: who may do what, and what a question starts."""

from uuid import uuid4

import pytest
from accounts.models import User
from django.core.cache import cache
from django.test import Client
from llm_server_process import llm_server
from ports import free_port

from assistants.consumers.conversation_consumer import ConversationAssistantConsumer
from assistants.models import AssistantConversation
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


def test_the_owner_cannot_be_given(people):
    other = User.objects.get(username="other")
    created = people["owner"].post(BASE, {"user": other.pk}).json()
    assert AssistantConversation.objects.get(pk=created["id"]).user == User.objects.get(username="owner")


def test_unknown_and_malformed_ids_are_not_found(people):
    for pk in (uuid4(), "1", "x' OR 1=1"):
        assert people["owner"].get(f"{BASE}{pk}/messages/").status_code == 404


@pytest.mark.parametrize("content", ["", "   ", "x" * 8001, None])
def test_a_question_without_sense_is_refused(people, private, content):
    response = people["owner"].post(
        f"{BASE}{private.pk}/messages/", {"content": content}, content_type="application/json"
    )
    assert response.status_code == 400
    assert response.json()["type"] == "validation_error"
    assert [error["attr"] for error in response.json()["errors"]] == ["content"]
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
    assert [piece.payload.offset for piece in pieces] == [
        len("".join(piece.payload.content for piece in pieces[:number])) for number in range(len(pieces))
    ]
    assert title.payload.title == "Channel layer"
    assert {group for captured in events for group in captured.groups or ()} == {private.layer_group}
    private.refresh_from_db()
    assert private.title == "Channel layer"


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
