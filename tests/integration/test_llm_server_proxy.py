"""The LLM server in front of another server of the protocol: one that is good, killed, slow, or sends garbage."""

import time
import uuid

import httpx
import openai
import pytest
from llm_server_process import llm_server
from openai_upstream import MODELS, Upstream

QUESTION = [{"role": "user", "content": "Where is the hut?"}]


@pytest.fixture(scope="module")
def upstream():
    with Upstream() as running:
        yield running


@pytest.fixture(scope="module")
def server(upstream):
    with llm_server("--upstream", upstream.url, "--silence", "1.5", "--max-concurrency", "8") as running:
        yield running


@pytest.fixture
def client(server):
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="any", max_retries=0) as made:
        yield made


def ask(server, model: str, **fields) -> httpx.Response:
    body = {"model": model, "messages": QUESTION, **fields}
    return httpx.post(f"{server.url}/v1/chat/completions", json=body, timeout=20)


def answer(server, model: str, seconds: float = 60, **fields) -> dict:
    """Has the server write an answer on its own; returns it when it has ended."""
    body = {"id": uuid.uuid4().hex, "model": model, "messages": QUESTION, **fields}
    assert httpx.post(f"{server.url}/v1/answers", json=body).status_code == 201
    return ended(server, body["id"], seconds)


def ended(server, answer_id: str, seconds: float = 60) -> dict:
    deadline = time.monotonic() + seconds
    while True:
        found = httpx.get(f"{server.url}/v1/answers/{answer_id}").json()
        if found["status"] != "streaming":
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.02)


def until(condition, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_models_are_the_upstream_s(server, client):
    assert [model.id for model in client.models.list()] == list(MODELS)
    assert httpx.get(f"{server.url}/health").json()["models"] == list(MODELS)


def test_an_answer_passes_through_streamed_and_whole(upstream, client):
    upstream.script(["Über ", "den ", "🏔 ", "wolken."], released=4)
    stream = client.chat.completions.create(
        model="scripted", messages=QUESTION, temperature=0.3, max_tokens=50, stream=True
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == "Über den 🏔 wolken."
    assert upstream.requests[-1]["temperature"] == 0.3
    assert upstream.requests[-1]["messages"] == QUESTION
    whole = client.chat.completions.create(model="scripted", messages=QUESTION)
    assert whole.choices[0].message.content == "Über den 🏔 wolken."
    assert whole.model == "scripted"


def test_tokens_arrive_as_the_upstream_sends_them(upstream, client):
    upstream.script(["one ", "two"], released=1)
    stream = iter(client.chat.completions.create(model="scripted", messages=QUESTION, stream=True))
    assert next(stream).choices[0].delta.content == ""
    assert next(stream).choices[0].delta.content == "one "
    upstream.release()
    assert next(stream).choices[0].delta.content == "two"


def test_the_upstream_is_cancelled_when_the_client_goes(upstream, server):
    upstream.script(["one "] * 100, released=1)
    before = upstream.cancelled
    body = {"model": "scripted", "messages": QUESTION, "stream": True}
    with httpx.stream("POST", f"{server.url}/v1/chat/completions", json=body) as response:
        next(response.iter_lines())
    until(lambda: upstream.cancelled > before)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("breaks", "broke off"),
        ("ends", "broke off"),
        ("silent", "silent for too long"),
        ("bytes", "no answer"),
        ("html", "no answer"),
        ("json", "no answer"),
        ("list", "no answer"),
        ("endless", "no answer"),
        ("error", "failed while answering"),
        ("status-401", "refuses the key"),
        ("status-429", "overloaded"),
        ("status-500", "status 500"),
    ],
)
def test_a_broken_upstream_is_told_in_words(server, model, words):
    kept = answer(server, model)
    assert kept["status"] == "failed"
    assert words in kept["error"]
    assert "secret" not in kept["error"]
    if not model.startswith("status"):
        assert kept["text"] in ("one ", "one two three", "")
    response = ask(server, model)
    assert response.status_code in (502, 504)
    assert words in response.json()["error"]["message"]
    assert httpx.get(f"{server.url}/health").json()["active"] == 0


def test_a_killed_upstream_ends_the_answer_and_a_new_one_is_used(upstream, server):
    upstream.script(["one ", "two"], released=1)
    body = {"id": uuid.uuid4().hex, "model": "scripted", "messages": QUESTION}
    httpx.post(f"{server.url}/v1/answers", json=body)
    until(lambda: httpx.get(f"{server.url}/v1/answers/{body['id']}").json()["text"] == "one ")
    upstream.kill()
    kept = ended(server, body["id"])
    assert (kept["status"], kept["text"]) == ("failed", "one ")
    assert "broke off" in kept["error"]
    assert "cannot be reached" in answer(server, "scripted")["error"]
    upstream.start()
    upstream.release()
    assert answer(server, "scripted")["text"] == "one two"


def test_silence_is_limited_by_the_request_too(server):
    kept = answer(server, "silent", timeout=0.3)
    assert kept["error"] == "The model was silent for 0.3 seconds."


def test_tools_are_offered_run_and_their_results_sent_back(upstream, server):
    kept = answer(server, "caller", tools=["clock"])
    assert kept["status"] == "complete"
    [call] = kept["tool_calls"]
    assert call["name"] == "clock"
    assert call["arguments"] == '{"query": "alps"}'
    assert call["result"].endswith("UTC")
    assert kept["text"] == f"The tools gave: {call['result']}"
    first, second = upstream.requests[-2:]
    assert [tool["function"]["name"] for tool in first["tools"]] == ["clock"]
    assert second["messages"][-2]["tool_calls"][0]["id"] == second["messages"][-1]["tool_call_id"] == "call0"


def test_clients_that_bring_tools_get_the_calls_themselves(client):
    tool = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
    whole = client.chat.completions.create(model="caller", messages=QUESTION, tools=[tool])
    [call] = whole.choices[0].message.tool_calls
    assert (call.function.name, call.function.arguments) == ("weather", '{"query": "alps"}')
    assert whole.choices[0].finish_reason == "tool_calls"
    chunks = list(
        client.chat.completions.create(model="caller", messages=QUESTION, tools=[tool], stream=True)
    )
    assert chunks[-2].choices[0].delta.tool_calls[0].function.name == "weather"
    assert chunks[-1].choices[0].finish_reason == "tool_calls"


def test_one_answer_more_than_there_are_places_is_refused(upstream, server):
    upstream.script(["one "] * 3, released=1)
    ids = [uuid.uuid4().hex for _ in range(8)]
    for answer_id in ids:
        body = {"id": answer_id, "model": "scripted", "messages": QUESTION}
        assert httpx.post(f"{server.url}/v1/answers", json=body).status_code == 201
    refused = httpx.post(f"{server.url}/v1/answers", json={**body, "id": uuid.uuid4().hex})
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "1"
    assert ask(server, "scripted").status_code == 429
    again = httpx.post(f"{server.url}/v1/answers", json=body)
    assert (again.status_code, again.json()["id"]) == (200, ids[-1])  # the same one takes no place
    stopped = httpx.post(f"{server.url}/v1/answers/{ids[0]}/stop").json()
    assert (stopped["status"], stopped["text"]) == ("stopped", "one ")
    upstream.release()
    assert all(ended(server, answer_id)["status"] == "complete" for answer_id in ids[1:])
