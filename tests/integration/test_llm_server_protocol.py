"""The model server as its clients see it: the openai client and plain HTTP, over real sockets."""

import asyncio
import json
import resource
import socket
import time
from itertools import pairwise

import httpx
import openai
import pytest
from llm_server_process import LlmServer, llm_server

QUESTION = [{"role": "user", "content": "What is a channel layer?"}]


@pytest.fixture(scope="module")
def server():
    with llm_server("--tokens-per-second", "0") as running:
        yield running


@pytest.fixture(scope="module")
def slow_server():
    """About 40 tokens take more than a second."""
    with llm_server("--tokens-per-second", "30", "--max-concurrency", "6") as running:
        yield running


def post(server: LlmServer, **fields) -> httpx.Response:
    body = {"model": "gpt-4o", "messages": QUESTION, **fields}
    return httpx.post(f"{server.url}/v1/chat/completions", json=body, timeout=60)


def health(server: LlmServer) -> dict[str, int]:
    return httpx.get(f"{server.url}/health", timeout=60).json()


async def is_active(server: LlmServer, count: int) -> None:
    """Waits until the server writes so many answers."""
    deadline = time.monotonic() + 60
    while health(server)["active"] != count:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


def whole_text(server: LlmServer) -> str:
    return post(server).json()["choices"][0]["message"]["content"]


def test_it_starts_in_under_two_seconds_of_work():
    def worked() -> float:  # by processes that have ended
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    before = worked()
    with llm_server() as running:
        assert httpx.get(f"{running.url}/health", timeout=60).json()["status"] == "ok"
    assert worked() - before < 2


def test_the_openai_client_gets_a_whole_answer_with_usage(server):
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="any", max_retries=0) as client:
        completion = client.chat.completions.create(model="gpt-4o", messages=QUESTION)
    [choice] = completion.choices
    assert choice.finish_reason == "stop"
    assert "docs/glossary.md, “Channel layer”" in choice.message.content
    assert completion.model == "chanx-offline"
    usage = completion.usage
    assert usage.prompt_tokens == 6
    assert usage.completion_tokens > 20
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


def test_a_stream_carries_the_same_text_in_many_chunks(server):
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="any", max_retries=0) as client:
        chunks = list(
            client.chat.completions.create(
                model="gpt-4o",
                messages=QUESTION,
                stream=True,
                stream_options={"include_usage": True},
            )
        )
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[0].choices[0].delta.role == "assistant"
    *texts, finish, usage = chunks
    assert "".join(chunk.choices[0].delta.content for chunk in texts) == whole_text(server)
    assert len(texts) > 20
    assert finish.choices[0].finish_reason == "stop"
    assert usage.choices == []
    assert usage.usage.completion_tokens == len(texts) - 1


def test_a_stream_is_server_sent_events_that_end_with_done(server):
    response = post(server, stream=True)
    assert response.headers["content-type"].startswith("text/event-stream")
    *events, last, rest = response.text.split("\n\n")
    assert (last, rest) == ("data: [DONE]", "")
    bodies = [json.loads(event.removeprefix("data: ")) for event in events]
    assert {body["object"] for body in bodies} == {"chat.completion.chunk"}
    assert not any("usage" in body for body in bodies)


def test_tokens_arrive_one_by_one_at_the_set_pace(slow_server):
    arrivals = []
    with httpx.stream(
        "POST",
        f"{slow_server.url}/v1/chat/completions",
        json={"model": "m", "messages": QUESTION, "stream": True, "max_tokens": 30},
        timeout=60,
    ) as response:
        for line in response.iter_lines():
            if line.startswith("data: {"):
                arrivals.append(time.monotonic())
    gaps = [later - earlier for earlier, later in pairwise(arrivals)]
    assert arrivals[-1] - arrivals[0] > 0.7
    # A busy machine brings some together.
    assert sum(gap > 0.015 for gap in gaps) > 5


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_ends_before_a_stop_sequence(server, stream):
    text = whole_text(server)
    stop = text[40:55]
    response = post(server, stop=[stop, "never to be found"], stream=stream)
    if stream:
        events = [json.loads(line[6:]) for line in response.text.splitlines() if line.startswith("data: {")]
        shown = "".join(event["choices"][0]["delta"].get("content", "") for event in events)
    else:
        shown = response.json()["choices"][0]["message"]["content"]
    assert shown == text[: text.index(stop)]


def test_an_answer_ends_at_max_tokens(server):
    for name in ("max_tokens", "max_completion_tokens"):
        body = post(server, **{name: 5}).json()
        assert body["choices"][0]["finish_reason"] == "length"
        assert body["usage"]["completion_tokens"] == 5
        assert whole_text(server).startswith(body["choices"][0]["message"]["content"])


def test_a_limit_that_is_not_reached_ends_with_stop(server):
    length = post(server).json()["usage"]["completion_tokens"]
    assert post(server, max_tokens=length).json()["choices"][0]["finish_reason"] == "stop"


def test_models_are_listed_and_read(server):
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="any", max_retries=0) as client:
        assert [model.id for model in client.models.list()] == ["chanx-offline"]
        assert client.models.retrieve("chanx-offline").owned_by == "chanx-native"
        with pytest.raises(openai.NotFoundError) as caught:
            client.models.retrieve("gpt-9")
    assert caught.value.code == "model_not_found"


def test_strict_model_names_refuse_other_models():
    with llm_server("--strict-model-names") as running:
        error = post(running, model="gpt-4o")
        assert error.status_code == 404
        assert error.json()["error"]["code"] == "model_not_found"
        assert "chanx-offline" in error.json()["error"]["message"]
        assert post(running, model="chanx-offline", max_tokens=1).status_code == 200


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "user"}]}, "messages.0"),
        ({"model": ""}, "model"),
        ({"model": None}, "model"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": "many"}, "max_tokens"),
        ({"temperature": 3}, "temperature"),
        ({"n": 2}, "n"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
        ({"stream": "perhaps"}, "stream"),
        ({"response_format": {"type": "json_object"}}, "response_format.type"),
    ],
)
def test_a_bad_field_is_answered_with_its_name(server, change, param):
    response = post(server, **change)
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert error["param"] == param
    assert error["message"].startswith(param)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"\xff\xfe", b'{"model": "\\ud800"}', b"[" * 100_000, b'{"a":' * 50_000],
    ids=["empty", "cut off", "array", "not UTF-8", "lone surrogate", "deep array", "deep object"],
)
def test_a_body_that_is_no_request_is_a_400(server, body):
    headers = {"Content-Type": "application/json"}
    response = httpx.post(f"{server.url}/v1/chat/completions", content=body, headers=headers)
    assert response.status_code == 400
    assert response.json()["error"]["message"]


def test_a_body_of_another_type_is_refused(server):
    response = httpx.post(f"{server.url}/v1/chat/completions", data={"model": "x"})
    assert response.status_code == 415
    assert "application/json" in response.json()["error"]["message"]


def test_a_huge_body_is_refused_and_the_server_lives_on(server):
    with (
        pytest.raises(openai.APIStatusError) as caught,
        openai.OpenAI(base_url=f"{server.url}/v1", api_key="any", max_retries=0) as client,
    ):
        client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x" * 8_000_000}])
    assert caught.value.status_code == 413
    assert health(server)["active"] == 0


def test_a_long_conversation_is_answered_quickly(server):
    talk = [
        {"role": role, "content": "channel layer group " * 500}
        for _ in range(40)
        for role in ("user", "assistant")
    ]
    started = time.monotonic()
    assert post(server, messages=[*talk, *QUESTION]).status_code == 200
    assert time.monotonic() - started < 15  # tenths of a second on a machine that has nothing else to do


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/completions", "/v1/embeddings"])
def test_an_unknown_url_is_answered_in_the_protocols_format(server, path):
    response = httpx.post(f"{server.url}{path}", json={})
    assert response.status_code == 404
    assert path in response.json()["error"]["message"]


async def test_an_answer_ends_when_its_client_goes(slow_server):
    before = health(slow_server)["cancelled"]
    for stream in (True, False):
        body = json.dumps({"model": "m", "messages": QUESTION, "stream": stream}).encode()
        _, writer = await asyncio.open_connection("127.0.0.1", slow_server.port)
        writer.write(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        await writer.drain()
        await is_active(slow_server, 1)
        writer.close()
        await is_active(slow_server, 0)
    assert health(slow_server)["cancelled"] == before + 2


async def test_answers_stream_side_by_side_and_one_too_many_is_refused(slow_server):
    asked = {"model": "m", "messages": QUESTION, "stream": True, "max_tokens": 90}
    async with openai.AsyncOpenAI(base_url=f"{slow_server.url}/v1", api_key="any", max_retries=0) as client:

        async def open_stream() -> openai.AsyncStream:
            return await client.chat.completions.create(**asked)

        async def until_refused() -> None:
            while True:  # on a busy machine the first have ended before the seventh
                streams.append(await open_stream())

        streams = await asyncio.gather(*(open_stream() for _ in range(6)))
        with pytest.raises(openai.RateLimitError) as refused:
            await until_refused()
        texts = {
            "".join([chunk.choices[0].delta.content or "" async for chunk in stream]) for stream in streams
        }
    assert len(texts) == 1
    assert refused.value.response.headers["retry-after"] == "1"
    assert health(slow_server)["active"] == 0


def test_a_busy_port_is_named_with_the_fix():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RuntimeError) as caught, llm_server("--port", str(port)):
            pass
    assert f"cannot listen on 127.0.0.1:{port}" in str(caught.value)
    assert f"--port {port + 1}" in str(caught.value)


def test_it_listens_on_the_loopback_address_only(server):
    assert server.url == f"http://127.0.0.1:{server.port}"
    with pytest.raises(OSError, match=r"refused|unreachable|No route"):
        socket.create_connection(("127.0.0.2", server.port), timeout=2)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--port", "70000"],
        ["--tokens-per-second", "-1"],
        ["--tokens-per-second", "nan"],
        ["--max-concurrency", "0"],
        ["--documents", "no/such/directory"],
        ["--host", "192.0.2.1"],
    ],
)
def test_a_bad_option_is_named(arguments):
    with pytest.raises(RuntimeError, match=arguments[0]), llm_server(*arguments):
        pass
