"""Answers of the AI chat under faults: cut connections, ended web processes, a dead model server, several windows."""

import asyncio
import os
import random
import signal
import time

import httpx
import pytest
from ai_chat_client import Api, Window, window
from llm_server_process import llm_server
from openai_upstream import Upstream
from sandbox_server import SandboxServer

TOKENS = 2000
CUTS = 100


@pytest.fixture(scope="module")
def upstream():
    with Upstream() as running:
        yield running


@pytest.fixture(scope="module")
def model(upstream):
    with llm_server("--upstream", upstream.url) as running:
        yield running


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return tmp_path_factory.mktemp("ai-chat")


@pytest.fixture(scope="module")
def server(directory, model):
    settings = {"LLM_DEFAULT_MODEL": "scripted", "MAX_WEBSOCKETS_PER_USER": "300", "LLM_TIMEOUT": "60"}
    with SandboxServer(directory, model_url=model.url, **settings) as running:
        yield running


@pytest.fixture(scope="module")
def api(server):
    return Api(server.url)


@pytest.fixture(autouse=True)
def _server_is_up(server):
    """A test that failed may have left it stopped."""
    if server._process is None or server._process.poll() is not None:
        server.start()


def tokens(count: int, seed: int = 1) -> list[str]:
    """Words of several scripts, with line breaks, quotation marks and characters beyond 16 bits."""
    chosen = random.Random(seed)
    words = [
        "word",
        "Grüße",
        "日本語",
        "🏔️",
        "“quoted”",
        '"',
        "\\",
        "\n\n",
        "```py\n",
        "<b>",
        "\u2028",
        "e\u0301",
    ]
    return [f"{chosen.choice(words)} {number} " for number in range(count)]


def waited_for(condition, seconds: float = 60):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return value


def completed(url: str) -> int:
    count: int = httpx.get(f"{url}/health", timeout=60).json()["completed"]
    return count


async def ask(it: Window) -> str:
    """Asks, and returns the answer's id once it has begun."""
    await it.send("send_message", message="Tell me all.")
    return (await it.until("ai_typing"))["message_id"]


async def test_an_answer_of_2000_tokens_is_whole_after_100_cuts(upstream, api):
    said = tokens(TOKENS)
    upstream.script(said, released=1)
    whole = "".join(said)
    cuts = sorted(random.Random(2).sample(range(2, TOKENS - 20), CUTS))
    session = api.session()
    async with window(api, session) as it:
        answer = await ask(it)
        await it.until(lambda it: it.text)
        text, released = it.text, 1
        it.socket.transport.abort()
    for number, cut in enumerate(cuts):
        upstream.release(max(0, cut - released))  # some while the connection is cut, some after it is back
        async with window(api, session) as it:
            assert it.frames[0]["streaming"] == answer
            it.text = text
            await it.send("resume", message_id=answer, offset=len(text))
            upstream.release(number % 8)
            released = max(cut, released) + number % 8
            due = len("".join(said[:cut]))
            await it.until(lambda it, due=due: len(it.text) >= due)
            text = it.text
            it.socket.transport.abort()
        assert whole.startswith(text)
    async with window(api, session) as it:
        it.text = text
        await it.send("resume", message_id=answer, offset=len(text))
        upstream.release()
        complete = await it.until("ai_message_complete")
    assert it.text.encode() == whole.encode() == complete["message"]["content"].encode()
    assert api.messages(session)[-1]["content"] == whole


async def test_a_window_of_the_documented_form_that_connects_in_the_middle_has_all(upstream, api):
    said = tokens(30)
    upstream.script(said, released=10)
    session = api.session()
    async with window(api, session) as first:
        await ask(first)
        await first.until(lambda it: len(it.text) >= len("".join(said[:10])))
        async with window(api, session, "") as second:
            assert await second.next() == {"type": "ai_typing", "message": "AI is thinking..."}
            chunk = await second.next()
            assert chunk["full_content"] == first.text
            upstream.release()
            complete = await second.until("ai_message_complete")
            await first.until("ai_message_complete")
    assert first.text == second.text == complete["message"]["content"] == "".join(said)


async def test_an_answer_goes_on_and_is_kept_when_nobody_watches(upstream, api):
    said = tokens(20)
    upstream.script(said, released=1)
    session = api.session()
    async with window(api, session) as it:
        answer = await ask(it)
    upstream.release()
    kept = waited_for(
        lambda: [m for m in api.messages(session) if m["status"] == "complete" and m["id"] == answer]
    )
    assert kept[0]["content"] == "".join(said)
    async with window(api, session) as late:
        assert "streaming" not in late.frames[0]
        await late.send("resume", message_id=answer, offset=3)
        late.text = "".join(said)[:3]
        await late.until("ai_message_complete")
        assert late.text == "".join(said)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["ended", "killed"])
async def test_an_answer_survives_the_web_process(upstream, server, api, how):
    said = tokens(60)
    upstream.script(said, released=10)
    session = api.session()
    async with window(api, session) as it:
        answer = await ask(it)
        await it.until(lambda it: it.text)
        text = it.text
        os.kill(server._process.pid, how)
        server._process.wait(60)
    upstream.release(30)
    server.start()
    async with window(api, session) as it:
        assert it.frames[0]["streaming"] == answer
        it.text = text
        await it.send("resume", message_id=answer, offset=len(text))
        upstream.release()
        complete = await it.until("ai_message_complete")
    assert it.text == complete["message"]["content"] == "".join(said)


async def test_an_answer_that_ended_while_no_web_process_ran_is_kept_at_the_next_look(upstream, server, api):
    said = tokens(20)
    upstream.script(said, released=1)
    session = api.session()
    async with window(api, session) as it:
        await ask(it)
    server.stop()
    upstream.release()
    server.start()
    api.get("sessions/")
    [last] = waited_for(lambda: [m for m in api.messages(session) if m["status"] == "complete"][1:])
    assert last["content"] == "".join(said)


async def test_windows_of_two_web_processes_follow_one_answer(upstream, model, directory, server, api):
    said = tokens(40)
    upstream.script(said, released=5)
    session = api.session()
    other = SandboxServer(directory, model_url=model.url, LLM_DEFAULT_MODEL="scripted")
    other.start()
    try:
        elsewhere = Api(other.url)
        async with window(api, session) as here:
            answer = await ask(here)
            async with window(elsewhere, session) as there:
                await there.send("resume", message_id=answer, offset=0)
                upstream.release()
                await asyncio.gather(here.until("ai_message_complete"), there.until("ai_message_complete"))
        assert here.text == there.text == "".join(said)
        assert len([m for m in api.messages(session) if m["role"] == "assistant"]) == 1
    finally:
        other.stop()


async def test_only_stop_ends_an_answer_and_other_sessions_are_not_blocked(upstream, api):
    said = tokens(30)
    upstream.script(said, released=3)
    held, free = api.session(), api.session()
    async with window(api, held) as first, window(api, held) as watching:
        await ask(first)
        await first.until(lambda it: len(it.text) >= len("".join(said[:3])))
        await first.send("send_message", message="Now?")
        assert "still being written" in (await first.until("error"))["message"]
        async with window(api, free) as second:
            upstream.tokens = tokens(3, seed=5)
            await ask(second)
            assert (await second.until("ai_message_complete"))["message"]["status"] == "complete"
        await watching.send("stop")
        for it in (first, watching):
            stopped = (await it.until("ai_message_complete"))["message"]
            assert (stopped["status"], stopped["content"]) == ("stopped", "".join(said[:3]))
        await watching.send("stop")
        assert (await watching.until("error"))["message"] == "No answer is being written."


async def test_a_failed_answer_is_kept_with_its_error_and_can_be_retried(upstream, api):
    said = tokens(10)
    upstream.script(said, released=4)
    session = api.session()
    async with window(api, session) as it:
        failed = await ask(it)
        await it.until(lambda it: len(it.text) >= len("".join(said[:4])))
        upstream.kill()
        updated = (await it.until("message_updated"))["message"]
        assert (updated["id"], updated["status"]) == (failed, "failed")
        error = await it.next()
        assert error == {"type": "error", "message": updated["error"]}
        assert "broke off" in error["message"]
        kept = api.messages(session)[-1]
        assert (kept["status"], kept["content"]) == ("failed", "".join(said[:4]))
        upstream.start()
        upstream.release()
        await it.send("retry")
        assert (await it.until("messages_removed"))["message_ids"] == [failed]
        assert (await it.until("ai_message_complete"))["message"]["content"] == "".join(said)
    assert [m["role"] for m in api.messages(session)] == ["user", "assistant"]


async def test_the_servers_share_the_answers_and_one_stands_in_for_a_dead_one(upstream, directory):
    said = tokens(5)
    upstream.script(said, released=5)
    with llm_server("--upstream", upstream.url) as one, llm_server("--upstream", upstream.url) as two:
        dead = "http://127.0.0.1:9"
        place = directory / "several"
        place.mkdir()
        urls = f"{one.url}, {dead},{two.url}"
        with SandboxServer(
            place, model_url=one.url, LLM_SERVER_URL=urls, LLM_DEFAULT_MODEL="scripted"
        ) as server:
            api = Api(server.url)
            for _ in range(9):
                answered = api.post(f"sessions/{api.session()}/send_message/", {"message": "?"})
                assert answered["ai_message"]["content"] == "".join(said)
            health = api.get("health/llm_server/")
            assert health["status"] == "degraded"
            assert [found["status"] for found in health["servers"]] == ["healthy", "unreachable", "healthy"]
            done = [completed(one.url), completed(two.url)]
            assert sum(done) == 9
            assert min(done) >= 2
