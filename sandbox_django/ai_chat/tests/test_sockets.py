"""The WebSockets of the AI chat: credentials, limits, frames as documented, windows that hear of each other."""

import json
import logging
from typing import Any

import pytest
from accounts.authentication import ACCESS_COOKIE
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from config.asgi import application
from django.conf import settings as django_settings
from django.test import Client, RequestFactory
from rest_framework_simplejwt.tokens import AccessToken

from ai_chat.consumers import base
from ai_chat.models import ChatSession, Message
from chanx.channels.views import generate_asyncapi_schema

SECONDS = 40
NOBODY = "5c448d50-8772-4472-80a9-2f72b4fb30c0"
LIST = "/ws/ai-chat/sessions/"


class Socket(WebsocketCommunicator):
    """A connection; frames are dictionaries."""

    def __init__(self, path: str, headers: dict[str, str] | None = None) -> None:
        lines = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
        super().__init__(application, path, headers=lines)

    async def open(self) -> "Socket":
        assert (await self.connect())[0]
        return self

    async def frame(self) -> dict[str, Any]:
        return dict(await self.receive_json_from(timeout=SECONDS))

    async def until(self, kind: str) -> list[dict[str, Any]]:
        """The frames up to the first of a type; those of the session's list are left out."""
        frames: list[dict[str, Any]] = []
        while not frames or frames[-1]["type"] != kind:
            frame = await self.frame()
            if frame["type"] != "session_updated" or kind == "session_updated":
                frames.append(frame)
        return frames

    async def ask(self, content: Any) -> dict[str, Any]:
        await (self.send_to(text_data=content) if isinstance(content, str) else self.send_json_to(content))
        return await self.frame()

    async def refused(self) -> tuple[str, int]:
        """The reason and the close code."""
        frame = await self.frame()
        assert set(frame) == {"type", "message"}
        assert frame["type"] == "error"
        close = await self.receive_output(timeout=SECONDS)
        assert close["type"] == "websocket.close"
        return frame["message"], close["code"]


@pytest.fixture
def session(api):
    return ChatSession.objects.create(user=api.user, title="Alps")


@pytest.fixture
def path(session):
    return f"/ws/ai-chat/session/{session.pk}/"


@pytest.fixture
async def opened(api, path):
    """Opens sockets of the session as its user; closes them."""
    sockets: list[Socket] = []

    async def make(query: str = "", where: str = path) -> Socket:
        socket = await Socket(f"{where}?token={api.token}{query}").open()
        sockets.append(socket)
        assert (await socket.frame())["type"] == "connection_established"
        return socket

    yield make
    for socket in sockets:
        await socket.disconnect()


def cookie(name: str, value: str) -> dict[str, str]:
    return {"Cookie": f"{name}={value}"}


# -----------------------------------------------------------------------------
# Credentials
# -----------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["query", "header", "jwt", "session", "stale jwt and session"])
async def test_every_credential_opens_a_session(api, session, path, way):
    def headers() -> dict[str, str]:
        browser = Client()
        browser.force_login(api.user)
        by_session = f"{django_settings.SESSION_COOKIE_NAME}={browser.cookies['sessionid'].value}"
        return {
            "query": {},
            "header": {"Authorization": f"Token {api.token}"},
            "jwt": cookie(ACCESS_COOKIE, str(AccessToken.for_user(api.user))),
            "session": {"Cookie": by_session},
            "stale jwt and session": {"Cookie": f"{ACCESS_COOKIE}=eyJhbGciOiJIUzI1NiJ9.e30.x; {by_session}"},
        }[way]

    query = f"?token={api.token}" if way == "query" else ""
    socket = await Socket(path + query, await sync_to_async(headers)()).open()
    assert await socket.frame() == {
        "type": "connection_established",
        "session_id": str(session.pk),
        "message": "Connected to chat session",
    }
    assert await socket.ask({"type": "ping"}) == {"type": "pong"}
    await socket.disconnect()


async def test_a_token_in_the_first_frame_opens_it_too(api, path):
    socket = await Socket(path).open()
    assert (await socket.ask({"type": "authenticate", "token": api.token}))[
        "type"
    ] == "connection_established"
    again = await socket.ask({"type": "authenticate", "token": api.token})
    assert again == {"type": "error", "message": "You are authenticated already."}
    await socket.disconnect()


async def test_a_frame_right_behind_the_token_waits_for_it(api, path):
    socket = await Socket(path).open()
    await socket.send_json_to({"type": "authenticate", "token": api.token})
    await socket.send_json_to({"type": "ping"})
    assert [(await socket.frame())["type"], (await socket.frame())["type"]] == [
        "connection_established",
        "pong",
    ]
    await socket.disconnect()


@pytest.mark.parametrize(
    "frame", ['{"type": "ping"}', '{"type": "send_message", "message": "hi"}', "{", "[]"]
)
async def test_any_other_first_frame_is_refused(path, frame, api):
    socket = await Socket(path).open()
    await socket.send_to(text_data=frame)
    assert await socket.refused() == ("Send a token first.", 4401)
    assert not await sync_to_async(Message.objects.exists)()


@pytest.mark.parametrize("where", ["query", "header", "frame"])
async def test_a_wrong_token_is_refused(path, where, api):
    token = "0" * 40
    headers = {"Authorization": f"Token {token}"} if where == "header" else {}
    socket = await Socket(path + (f"?token={token}" if where == "query" else ""), headers).open()
    if where == "frame":
        await socket.send_json_to({"type": "authenticate", "token": token})
    assert await socket.refused() == ("The token is wrong.", 4401)


async def test_a_client_that_says_nothing_is_refused_after_a_while(path, monkeypatch, api):
    monkeypatch.setattr(base, "SECONDS_FOR_TOKEN", 0.05)
    socket = await Socket(path).open()
    reason, code = await socket.refused()
    assert code == 4401
    assert "No token came" in reason


async def test_another_user_s_session_is_not_there_and_deleted_ones_neither(api, stranger, session, path):
    socket = await Socket(f"{path}?token={stranger.token}").open()
    assert await socket.refused() == ("There is no such session.", 4404)
    await sync_to_async(api)("delete", f"sessions/{session.pk}/", status=204)
    socket = await Socket(f"{path}?token={api.token}").open()
    assert await socket.refused() == ("There is no such session.", 4404)


async def test_tokens_of_the_query_reach_no_log(opened, api, caplog):
    caplog.set_level(logging.DEBUG)
    socket = await opened("&chunks=delta")
    await socket.send_json_to({"type": "send_message", "message": "a secret question"})
    await socket.until("ai_message_complete")
    assert api.token not in caplog.text
    assert "secret question" not in caplog.text
    assert b"token" not in socket.scope["query_string"]
    assert b"chunks=delta" in socket.scope["query_string"]


# -----------------------------------------------------------------------------
# Limits
# -----------------------------------------------------------------------------


async def test_a_user_has_so_many_connections_and_gets_a_place_back(opened, api, stranger, path, settings):
    settings.MAX_WEBSOCKETS_PER_USER = 2
    first = await opened()
    await opened("", LIST)
    reason, code = await (await Socket(f"{path}?token={api.token}").open()).refused()
    assert (code, "You have 2 connections" in reason) == (4429, True)
    other = await Socket(f"{LIST}?token={stranger.token}").open()
    assert (await other.frame())["type"] == "connection_established"
    await other.disconnect()
    await first.disconnect()
    await opened()


async def test_a_process_has_so_many_connections(opened, api, path, settings):
    settings.MAX_WEBSOCKETS = 1
    first = await opened()
    reason, code = await (await Socket(f"{path}?token={api.token}").open()).refused()
    assert (code, "has its 1 connections" in reason) == (4429, True)
    await first.disconnect()
    await opened()


# -----------------------------------------------------------------------------
# Frames
# -----------------------------------------------------------------------------


async def test_the_frames_are_those_of_the_document(opened):
    socket = await opened()
    await socket.send_json_to({"type": "send_message", "message": "Hello, AI!"})
    frames = await socket.until("ai_message_complete")
    kinds = [frame["type"] for frame in frames]
    chunks = frames[2:-1]
    assert kinds == ["user_message", "ai_typing", *["ai_message_chunk"] * len(chunks), "ai_message_complete"]
    assert set(frames[0]) == {"type", "message"}
    assert set(frames[0]["message"]) == set(frames[-1]["message"]) == {"id", "role", "content", "created_at"}
    assert (frames[0]["message"]["role"], frames[0]["message"]["content"]) == ("user", "Hello, AI!")
    assert frames[0]["message"]["created_at"].endswith("Z")
    assert frames[1] == {"type": "ai_typing", "message": "AI is thinking..."}
    assert all(set(chunk) == {"type", "content", "full_content"} for chunk in chunks)
    text = ""
    for chunk in chunks:
        text += chunk["content"]
        assert chunk["full_content"] == text
    assert frames[-1]["message"]["content"] == text
    assert frames[-1]["message"]["role"] == "assistant"


async def test_delta_chunks_have_positions_and_the_rest_has_all_fields(opened):
    socket = await opened("&chunks=delta")
    await socket.send_json_to({"type": "send_message", "message": "Hello, AI!"})
    frames = await socket.until("ai_message_complete")
    answer = frames[1]["message_id"]
    text = ""
    for chunk in frames[2:-1]:
        assert set(chunk) == {"type", "message_id", "offset", "content"}
        assert (chunk["message_id"], chunk["offset"]) == (answer, len(text))
        text += chunk["content"]
    complete = frames[-1]["message"]
    assert (complete["id"], complete["content"], complete["status"]) == (answer, text, "complete")
    assert set(frames[0]["message"]) >= {"status", "error", "model", "tool_calls"}


async def test_a_delta_client_is_told_which_model_answers(api, path):
    await sync_to_async(api.session)()  # finds the models
    socket = await Socket(f"{path}?token={api.token}&chunks=delta").open()
    established = await socket.frame()
    assert established["notice"] == "qwen3:8b is not served here; chanx-offline answers instead."
    await socket.disconnect()


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ("{", "Invalid JSON"),
        ("[]", "dictionary"),
        ('"ping"', "dictionary"),
        ({}, "'type'"),
        ({"type": "sing"}, "'sing'"),
        ({"type": "send_message"}, "message: Field required"),
        ({"type": "send_message", "message": 5}, "message: Input should be a valid string"),
        ({"type": "send_message", "message": "x" * 16_001}, "at most 16000 characters"),
        ({"type": "send_message", "message": "a\x00b"}, "NUL"),
        ({"type": "send_message", "message": " \n"}, "The message is empty."),
        ({"type": "resume", "message_id": "x"}, "message_id"),
        ({"type": "resume", "message_id": NOBODY}, "no such answer"),
        ({"type": "retry"}, "no such answer"),
        ({"type": "edit_message", "message_id": NOBODY, "message": "x"}, "no such question"),
        ({"type": "stop"}, "No answer is being written."),
    ],
)  # fmt: skip
async def test_every_failure_is_an_error_frame_and_the_connection_stays(opened, frame, words):
    socket = await opened()
    answer = await socket.ask(frame)
    assert set(answer) == {"type", "message"}
    assert answer["type"] == "error"
    assert words in answer["message"]
    assert await socket.ask({"type": "ping"}) == {"type": "pong"}


async def test_a_binary_frame_is_an_error_too(opened):
    socket = await opened()
    await socket.send_to(bytes_data=b"\x00")
    assert "binary" in (await socket.frame())["message"]


async def test_a_failure_of_the_server_tells_nothing_of_it(opened, monkeypatch, caplog):
    def fail(*_: Any) -> None:
        raise RuntimeError("what a person wrote")

    monkeypatch.setattr("ai_chat.services.questions.ask", fail)
    socket = await opened()
    answer = await socket.ask({"type": "send_message", "message": "hello"})
    assert answer == {"type": "error", "message": "The server failed to process send_message."}
    assert "what a person wrote" not in caplog.text


# -----------------------------------------------------------------------------
# Windows that hear of each other
# -----------------------------------------------------------------------------


async def test_typing_is_seen_by_the_other_windows_alone(opened):
    first, second = await opened(), await opened("&chunks=delta")
    await first.send_json_to({"type": "typing"})
    await first.send_json_to({"type": "stop_typing"})
    assert await second.frame() == {"type": "user_typing", "user": "alice"}
    assert await second.frame() == {"type": "user_stop_typing", "user": "alice"}
    assert await first.receive_nothing(0.05)


async def test_a_question_over_rest_is_shown_to_the_windows(opened, api, session):
    first, second = await opened(), await opened("&chunks=delta")
    body = {"message": "hello"}
    exchange = await sync_to_async(api)("post", f"sessions/{session.pk}/send_message/", body, 201)
    for socket in (first, second):
        frames = await socket.until("ai_message_complete")
        assert frames[0]["message"]["id"] == exchange["user_message"]["id"]
        assert frames[-1]["message"]["content"] == exchange["ai_message"]["content"]


async def test_settings_changed_over_rest_are_told_and_used(opened, api, session):
    socket = await opened()
    await sync_to_async(api)("patch", f"sessions/{session.pk}/", {"title": "Andes", "tools": []})
    updated = await socket.frame()
    assert (updated["type"], updated["session"]["title"]) == ("session_updated", "Andes")
    assert updated["session"]["streaming"] is None
    await socket.send_json_to({"type": "send_message", "message": "What time is it?"})
    assert not (await socket.until("ai_message_complete"))[-1]["message"]["content"].startswith("It is")


async def test_the_list_hears_of_sessions(opened, api, session):
    listening = await opened("", LIST)
    listed = await listening.ask({"type": "list"})
    assert [found["id"] for found in listed["sessions"]] == [str(session.pk)]
    made = await sync_to_async(api.session)(title="New")
    created = await listening.frame()
    assert (created["type"], created["session"]["id"], created["session"]["title"]) == (
        "session_created",
        made,
        "New",
    )
    window = await opened()
    await window.send_json_to({"type": "send_message", "message": "hello"})
    await window.until("ai_message_complete")
    begun, ended = await listening.frame(), await listening.frame()
    assert begun["type"] == ended["type"] == "session_updated"
    assert begun["session"]["streaming"]
    assert (ended["session"]["streaming"], ended["session"]["message_count"]) == (None, 2)
    await sync_to_async(api)("delete", f"sessions/{made}/", status=204)
    assert await listening.frame() == {"type": "session_deleted", "session_id": made}


async def test_a_session_deleted_in_the_middle_of_an_answer_stays_deleted(
    opened, api, session, settings, slow_url
):
    settings.LLM_SERVER_URLS = [slow_url]
    listening, window = await opened("", LIST), await opened()
    await window.send_json_to({"type": "send_message", "message": "What is a group?"})
    await window.until("ai_message_chunk")
    await sync_to_async(api)("delete", f"sessions/{session.pk}/", status=204)
    stopped = (await window.until("ai_message_complete"))[-1]["message"]
    kept = await sync_to_async(Message.objects.get)(pk=stopped["id"])
    assert (kept.status, kept.content) == ("stopped", stopped["content"])
    frames = await listening.until("session_deleted")
    assert frames[-1]["session_id"] == str(session.pk)
    assert await listening.receive_nothing(0.1)


async def test_a_deleted_session_takes_no_questions(opened, api, session):
    socket = await opened()
    await sync_to_async(api)("delete", f"sessions/{session.pk}/", status=204)
    assert await socket.frame() == {"type": "session_deleted", "session_id": str(session.pk)}
    answer = await socket.ask({"type": "send_message", "message": "hello"})
    assert answer == {"type": "error", "message": "The session has been deleted."}


async def test_edit_and_retry_by_frames(opened):
    socket = await opened("&chunks=delta")
    await socket.send_json_to({"type": "send_message", "message": "hello"})
    frames = await socket.until("ai_message_complete")
    question, answer = frames[0]["message"]["id"], frames[-1]["message"]["id"]
    await socket.send_json_to({"type": "retry", "message_id": answer})
    frames = await socket.until("ai_message_complete")
    assert frames[0] == {"type": "messages_removed", "message_ids": [answer]}
    second = frames[-1]["message"]["id"]
    await socket.send_json_to({"type": "edit_message", "message_id": question, "message": "thanks"})
    frames = await socket.until("ai_message_complete")
    assert set(frames[0]["message_ids"]) == {question, second}
    assert frames[1]["message"]["content"] == "thanks"
    assert frames[-1]["message"]["content"]


async def test_two_windows_resume_at_different_positions(opened, settings, slow_url):
    settings.LLM_SERVER_URLS = [slow_url]
    first = await opened("&chunks=delta")
    await first.send_json_to({"type": "send_message", "message": "hello"})
    begun = (await first.until("ai_message_chunk"))[-1]
    second = await opened("&chunks=delta")
    await second.send_json_to({"type": "resume", "message_id": begun["message_id"], "offset": 2})
    resumed = await second.frame()
    assert (resumed["type"], resumed["offset"]) == ("ai_message_chunk", 2)
    await second.send_json_to({"type": "stop"})
    ended = [(await socket.until("ai_message_complete"))[-1]["message"] for socket in (first, second)]
    assert ended[0] == ended[1]
    assert ended[0]["status"] == "stopped"
    assert ended[0]["content"][2:].startswith(resumed["content"])


async def test_a_position_behind_the_end_gets_only_the_end(opened):
    socket = await opened("&chunks=delta")
    await socket.send_json_to({"type": "send_message", "message": "hello"})
    complete = (await socket.until("ai_message_complete"))[-1]
    await socket.send_json_to({"type": "resume", "message_id": complete["message"]["id"], "offset": 10**6})
    assert (await socket.until("ai_message_complete"))[-1] == complete


def test_the_asyncapi_document_has_the_frames():
    document = generate_asyncapi_schema(RequestFactory().get("/"))
    schemas = json.dumps(document)
    for kind in ("resume", "stop", "user_typing", "session_list", "ai_message_chunk", "messages_removed"):
        assert f'"const": "{kind}"' in schemas
    assert {"message_id", "offset"} <= set(document["components"]["schemas"]["ResumeMessage"]["properties"])
