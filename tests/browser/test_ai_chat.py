"""The AI chat in Chromium: asking, answers that outlive page and connection, several windows."""

import re
import time

import pytest
from llm_server_process import llm_server
from sandbox_server import SandboxServer, free_port

QUESTION = "What is a channel layer?"


@pytest.fixture
def chat(chats, ai_sandbox):
    """A new chat of alice's in a window of her own."""
    page = chats(ai_sandbox)
    page.log_in()
    page.new_chat()
    return page


def is_same(page):
    """Whether the page has the last answer as the server keeps it, to the character."""
    kept = page.kept()[-1]
    return kept["role"] == "assistant" and page.copied() == kept["content"] != ""


def test_an_answer_grows_and_is_kept(chat):
    chat.ask(QUESTION)
    chat.answer_begins()
    assert chat.button("Stop").is_visible()
    seen = [chat.shown()]
    while chat.page.locator("#log li.answer[aria-busy=true]").count():
        if (text := chat.shown()) != seen[-1]:
            seen.append(text)
        chat.page.wait_for_timeout(30)
    assert len(seen) > 8, seen
    assert is_same(chat)
    assert chat.kept()[0]["content"] == QUESTION
    chunks = [frame for frame in chat.frames if frame["type"] == "ai_message_chunk"]
    assert "".join(chunk["content"] for chunk in chunks) == chat.kept()[-1]["content"]
    assert not any("full_content" in chunk for chunk in chunks)
    # The list names it by its question, and says what came last.
    entry = chat.page.locator(".session-list li.current")
    entry.filter(has_text=QUESTION).wait_for(timeout=5000)
    assert chat.button("Send").is_visible()


def test_a_reload_in_the_middle_gets_all_of_the_answer_once(chat):
    chat.ask(QUESTION)
    chat.answer_begins(30)
    before = chat.shown()
    chat.page.reload()
    chat.answer_begins(30)
    assert chat.page.locator("#log li.answer[aria-busy=true]").count() == 1, (
        "the answer ended before the reload"
    )
    chat.answer_ends()
    assert chat.shown().startswith(before[:20])
    assert is_same(chat)
    assert len(chat.kept()) == 2
    connected = max(n for n, frame in enumerate(chat.frames) if frame["type"] == "connection_established")
    chunks = [frame for frame in chat.frames[connected:] if frame["type"] == "ai_message_chunk"]
    assert chunks[0]["offset"] == 0
    assert "".join(chunk["content"] for chunk in chunks) == chat.kept()[-1]["content"]


def test_a_connection_that_is_cut_again_and_again_loses_and_doubles_nothing(chats, ai_sandbox):
    page = chats(ai_sandbox)
    page.log_in()
    live = []

    def relay(socket):
        socket.connect_to_server()
        live.append(socket)

    page.page.route_web_socket(re.compile("/ws/ai-chat/session/"), relay)
    page.new_chat()
    page.ask(QUESTION)
    page.answer_begins()
    cuts = 0
    while page.page.locator("#log li.answer[aria-busy=true]").count():
        live[-1].close(code=1012)
        page.page.wait_for_selector("#state:not([data-state=open])")
        page.page.evaluate(
            "dispatchEvent(new Event('online'))"
        )  # which ends the pause before the next attempt
        page.wait_for_state("open")
        cuts += 1
        page.page.wait_for_timeout(100)
    assert cuts >= 5
    assert is_same(page)
    assert page.page.locator("#log li").count() == 2


def test_stop_keeps_what_is_written(chat):
    chat.ask(QUESTION)
    chat.answer_begins()
    chat.button("Stop").click()
    chat.answer_ends(5)
    chat.answers.last.get_by_text("Stopped").wait_for()
    stopped = chat.shown()
    chat.page.wait_for_timeout(400)
    assert chat.shown() == stopped
    assert is_same(chat)
    assert chat.kept()[-1]["status"] == "stopped"
    chat.ask("And a group?")
    chat.page.locator("#log li.answer").nth(1).wait_for()
    chat.message.press("Escape")
    chat.answer_ends(5)


def test_a_second_window_follows_and_sees_typing(chats, chat, ai_sandbox):
    chat.ask(QUESTION)
    chat.answer_begins()
    other = chats(ai_sandbox, beside=chat)
    other.open(chat.chat)
    other.answer_begins()
    assert other.page.locator("#log li.answer[aria-busy=true]").count() == 1
    chat.answer_ends()
    other.answer_ends()
    assert other.shown() == chat.shown()
    assert is_same(other)
    other.message.press_sequentially("So")
    chat.page.get_by_text("You are typing in another window.").wait_for(timeout=5000)
    other.message.press("Enter")
    chat.page.locator("#log .said", has_text=re.compile("^So$")).wait_for(timeout=5000)
    other.answer_begins(1)
    chat.answer_begins(1)
    chat.button("Stop").click()
    other.answers.last.get_by_text("Stopped").wait_for(timeout=5000)


def test_the_list_is_live_in_every_window(chats, chat, ai_sandbox):
    other = chats(ai_sandbox, beside=chat)
    other.open()
    listed = other.page.locator(f".session-list a[href='?chat={chat.chat}']")
    listed.wait_for()
    chat.page.get_by_role("button", name="Rename New chat").first.click()
    chat.page.get_by_label("Title").fill("Layers, in short")
    chat.button("Rename").click()
    listed.filter(has_text="Layers, in short").wait_for(timeout=5000)
    chat.page.get_by_role("heading", level=1, name="Layers, in short").wait_for(timeout=5000)
    other.page.get_by_label("Search in chats").fill("in short")
    other.page.locator(".session-list li").filter(has_not_text="Layers, in short").wait_for(state="detached")
    listed.wait_for()
    listed.click()
    other.wait_for_state("open")
    chat.button("Delete Layers, in short").click()
    chat.page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    other.page.get_by_text("This chat has been deleted.").wait_for(timeout=5000)
    chat.page.get_by_text("Choose a chat, or begin one.").wait_for()
    assert "?chat" not in chat.page.url


def test_edit_and_resend_replaces_what_came_after(chat):
    chat.post(f"sessions/{chat.chat}/send_message/", {"message": "First question", "wait": False})
    chat.answer_begins()
    chat.message.press("Escape")
    chat.answer_ends(5)
    chat.button("Edit your message").click()
    editor = chat.page.get_by_label("Edit your message")
    assert editor.input_value() == "First question"
    editor.fill("Better question")
    editor.press("Enter")
    chat.page.locator("#log .said", has_text="Better question").wait_for(timeout=5000)
    chat.answer_begins()
    assert chat.page.locator("#log li").count() == 2
    assert chat.message.evaluate("(field) => field === document.activeElement")
    chat.button("Stop").click()
    chat.answer_ends(5)
    assert chat.kept()[0]["content"] == "Better question"


@pytest.mark.timeout(240)  # it starts the web process twice and the model twice
def test_an_answer_survives_the_web_process_and_a_failed_one_is_retried(chats, frontend, tmp_path):
    port = free_port()
    options = ("--port", str(port), "--tokens-per-second", "40")
    url = f"http://127.0.0.1:{port}"
    with SandboxServer(tmp_path, model_url=url, LLM_TIMEOUT="4") as server:
        page = chats(server)
        with llm_server(*options):
            page.log_in()
            page.new_chat()
            page.ask(QUESTION)
            page.answer_begins(20)
            server.stop()
            page.wait_for_state("waiting")
            assert "Connection lost" in page.page.locator("#state").inner_text()
            before = page.shown()
            server.start()
            page.wait_for_state("open", 30)
            page.answer_ends()
            assert page.shown().startswith(before)
            assert is_same(page)
            assert page.kept()[-1]["status"] == "complete"
            page.ask("And a group?")
            page.page.locator("#log li.answer").nth(1).wait_for()
            page.answer_begins()
        failed = page.answers.last.locator(".problem", has_text="The answer failed:")
        failed.wait_for(timeout=40000)
        assert page.kept()[-1]["status"] == "failed"
        with llm_server(*options):
            page.button("Retry").click()
            failed.wait_for(state="detached", timeout=10000)
            page.answer_begins()
            page.button("Stop").click()
            page.answer_ends()
            assert is_same(page)
            assert [message["status"] for message in page.kept()] == ["complete"] * 3 + ["stopped"]


def test_what_is_written_without_a_connection_is_sent_when_it_is_back(chats, ai_sandbox):
    page = chats(ai_sandbox)
    page.log_in()
    live = []
    page.page.route_web_socket(
        re.compile("/ws/ai-chat/session/"), lambda socket: (socket.connect_to_server(), live.append(socket))
    )
    page.new_chat()
    live[-1].close(code=1012)
    page.wait_for_state("waiting")
    page.ask("Are you there?")
    page.page.get_by_text("Will be sent when the connection is back").wait_for()
    page.wait_for_state("open")
    page.answer_begins()
    assert page.kept()[0]["content"] == "Are you there?"
    assert page.page.locator("#log li").count() == 2
    page.button("Stop").click()
    page.answer_ends(5)


def test_the_connection_answers_for_its_own_liveness(chat):
    """The page asks the server when it becomes visible again, and hears the answer."""
    chat.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    deadline = time.monotonic() + 5
    while chat.frames.count({"type": "pong"}) < 2 and time.monotonic() < deadline:
        chat.page.wait_for_timeout(20)
    # One when it connected, one now.
    assert chat.frames.count({"type": "pong"}) == chat.sent.count({"type": "ping"}) == 2
