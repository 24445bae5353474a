"""The assistant's page: growth, stop, failure."""

import itertools
import json
import time
from contextlib import ExitStack

import pytest
from llm_server_process import llm_server
from sandbox_server import SandboxServer

QUESTION = "What is a channel layer?"
BUSY = "#log .line[aria-busy=true]"


def test_the_answer_grows_token_by_token(windows, sandbox):
    window = windows(sandbox)
    window.open("/assistants/")
    window.ask(QUESTION)
    answer = window.page.locator("#log .line").nth(1).locator(".said")
    send = window.page.get_by_role("button", name="Send")
    seen = [""]
    deadline = time.monotonic() + 60
    answer.wait_for(state="attached")
    assert send.is_disabled()
    while window.page.locator(BUSY).count() and time.monotonic() < deadline:
        text = answer.inner_text()
        if text != seen[-1]:
            seen.append(text)
        window.page.wait_for_timeout(20)
    assert len(seen) > 8, seen
    assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(seen))
    frames = [json.loads(frame) for frame in window.frames]
    pieces = [frame for frame in frames if frame["action"] == "streaming"]
    order = [f["action"] for f in frames if "streaming" in f["action"]]
    assert order[0] == "streaming_start"
    assert order[-1] == "complete_streaming"
    whole = "".join(piece["payload"]["content"] for piece in pieces)
    assert answer.text_content() == whole
    assert send.is_enabled()


def test_stop_ends_the_answer_and_the_next_question_is_answered(windows, sandbox):
    window = windows(sandbox)
    window.open("/assistants/")
    window.ask(QUESTION)
    window.answer_begins(1)
    window.page.get_by_role("button", name="Stop").click()
    window.page.locator(BUSY).wait_for(state="detached")
    window.hears("Stopped")
    stopped = window.lines()[1]
    window.page.wait_for_timeout(500)
    assert window.lines()[1] == stopped, "pieces arrived after the stop"
    window.ask("And a group?")
    window.answer_begins(3)


def test_enter_sends_and_shift_enter_breaks_the_line(windows, sandbox):
    window = windows(sandbox)
    window.open("/assistants/")
    keyboard = window.page.keyboard
    keyboard.type("first")
    keyboard.press("Shift+Enter")
    keyboard.type("second")
    keyboard.press("Enter")
    window.hears("first")
    assert window.page.locator("#log .said").first.text_content() == "first\nsecond"


def test_the_page_says_that_the_model_is_the_offline_one(windows, sandbox):
    window = windows(sandbox)
    window.open("/assistants/")
    assert "Offline model" in window.page.locator("#model").inner_text()


@pytest.fixture
def failing(tmp_path):
    """A sandbox, and what ends its model."""
    with ExitStack() as model:
        url = model.enter_context(llm_server("--tokens-per-second", "15")).url
        with SandboxServer(tmp_path, model_url=url) as server:
            yield server, model.close


def test_a_failed_answer_ends_the_typing_state_and_is_told(windows, failing):
    server, end_model = failing
    window = windows(server)
    window.open("/assistants/")
    window.ask(QUESTION)
    window.answer_begins(1)
    end_model()
    window.page.locator(BUSY).wait_for(state="detached")
    assert window.page.locator("#problem").inner_text()
    window.hears("The answer failed")
    assert window.page.get_by_role("button", name="Send").is_enabled()
    window.ask("Are you there?")
    window.page.locator("#problem", has_text="does not answer").wait_for(timeout=30000)
    assert window.page.get_by_role("button", name="Send").is_enabled()
