"""Answers in kept conversations, made in the request and on a Celery worker: streamed, stopped, taken up again."""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from llm_server_process import llm_server
from openai_upstream import Upstream
from redis_server import RedisServer
from sandbox_server import SandboxServer
from websockets.sync.client import ClientConnection, connect

QUESTION = "What is a channel layer?"
PIECES = [f"piece {number} " for number in range(60)]
HELD = "".join(PIECES[:10])


class Conversation:
    """An anonymous conversation on a running sandbox, and one page that shows it."""

    def __init__(self, server: SandboxServer) -> None:
        self.http = httpx.Client(base_url=server.url, timeout=60)
        made = self.http.post("/api/assistants/conversations/", json={})
        self.id = made.json()["id"]
        self.path = f"/api/assistants/conversations/{self.id}/"
        self.socket_url = f"{server.url.replace('http', 'ws')}/ws/assistants/{self.id}/"

    @contextmanager
    def page(self) -> Iterator[ClientConnection]:
        """A socket that has joined the conversation's group."""
        with connect(self.socket_url, max_queue=None) as socket:
            assert json.loads(socket.recv(timeout=60))["payload"]["statusCode"] == 200
            # The consumer takes no messages. It says so of the first once it has joined the group.
            socket.send('{"action": "ping"}')
            assert json.loads(socket.recv(timeout=60))["action"] == "error"
            yield socket

    def messages(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.http.get(f"{self.path}messages/").json()["results"]
        return found

    def post(self, what: str, **body: Any) -> httpx.Response:
        return self.http.post(f"{self.path}{what}/", json=body)

    def ask_beside(self, content: str = QUESTION) -> threading.Thread:
        """Asks in a thread: in a request of its own, which may last as long as the answer."""
        thread = threading.Thread(target=lambda: self.post("messages", content=content))
        thread.start()
        return thread


def frames(socket: ClientConnection, until: Any) -> list[dict[str, Any]]:
    """The frames up to the one that `until` is true of."""
    found: list[dict[str, Any]] = []
    deadline = time.monotonic() + 60
    while not found or not until(found[-1]):
        found.append(json.loads(socket.recv(timeout=deadline - time.monotonic())))
    return found


def is_end(frame: dict[str, Any]) -> bool:
    return frame["action"] == "streaming" and frame["payload"]["isComplete"]


def is_last_of_held(frame: dict[str, Any]) -> bool:
    """Whether a page that hears this has all that the model was let to say."""
    return frame["action"] == "streaming" and frame["payload"]["content"].endswith(PIECES[9])


def text_of(found: list[dict[str, Any]], start: str = "") -> str:
    """What a page shows: pieces are put where they belong; a gap would be noticed."""
    text = start
    for frame in found:
        if frame["action"] == "streaming":
            piece, offset = frame["payload"]["content"], frame["payload"]["offset"]
            assert offset <= len(text), "a piece is missing"
            text = text[:offset] + piece if offset + len(piece) > len(text) else text
    return text


@pytest.fixture(scope="module")
def _upstream() -> Iterator[Upstream]:
    with Upstream() as running:
        yield running


@pytest.fixture(scope="module")
def model_url(_upstream) -> Iterator[str]:
    with llm_server("--upstream", _upstream.url) as running:
        yield running.url


@pytest.fixture
def script(_upstream) -> Iterator[Upstream]:
    """What the model says: ten pieces, and more when `release` lets go of them."""
    _upstream.script(PIECES, released=10)
    yield _upstream
    _upstream.release()


@pytest.fixture(scope="module")
def broker() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="module")
def in_request(model_url, tmp_path_factory) -> Iterator[SandboxServer]:
    environment = {"OPENAI_MODEL": "scripted", "LOG_LEVEL": "INFO"}
    with SandboxServer(tmp_path_factory.mktemp("request"), model_url=model_url, **environment) as running:
        yield running


@pytest.fixture(scope="module")
def queueing(model_url, broker, tmp_path_factory) -> Iterator[SandboxServer]:
    """A server whose tasks wait for workers; its layer has a Redis of its own."""
    with RedisServer() as redis:
        environment = {
            "ASSISTANT_TASKS": "celery",
            "OPENAI_MODEL": "scripted",
            "REDIS_URL": f"redis://127.0.0.1:{redis.port}/0",
            "CELERY_BROKER_URL": f"redis://127.0.0.1:{broker.port}/0",
            "LOG_LEVEL": "INFO",
        }
        with SandboxServer(tmp_path_factory.mktemp("celery"), model_url=model_url, **environment) as running:
            yield running


@pytest.fixture(scope="module")
def on_workers(queueing) -> Iterator[SandboxServer]:
    with queueing.worker():
        yield queueing


@pytest.fixture(params=["in_request", "on_workers"])
def server(request) -> SandboxServer:
    running: SandboxServer = request.getfixturevalue(request.param)
    return running


def test_a_broker_that_is_gone_is_told_and_the_question_kept(queueing, broker):
    conversation = Conversation(queueing)
    broker.stop()
    try:
        answer = conversation.post("messages", content=QUESTION)
        assert answer.status_code == 503
        # Without its limits Celery tries for 6 s. The request itself takes some time on a busy machine.
        assert answer.elapsed.total_seconds() < 5
        assert "no worker can be reached" in answer.json()["errors"][0]["detail"]
        assert [message["content"] for message in conversation.messages()] == [QUESTION, ""]
    finally:
        broker.start()
    assert conversation.post("resume").status_code == 200
    assert conversation.messages()[1]["status"] == "waiting"


def test_a_queue_without_workers_waits_and_can_be_stopped(queueing, script):
    script.release()
    stopped, waiting = Conversation(queueing), Conversation(queueing)
    with stopped.page() as page:
        assert stopped.post("messages", content=QUESTION).status_code == 201
        assert stopped.messages()[1]["status"] == "waiting"
        assert stopped.post("stop").json() == {"stopped": True}
        assert frames(page, is_end)[-1]["payload"]["isStopped"] is True
    waiting.post("messages", content=QUESTION)
    with waiting.page() as page, queueing.worker():
        frames(page, is_end)
        # The worker has passed over the one that was stopped before it came.
        assert waiting.messages()[1]["status"] == "complete"
        assert stopped.messages()[1]["status"] == "stopped"
        assert stopped.messages()[1]["content"] == ""


def test_the_answer_is_streamed_kept_and_titled_by_the_model(server, script):
    script.release()
    conversation = Conversation(server)
    with conversation.page() as page:
        asked = conversation.ask_beside()
        seen = frames(page, lambda frame: frame["action"] == "conversation_title")
        asked.join()
    assert seen[0] == {
        "action": "new_message",
        "payload": {"messageId": seen[0]["payload"]["messageId"], "content": QUESTION},
    }
    question, answer = conversation.messages()
    assert answer["status"] == "complete"
    assert answer["question"] == question["id"]
    assert text_of(seen) == answer["content"] == "".join(PIECES)
    assert seen[-1]["payload"]["title"] == script.title
    assert conversation.http.get(conversation.path).json()["title"] == script.title


def test_stop_keeps_what_is_written_and_resume_answers_anew(server, script):
    conversation = Conversation(server)
    with conversation.page() as page:
        asked = conversation.ask_beside()
        seen = frames(page, is_last_of_held)
        assert conversation.post("messages", content="And another?").status_code == 409
        assert conversation.post("stop").json() == {"stopped": True}
        seen += frames(page, is_end)
        asked.join()
        assert seen[-1]["payload"]["isStopped"] is True
        _, answer = conversation.messages()
        assert answer["status"] == "stopped"
        assert answer["content"] == text_of(seen) == HELD
        assert conversation.post("stop").json() == {"stopped": False}
        frames(page, lambda frame: frame["action"] == "conversation_title")

        script.release()
        resuming = threading.Thread(target=lambda: conversation.post("resume"))
        resuming.start()
        again = frames(page, is_end)
        resuming.join()
    assert len(conversation.messages()) == 2
    _, whole = conversation.messages()
    assert whole["status"] == "complete"
    assert whole["id"] == answer["id"]
    assert whole["content"] == text_of(again)
    assert whole["content"].startswith(answer["content"])
    assert conversation.post("resume").status_code == 409


def test_a_page_opened_during_an_answer_shows_all_of_it(server, script):
    conversation = Conversation(server)
    with conversation.page() as first:
        asked = conversation.ask_beside()
        frames(first, is_last_of_held)
        with conversation.page() as late:
            script.release(10)
            # What was kept so far, and the pieces since: the page asks again as long as there is a gap.
            piece = frames(late, lambda frame: frame["action"] == "streaming")
            offset = piece[0]["payload"]["offset"]
            assert offset == len(HELD)
            deadline = time.monotonic() + 60
            while len(kept := conversation.messages()[1]["content"]) < offset:
                assert time.monotonic() < deadline
                time.sleep(0.1)
            script.release()
            rest = frames(late, is_end)
        asked.join()
    assert text_of(piece + rest, start=kept) == conversation.messages()[1]["content"] == "".join(PIECES)


def test_the_log_has_the_id_of_the_request_on_the_worker_as_well(server, script):
    script.release()
    answer = Conversation(server).post("messages", content="Hello!")
    request_id = answer.headers["X-Request-ID"]
    on_worker = "ASSISTANT_TASKS" in server.environment
    log = server.log.with_name("worker.log") if on_worker else server.log
    event = "task_succeeded" if on_worker else "request_finished"
    deadline = time.monotonic() + 60
    while not re.search(rf"{event}.*{request_id}", log.read_text()):
        assert time.monotonic() < deadline, log.read_text()[-2000:]
        time.sleep(0.2)


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"ASSISTANT_TASKS": "celery"}, "needs a channel layer that workers share"),
        ({"ASSISTANT_TASKS": "thread"}, "ASSISTANT_TASKS='thread' is none of request, celery"),
        ({"CELERY_BROKER_URL": "http://x/"}, "CELERY_BROKER_URL"),
    ],
)
def test_wrong_settings_of_tasks_end_the_start(tmp_path, environment, words):
    server = SandboxServer(tmp_path, model_url="http://127.0.0.1:9", **environment)
    done = server.manage("check", REDIS_URL="")
    assert done.returncode != 0
    assert words in done.stderr
