"""Sessions and messages over REST."""

from uuid import uuid4

import pytest
from django.db import OperationalError

from ai_chat.models import ChatSession, Message
from ai_chat.services import outcome
from ai_chat.services.questions import request_of
from ai_chat.tests.conftest import waited_for

FIELDS = {
    "title": "Alps",
    "model": "chanx-offline",
    "temperature": 0.2,
    "max_tokens": 50,
    "system_prompt": "Be short.",
    "tools": ["clock"],
}


def attributes(refusal):
    return {error["attr"] for error in refusal["errors"]}


def test_a_session_is_made_with_the_defaults_of_the_environment(api, settings):
    made = api("post", "sessions/", {}, 201)
    assert (made["temperature"], made["max_tokens"]) == (settings.LLM_TEMPERATURE, settings.LLM_MAX_TOKENS)
    assert made["tools"] == ["clock", "search_chats"]
    assert made["effective_model"] == "chanx-offline"
    assert (made["is_active"], made["message_count"], made["last_message"], made["streaming"]) == (
        True,
        0,
        "",
        None,
    )
    settings.LLM_ENABLE_TOOLS = False
    assert api("post", "sessions/", {}, 201)["tools"] == []


def test_settings_are_kept_and_changed_one_by_one(api):
    made = api("post", "sessions/", FIELDS, 201)
    assert {name: made[name] for name in FIELDS} == FIELDS
    changed = api("patch", f"sessions/{made['id']}/", {"temperature": 1.5})
    assert changed["temperature"] == 1.5
    assert api("get", f"sessions/{made['id']}/")["system_prompt"] == "Be short."


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("temperature", 2.1),
        ("temperature", -1),
        ("max_tokens", 0),
        ("max_tokens", 32_769),
        ("tools", ["rm"]),
        ("tools", "clock"),
        ("title", "x" * 201),
        ("system_prompt", "x" * 16_001),
        ("model", "x" * 201),
    ],
)
def test_wrong_settings_are_refused_by_name(api, field, value):
    refusal = api("post", "sessions/", {field: value}, 400)
    assert {attribute.split(".")[0] for attribute in attributes(refusal)} == {field}
    session = api.session()
    api("patch", f"sessions/{session}/", {field: value}, 400)


def test_a_deleted_session_is_kept_out_of_the_list(api):
    session = api.session(title="Old")
    api("delete", f"sessions/{session}/", status=204)
    assert api("get", "sessions/")["count"] == 0
    assert api("get", "sessions/?is_active=false")["results"][0]["id"] == session
    assert ChatSession.objects.get(pk=session).is_active is False
    api("post", f"sessions/{session}/send_message/", {"message": "hi"}, 404)
    assert api("patch", f"sessions/{session}/", {"is_active": True})["is_active"] is True
    assert api("get", "sessions/")["count"] == 1
    api("get", "sessions/?is_active=perhaps", status=400)


def test_sessions_are_listed_latest_first_in_pages_and_searched(api):
    ids = [api.session(title=f"Session {number}") for number in range(3)]
    api("post", f"sessions/{ids[0]}/send_message/", {"message": "Tell me of marmots"}, 201)
    page = api("get", "sessions/?page_size=2")
    assert (page["count"], [found["id"] for found in page["results"]]) == (3, [ids[0], ids[2]])
    assert page["results"][0]["message_count"] == 2
    assert page["results"][0]["last_message"]
    assert "page=2" in page["next"]
    assert [found["id"] for found in api("get", "sessions/?search=MARMOT")["results"]] == [ids[0]]
    assert [found["id"] for found in api("get", "sessions/?search=session 1")["results"]] == [ids[1]]


def test_the_number_of_queries_does_not_grow_with_the_list(api, django_assert_max_num_queries):
    for number in range(12):
        session = ChatSession.objects.create(user=api.user, title=str(number))
        Message.objects.create(session=session, role="user", content="?")
    with django_assert_max_num_queries(8):
        assert len(api("get", "sessions/")["results"]) == 12


def test_what_belongs_to_another_user_is_not_there(api, stranger, nobody):
    session = api.session()
    for method, path, body in (
        ("get", "", None),
        ("patch", "", {"title": "mine"}),
        ("delete", "", None),
        ("get", "messages/", None),
        ("post", "send_message/", {"message": "hi"}),
        ("post", "stop/", None),
        ("post", "retry/", {}),
        ("post", "edit/", {"message_id": str(uuid4()), "message": "x"}),
    ):
        stranger(method, f"sessions/{session}/{path}", body, 404)
        nobody(method, f"sessions/{session}/{path}", body, 401)
    assert stranger("get", "sessions/")["count"] == 0
    nobody("get", "sessions/", status=401)


def test_a_question_is_answered_in_the_request(api):
    session = api.session()
    exchange = api("post", f"sessions/{session}/send_message/", {"message": "What is a group?"}, 201)
    assert exchange["user_message"]["content"] == "What is a group?"
    answer = exchange["ai_message"]
    assert (answer["role"], answer["status"], answer["model"]) == ("assistant", "complete", "chanx-offline")
    assert "named set of channels" in answer["content"]
    listed = api("get", f"sessions/{session}/messages/")
    assert listed["results"] == [exchange["user_message"], answer]
    latest = api("get", f"sessions/{session}/messages/?ordering=-created_at&page_size=1")
    assert (latest["results"], latest["count"]) == ([answer], 2)
    api("get", f"sessions/{session}/messages/?ordering=content", status=400)
    assert api("get", f"sessions/{session}/")["title"] == "What is a group?"


@pytest.mark.parametrize("message", ["", "   ", "x" * 16_001, None, "a\x00b"])
def test_a_question_that_is_none_is_refused(api, message):
    session = api.session()
    assert attributes(api("post", f"sessions/{session}/send_message/", {"message": message}, 400)) == {
        "message"
    }
    assert api("get", f"sessions/{session}/messages/")["count"] == 0


def test_one_answer_at_a_time_which_can_be_stopped(api, settings, slow_url):
    settings.LLM_SERVER_URLS = [slow_url]
    session = api.session()
    begun = api(
        "post", f"sessions/{session}/send_message/", {"message": "What is a group?", "wait": False}, 202
    )
    assert begun["ai_message"]["status"] == "streaming"
    assert api("get", f"sessions/{session}/")["streaming"] == begun["ai_message"]["id"]
    busy = api("post", f"sessions/{session}/send_message/", {"message": "And now?"}, 409)
    assert busy["errors"][0]["code"] == "conflict"
    api("post", f"sessions/{session}/retry/", {}, 409)
    other = api("post", f"sessions/{api.session()}/send_message/", {"message": "hi", "wait": False}, 202)
    assert other["ai_message"]["status"] == "streaming"
    assert api("post", f"sessions/{session}/stop/") == {"stopped": True}
    waited_for(lambda: Message.objects.get(pk=begun["ai_message"]["id"]).status == "stopped")
    assert api("post", f"sessions/{session}/stop/") == {"stopped": False}
    assert api("get", f"sessions/{session}/messages/")["count"] == 2  # the refused question was not kept
    api("delete", f"sessions/{other['user_message']['id']}/", status=404)
    Message.objects.filter(status="streaming").update(status="stopped")


def test_waiting_ends_after_the_timeout(api, settings, slow_url):
    settings.LLM_SERVER_URLS = [slow_url]
    session = api.session()
    settings.LLM_TIMEOUT = 0.4
    begun = api("post", f"sessions/{session}/send_message/", {"message": "What is a group?"}, 202)
    assert begun["ai_message"]["status"] == "streaming"
    api("post", f"sessions/{session}/stop/")
    waited_for(lambda: not Message.objects.filter(status="streaming").exists())


def test_deleting_a_session_stops_its_answer(api, settings, slow_url):
    settings.LLM_SERVER_URLS = [slow_url]
    session = api.session()
    api("post", f"sessions/{session}/send_message/", {"message": "What is a group?", "wait": False}, 202)
    api("delete", f"sessions/{session}/", status=204)
    waited_for(lambda: Message.objects.filter(session=session, status="stopped").exists())


def test_an_answer_is_kept_when_the_database_allows_it_again(api, monkeypatch):
    keep, failures = outcome.finish, iter([True, True])

    def unsteady(*args):
        if next(failures, False):
            raise OperationalError("database is locked")
        return keep(*args)

    monkeypatch.setattr(outcome, "finish", unsteady)
    exchange = api("post", f"sessions/{api.session()}/send_message/", {"message": "hello"}, 201)
    assert exchange["ai_message"]["status"] == "complete"
    assert next(failures, None) is None


def test_an_answer_that_no_server_takes_is_kept_as_failed_and_retried(api, settings, model_url):
    session = api.session()
    settings.LLM_SERVER_URLS = ["http://127.0.0.1:9"]
    failed = api("post", f"sessions/{session}/send_message/", {"message": "hello"}, 201)["ai_message"]
    assert (failed["status"], failed["error"]) == ("failed", "No LLM server answers. Try again in a moment.")
    assert api("get", "health/stats/")["failed_messages"] == 1
    settings.LLM_SERVER_URLS = [model_url]
    api("post", f"sessions/{session}/retry/", {"message_id": str(uuid4())}, 404)
    retried = api("post", f"sessions/{session}/retry/", {"message_id": failed["id"]}, 202)["ai_message"]
    waited_for(lambda: Message.objects.get(pk=retried["id"]).status == "complete")
    listed = api("get", f"sessions/{session}/messages/")["results"]
    assert [message["status"] for message in listed] == ["complete", "complete"]
    assert listed[1]["content"].startswith("Hello!")


def test_an_edited_question_takes_what_came_after_it_along(api):
    session = api.session()
    first = api("post", f"sessions/{session}/send_message/", {"message": "hello"}, 201)
    second = api("post", f"sessions/{session}/send_message/", {"message": "What is a group?"}, 201)
    body = {"message_id": second["ai_message"]["id"], "message": "no question of mine"}
    api("post", f"sessions/{session}/edit/", body, 404)
    body = {"message_id": first["user_message"]["id"], "message": "thanks"}
    edited = api("post", f"sessions/{session}/edit/", body, 202)
    waited_for(lambda: Message.objects.get(pk=edited["ai_message"]["id"]).status == "complete")
    listed = api("get", f"sessions/{session}/messages/")["results"]
    assert [message["id"] for message in listed] == [edited["user_message"]["id"], edited["ai_message"]["id"]]
    assert listed[0]["content"] == "thanks"


def test_the_clock_and_the_search_of_own_chats_are_used(api, stranger):
    secret = stranger.session()
    stranger("post", f"sessions/{secret}/send_message/", {"message": "My marmot is called Klaus"}, 201)
    earlier = api.session(title="Animals")
    api("post", f"sessions/{earlier}/send_message/", {"message": "My marmot is called Hans"}, 201)
    session = api.session()
    told = api("post", f"sessions/{session}/send_message/", {"message": "What time is it?"}, 201)[
        "ai_message"
    ]
    [call] = told["tool_calls"]
    assert (call["name"], told["content"]) == ("clock", f"It is {call['result']}.")
    ask = {"message": "Search my chats for marmot"}
    found = api("post", f"sessions/{session}/send_message/", ask, 201)["ai_message"]
    assert "Hans" in found["content"]
    assert "Klaus" not in found["content"]
    assert found["tool_calls"][0]["arguments"] == '{"query": "marmot"}'
    without = api.session(tools=[])
    assert api("post", f"sessions/{without}/send_message/", ask, 201)["ai_message"]["tool_calls"] == []


def test_the_model_gets_prompt_history_and_settings_without_failed_answers(api):
    session = ChatSession.objects.get(pk=api.session(**FIELDS))
    for role, content, status in (
        ("user", "one", "complete"),
        ("assistant", "half", "failed"),
        ("user", "two", "complete"),
        ("assistant", "stopped", "stopped"),
        ("user", "three", "complete"),
        ("assistant", "", "streaming"),
    ):
        answer = Message.objects.create(session=session, role=role, content=content, status=status, model="m")
    request = request_of(answer)
    assert [(message["role"], message["content"]) for message in request["messages"]] == [
        ("system", "Be short."),
        ("user", "one"),
        ("user", "two"),
        ("assistant", "stopped"),
        ("user", "three"),
    ]
    assert (request["temperature"], request["max_tokens"], request["tools"]) == (0.2, 50, ["clock"])
    answer.delete()
