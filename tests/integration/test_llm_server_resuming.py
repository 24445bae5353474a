"""Answers that the LLM server writes on its own: followed from any position, by any number, over restarts."""

import asyncio
import json
import uuid
from contextlib import asynccontextmanager

import httpx
import pytest
from llm_server_process import llm_server
from openai_upstream import Upstream
from websockets.asyncio.client import connect

TOKENS = [f"{number}🏔 " for number in range(50)]
TEXT = "".join(TOKENS)


@pytest.fixture(scope="module")
def upstream():
    with Upstream() as running:
        yield running


@pytest.fixture(scope="module")
def server(upstream):
    with llm_server("--upstream", upstream.url) as running:
        yield running


class Follower:
    """A client of the link."""

    def __init__(self, socket):
        self.socket = socket
        self.text = ""
        self.ended = []
        self.unknown = []
        self.calls = []

    async def send(self, **frame):
        await self.socket.send(json.dumps(frame))

    async def follow(self, answer_id, offset=0):
        await self.send(op="follow", id=answer_id, offset=offset)

    async def until(self, condition, seconds=60):
        async with asyncio.timeout(seconds):
            while not condition(self):
                frame = json.loads(await self.socket.recv())
                for _, offset, piece in frame.get("pieces", ()):
                    assert offset == len(self.text), "a gap or an overlap"
                    self.text += piece
                self.ended += frame.get("ended", ())
                self.unknown += frame.get("unknown", ())
                if "tool" in frame:
                    self.calls.append(frame["tool"])


@asynccontextmanager
async def follower(server, text=""):
    async with connect(f"ws{server.url[4:]}/v1/answers/link") as socket:
        made = Follower(socket)
        made.text = text
        yield made


def begin(server, model="scripted", **fields) -> str:
    body = {"id": uuid.uuid4().hex, "model": model, "messages": [{"role": "user", "content": "?"}], **fields}
    response = httpx.post(f"{server.url}/v1/answers", json=body)
    assert response.status_code == 201, response.text
    return body["id"]


async def test_two_follow_from_different_positions_and_get_the_same_text(upstream, server):
    upstream.script(TOKENS, released=20)
    answer_id = begin(server)
    async with follower(server) as first:
        await first.follow(answer_id)
        await first.until(lambda it: len(it.text) >= len("".join(TOKENS[:20])))
        async with follower(server, TEXT[:7]) as second:
            await second.follow(answer_id, 7)
            upstream.release()
            await first.until(lambda it: it.ended)
            await second.until(lambda it: it.ended)
            assert first.text == second.text == TEXT


async def test_an_answer_goes_on_when_nobody_follows(upstream, server):
    upstream.script(TOKENS, released=5)
    answer_id = begin(server)
    async with follower(server) as first:
        await first.follow(answer_id)
        await first.until(lambda it: it.text)
        half = first.text
    upstream.release()
    async with follower(server, half) as second:
        await second.follow(answer_id, len(half))
        await second.until(lambda it: it.ended)
        assert second.text == TEXT


async def test_one_may_follow_before_the_answer_begins_and_is_told_if_it_never_does(upstream, server):
    upstream.script(TOKENS, released=50)
    async with follower(server) as early:
        answer_id = uuid.uuid4().hex
        await early.follow(answer_id)
        await early.follow("never-asked-for")
        body = {"id": answer_id, "model": "scripted", "messages": [{"role": "user", "content": "?"}]}
        async with httpx.AsyncClient() as client:
            await client.post(f"{server.url}/v1/answers", json=body)
        await early.until(lambda it: it.ended == [answer_id])
        await early.until(lambda it: it.unknown == ["never-asked-for"])
        assert early.text == TEXT


async def test_a_follower_that_leaves_off_gets_no_more(upstream, server):
    upstream.script(TOKENS, released=1)
    answer_id, other = begin(server), begin(server)
    async with follower(server) as it:
        await it.follow(answer_id)
        await it.until(lambda it: it.text)
        before = it.text
        await it.send(op="unfollow", id=answer_id)
        it.text = ""
        await it.follow(other)
        upstream.release()
        await it.until(lambda it: it.ended == [other])
        assert it.text == TEXT
        assert before == TOKENS[0]


async def test_followers_run_the_tools_that_the_server_cannot(server):
    answer_id = begin(server, "caller", tools=["clock", "search_chats"])
    async with follower(server) as deaf, follower(server) as helpful:
        await deaf.follow("never-asked-for-either")
        await helpful.follow(answer_id)
        await helpful.until(lambda it: it.calls)
        [call] = helpful.calls
        assert (call["id"], call["name"], call["arguments"]) == (
            answer_id,
            "search_chats",
            '{"query": "alps"}',
        )
        await helpful.send(op="tool_result", call=call["call"], result="a hut at 3,000 m")
        await helpful.until(lambda it: it.ended)
        assert "a hut at 3,000 m" in helpful.text
        assert deaf.calls == []


async def test_garbage_on_the_link_ends_that_link_alone(upstream, server):
    upstream.script(TOKENS, released=1)
    answer_id = begin(server)
    async with follower(server) as good:
        await good.follow(answer_id)
        await good.until(lambda it: it.text)
        for garbage in (
            "{",
            "[]",
            '{"op": "sing"}',
            '{"op": "follow"}',
            '{"op": "follow", "id": 1, "offset": "x"}',
        ):
            async with connect(f"ws{server.url[4:]}/v1/answers/link") as socket:
                await socket.send(garbage)
                async with asyncio.timeout(5):
                    await socket.wait_closed()
        upstream.release()
        await good.until(lambda it: it.ended)
        assert good.text == TEXT


def test_wrong_requests_are_refused_with_the_reason(server):
    def post(**fields):
        body = {"id": uuid.uuid4().hex, "model": "scripted", "messages": [{"role": "user", "content": "?"}]}
        return httpx.post(f"{server.url}/v1/answers", json={**body, **fields})

    assert post(model="nobody").json()["error"]["code"] == "model_not_found"
    assert post(id="../../etc").json()["error"]["param"] == "id"
    assert post(tools=["rm"]).status_code == 400
    assert post(messages=[]).status_code == 400
    unknown = httpx.get(f"{server.url}/v1/answers/unknown-answer")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "answer_not_found")
    assert httpx.post(f"{server.url}/v1/answers/unknown-answer/stop").status_code == 404


def test_answers_outlive_the_server_and_those_in_progress_are_marked(upstream, tmp_path):
    store = str(tmp_path / "answers.sqlite3")
    upstream.script(TOKENS, released=50)
    with llm_server("--upstream", upstream.url, "--store", store) as server:
        complete = begin(server)
        while httpx.get(f"{server.url}/v1/answers/{complete}").json()["status"] == "streaming":
            pass
        upstream.script(TOKENS, released=10)
        half = begin(server)
        while not httpx.get(f"{server.url}/v1/answers/{half}").json()["text"]:
            pass
    with llm_server("--upstream", upstream.url, "--store", store) as server:
        kept = httpx.get(f"{server.url}/v1/answers/{complete}").json()
        assert (kept["status"], kept["text"]) == ("complete", TEXT)
        kept = httpx.get(f"{server.url}/v1/answers/{half}").json()
        assert kept["status"] == "failed"
        assert "restarted" in kept["error"]
        assert kept["text"]
        assert TEXT.startswith(kept["text"])


def test_a_store_that_cannot_be_opened_ends_the_start_with_the_reason(tmp_path):
    broken = tmp_path / "broken.sqlite3"
    broken.write_text("this is no database" * 100)
    reason = r"error: --store .*broken\.sqlite3: file is not a database"
    with pytest.raises(RuntimeError, match=reason), llm_server("--store", str(broken)):
        pass
