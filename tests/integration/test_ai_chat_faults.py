"""The AI chat when its LLM server dies or is restarted, and when a window does not read."""

import asyncio
from contextlib import ExitStack

import pytest
from ai_chat_client import Api, Window, window
from llm_server_process import llm_server
from openai_upstream import Upstream
from ports import free_port
from sandbox_server import SandboxServer
from websockets.asyncio.client import connect

TOKENS = [f"{number} " for number in range(40)]


@pytest.fixture(scope="module")
def upstream():
    with Upstream() as running:
        yield running


@pytest.fixture(scope="module")
def port():
    """Of the LLM server, which the tests start and stop."""
    return free_port()


@pytest.fixture(scope="module")
def api(tmp_path_factory, port):
    settings = {"LLM_DEFAULT_MODEL": "scripted", "LLM_TIMEOUT": "1.5"}
    url = f"http://127.0.0.1:{port}"
    with SandboxServer(tmp_path_factory.mktemp("ai-chat"), model_url=url, **settings) as server:
        yield Api(server.url)


@pytest.fixture
def model(upstream, port, tmp_path):
    """Starts the LLM server; always the same port and file."""

    def start():
        store = str(tmp_path / "answers.sqlite3")
        return llm_server("--upstream", upstream.url, "--port", str(port), "--store", store)

    return start


async def begin(it: Window, due: str) -> str:
    await it.send("send_message", message="Tell me all.")
    answer: str = (await it.until("ai_typing"))["message_id"]
    await it.until(lambda it: it.text == due)
    return answer


async def test_a_model_server_that_goes_away_fails_its_answers_with_what_there_is(upstream, model, api):
    upstream.script(TOKENS, released=10)
    due = "".join(TOKENS[:10])
    running = ExitStack()
    running.enter_context(model())
    session = api.session()
    async with window(api, session) as it:
        await begin(it, due)
        await asyncio.to_thread(running.close)
        failed = (await it.until("message_updated"))["message"]
        assert (failed["status"], failed["content"]) == ("failed", due)
        assert (await it.next())["message"] == failed["error"]
        assert "went away" in failed["error"]
        with model():
            upstream.release()
            await it.send("retry")
            assert (await it.until("ai_message_complete"))["message"]["content"] == "".join(TOKENS)


async def test_a_model_server_that_is_restarted_tells_what_it_had(upstream, model, api):
    upstream.script(TOKENS, released=10)
    due = "".join(TOKENS[:10])
    running = ExitStack()
    running.enter_context(model())
    session = api.session()
    async with window(api, session) as it:
        await begin(it, due)
        await asyncio.to_thread(running.close)
        with model():
            failed = (await it.until("message_updated"))["message"]
    assert (failed["status"], failed["content"]) == ("failed", due)
    assert "restarted" in failed["error"]


async def test_a_question_asked_while_no_model_server_runs_fails_and_can_be_retried(upstream, model, api):
    upstream.script(TOKENS, released=40)
    session = api.session()
    async with window(api, session) as it:
        await it.send("send_message", message="Anybody there?")
        assert (await it.until("error"))["message"] == "No LLM server answers. Try again in a moment."
        with model():
            await it.send("retry")
            assert (await it.until("ai_message_complete"))["message"]["content"] == "".join(TOKENS)


async def test_a_window_that_does_not_read_gets_fewer_pieces_and_all_of_the_text(upstream, model, api):
    said = [f"{number:05} " + "x" * 400 + " " for number in range(2000)]
    upstream.script(said, released=1)
    with model():
        session = api.session()
        async with (
            window(api, session) as quick,
            connect(api.address(session), compression=None, max_size=None) as socket,
        ):
            slow = Window(socket)
            await quick.send("send_message", message="Tell me all.")
            await quick.until("ai_message_chunk")
            # With the whole text in each of them, these steps would be 40 MB for the slow one.
            for _ in range(99):
                upstream.release(20)
                due = len(quick.text) + 20 * 400
                await quick.until(lambda it, due=due: len(it.text) >= due)
            upstream.release()
            await quick.until("ai_message_complete")
            complete = await slow.until("ai_message_complete")
        assert quick.text == complete["message"]["content"] == "".join(said)
        chunks = [len(frame["full_content"]) for frame in slow.frames if frame["type"] == "ai_message_chunk"]
        assert chunks[-1] == len(quick.text)
        assert sum(chunks) < 20_000_000
