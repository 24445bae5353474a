"""The states of an answer, and titles."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from llm_server_process import llm_server
from ports import free_port

from assistants.consumers.conversation_consumer import ConversationAssistantConsumer
from assistants.models import AssistantConversation, AssistantMessage
from assistants.services import answers
from assistants.services.pump import SILENCE, Pump
from assistants.tasks import assistant_tasks
from assistants.tasks.assistant_tasks import (
    task_generate_conversation_title,
    task_handle_new_assistant_message,
    task_title_conversation,
)
from chanx.core.testing import capture_broadcast_events

pytestmark = pytest.mark.django_db

Status = AssistantMessage.Status


@pytest.fixture(scope="module")
def model_url():
    with llm_server("--tokens-per-second", "0") as server:
        yield server.url


@pytest.fixture(autouse=True)
def _model(settings, model_url):
    cache.clear()
    settings.OPENAI_BASE_URL = f"{model_url}/v1"


@pytest.fixture
def conversation():
    return AssistantConversation.objects.create()


def ask(conversation: AssistantConversation, content: str = "What is a channel layer?") -> AssistantMessage:
    return AssistantMessage.objects.create(conversation=conversation, message_type="user", content=content)


def post(conversation: AssistantConversation, what: str, **body):
    url = f"/api/assistants/conversations/{conversation.pk}/{what}/"
    return Client().post(url, body, content_type="application/json")


def test_the_task_answers_a_question_that_was_only_saved(conversation):
    question = ask(conversation)
    with capture_broadcast_events(ConversationAssistantConsumer) as events:
        task_handle_new_assistant_message(user_message_id=question.pk)
    assert question.answer.status == Status.COMPLETE
    assert "layer" in question.answer.content
    assert {group for captured in events for group in captured.groups or ()} == {
        f"anonymous_{conversation.pk}"
    }


def test_a_task_that_is_delivered_twice_answers_once(conversation):
    question = ask(conversation)
    task_handle_new_assistant_message(question.pk)
    first = question.answer.content
    with capture_broadcast_events(ConversationAssistantConsumer) as events:
        task_handle_new_assistant_message(question.pk)
    assert events == []
    assert AssistantMessage.objects.get(question=question).content == first
    assert conversation.messages.count() == 2


def test_a_conversation_has_one_open_answer(conversation):
    first = answers.open_answer(ask(conversation))
    with pytest.raises(answers.AnswerInProgress):
        answers.open_answer(ask(conversation, "Another?"))
    response = post(conversation, "messages", content="And another?")
    assert response.status_code == 409
    assert "still being written" in response.json()["errors"][0]["detail"]
    assert not conversation.messages.filter(content="And another?").exists()
    assert first.question is not None
    answers.take_up(first.question)
    assert post(conversation, "resume").status_code == 409
    answers.open_answer(ask(AssistantConversation.objects.create()))


def test_an_answer_whose_writer_has_gone_is_failed_and_can_be_had_again(conversation):
    question = ask(conversation)
    answer = answers.take_up(question)
    assert answer is not None
    assert answers.keep(answer, "The beginning")
    late = timezone.now() - answers.ABANDONED_AFTER - timedelta(seconds=1)
    AssistantMessage.objects.filter(pk=answer.pk).update(renewed_at=late)
    listed = Client().get(f"/api/assistants/conversations/{conversation.pk}/messages/").json()["results"]
    assert [(message["status"], message["content"]) for message in listed[1:]] == [
        ("failed", "The beginning")
    ]
    assert not answers.keep(answer, "The writer was only slow")
    assert post(conversation, "resume").status_code == 200
    again = AssistantMessage.objects.get(question=question)
    assert (again.pk, again.status) == (answer.pk, Status.COMPLETE)
    assert "layer" in again.content


def test_resuming_after_a_failure_answers_the_question(conversation, settings, model_url):
    settings.OPENAI_BASE_URL = f"http://127.0.0.1:{free_port()}/v1"
    assert post(conversation, "messages", content="What is a channel layer?").status_code == 201
    assert [message.status for message in conversation.messages.all()] == [Status.COMPLETE]
    settings.OPENAI_BASE_URL = f"{model_url}/v1"
    assert post(conversation, "resume").status_code == 200
    assert [message.message_type for message in conversation.messages.all()] == ["user", "assistant"]
    refused = post(conversation, "resume")
    assert refused.status_code == 409
    assert refused.json()["errors"][0]["detail"] == "Every question has its answer."


def test_there_is_nothing_to_stop_or_resume_in_a_new_conversation(conversation):
    assert post(conversation, "stop").json() == {"stopped": False}
    assert post(conversation, "resume").status_code == 409


def test_a_question_from_before_answers_knew_theirs_is_not_answered_again(conversation):
    ask(conversation)
    AssistantMessage.objects.create(conversation=conversation, message_type="assistant", content="Yes.")
    assert answers.unanswered(conversation) is None


def test_earlier_turns_are_given_to_the_model_without_empty_ones(conversation):
    for kind, content in (("user", "one"), ("assistant", ""), ("assistant", "two"), ("user", "three")):
        last = AssistantMessage.objects.create(conversation=conversation, message_type=kind, content=content)
    assert assistant_tasks._history(last) == [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "two"},
    ]


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("What is a channel layer?", "Channel layer"),
        ("Hello! Could you please tell me how to test a consumer?", "Test a consumer"),
        ("Is there a way to limit the number of connections?", "Way to limit the number"),
        ("many words\n" * 50, "Many words"),
        ("Why?", "Why?"),
    ],
)
def test_titles_come_from_the_offline_model(question, title):
    assert task_generate_conversation_title(question) == title


def test_a_title_is_the_beginning_of_the_question_if_the_model_fails(settings):
    settings.OPENAI_BASE_URL = f"http://127.0.0.1:{free_port()}/v1"
    title = task_generate_conversation_title("many words\n" * 50)
    assert title.startswith("many words many")
    assert len(title) <= assistant_tasks.MAX_TITLE_LENGTH
    assert title.endswith("…")


def test_a_conversation_that_was_deleted_gets_no_title(conversation):
    pk = conversation.pk
    conversation.delete()
    task_title_conversation(pk)


def test_generate_title_from_first_message_keeps_a_given_one(conversation):
    ask(conversation)
    conversation.generate_title_from_first_message()
    assert conversation.title == "Channel layer"
    conversation.title = "Mine"
    conversation.generate_title_from_first_message()
    assert conversation.title == "Mine"


class TestPump:
    def test_pieces_come_in_order_and_silence_in_between(self):
        import time

        def slow():
            yield "a"
            time.sleep(0.2)
            yield "b"

        got = list(Pump(slow(), patience=0.05))
        assert [piece for piece in got if piece is not SILENCE] == ["a", "b"]
        assert SILENCE in got

    def test_what_the_stream_raises_is_raised(self):
        def failing():
            yield "a"
            raise ValueError("gone")

        pieces = iter(Pump(failing(), patience=1))
        assert next(pieces) == "a"
        with pytest.raises(ValueError, match="gone"):
            next(pieces)

    def test_an_abandoned_stream_is_closed(self):
        import threading

        closed, go_on = threading.Event(), threading.Event()

        def endless():
            try:
                while True:
                    yield "x"
                    go_on.wait(1)
            finally:
                closed.set()

        pump = Pump(endless(), patience=1)
        assert next(iter(pump)) == "x"
        pump.close()
        go_on.set()
        assert closed.wait(3)
