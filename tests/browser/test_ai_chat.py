"""The AI chat in Chromium: asking, answers that outlive page and connection, several windows."""

import re
import time

import pytest
from ai_chat_page import PIECES, Wire

QUESTION = "What is a channel layer?"


@pytest.fixture
def chat(chats, told_sandbox):
    """A new chat of alice's in a window of her own; its answers go on when the test lets them."""
    page = chats(told_sandbox)
    page.log_in()
    page.new_chat()
    return page


def is_same(page):
    """Whether the page has the last answer as the server keeps it, to the character."""
    kept = page.kept()[-1]
    return kept["role"] == "assistant" and page.copied() == kept["content"] != ""


def test_an_answer_grows_and_is_kept(chat, script):
    chat.ask(QUESTION)
    for number in range(9, 55, 5):
        chat.answer_has(f"piece {number} ")
        assert f"piece{number + 1}" not in chat.shown()
        assert chat.button("Stop").is_visible()
        script.release(5)
    script.release()
    chat.answer_ends()
    assert chat.shown() == "".join(PIECES).replace(" ", "")
    assert is_same(chat)
    assert chat.kept()[0]["content"] == QUESTION
    chunks = [frame for frame in chat.frames if frame["type"] == "ai_message_chunk"]
    assert "".join(chunk["content"] for chunk in chunks) == chat.kept()[-1]["content"]
    assert not any("full_content" in chunk for chunk in chunks)
    # The list names it by its question, and says what came last.
    entry = chat.page.locator(".session-list li.current")
    entry.filter(has_text=QUESTION).wait_for()
    assert chat.button("Send").is_visible()


def test_the_offline_model_answers(chats, ai_sandbox):
    page = chats(ai_sandbox)
    page.log_in()
    page.new_chat()
    page.ask(QUESTION)
    page.answer_begins()
    page.answer_ends()
    assert is_same(page)
    assert page.kept()[-1]["status"] == "complete"


def test_a_reload_in_the_middle_gets_all_of_the_answer_once(chat, script):
    chat.ask(QUESTION)
    chat.answer_has("piece 9 ")
    before = chat.shown()
    chat.page.reload()
    chat.answer_has("piece 9 ")
    assert chat.page.locator("#log li.answer[aria-busy=true]").count() == 1
    script.release()
    chat.answer_ends()
    assert chat.shown().startswith(before)
    assert is_same(chat)
    assert len(chat.kept()) == 2
    connected = max(n for n, frame in enumerate(chat.frames) if frame["type"] == "connection_established")
    chunks = [frame for frame in chat.frames[connected:] if frame["type"] == "ai_message_chunk"]
    assert chunks[0]["offset"] == 0
    assert "".join(chunk["content"] for chunk in chunks) == chat.kept()[-1]["content"]


def test_a_connection_that_is_cut_again_and_again_loses_and_doubles_nothing(chats, told_sandbox, script):
    page = chats(told_sandbox)
    page.log_in()
    wire = Wire(page.page)
    page.new_chat()
    page.ask(QUESTION)
    for number in range(9, 60, 6):
        page.answer_has(f"piece {number} ")
        wire.cut()
        page.wait_for_state("waiting")
        script.release(3)  # while the connection is cut
        wire.mend()
        page.wait_for_state("open")
        script.release(3)
    script.release()
    page.answer_ends()
    assert is_same(page)
    assert page.page.locator("#log li").count() == 2


def test_stop_keeps_what_is_written(chat, script):
    chat.ask(QUESTION)
    chat.answer_has("piece 9 ")
    chat.button("Stop").click()
    chat.answer_ends()
    chat.answers.last.get_by_text("Stopped").wait_for()
    script.release()
    assert is_same(chat)
    kept = chat.kept()[-1]
    assert (kept["status"], kept["content"]) == ("stopped", "".join(PIECES[:10]))
    script.script(PIECES, released=10)
    chat.ask("And a group?")
    chat.page.locator("#log li.answer").nth(1).wait_for()
    chat.message.press("Escape")
    chat.answer_ends()


def test_a_second_window_follows_and_sees_typing(chats, chat, told_sandbox, script):
    chat.ask(QUESTION)
    chat.answer_has("piece 9 ")
    other = chats(told_sandbox, beside=chat)
    other.open(chat.chat)
    other.answer_has("piece 9 ")
    assert other.page.locator("#log li.answer[aria-busy=true]").count() == 1
    script.release()
    chat.answer_ends()
    other.answer_ends()
    assert other.shown() == chat.shown()
    assert is_same(other)
    other.message.press_sequentially("So")
    chat.page.get_by_text("You are typing in another window.").wait_for()
    script.script(PIECES, released=10)
    other.message.press("Enter")
    chat.page.locator("#log .said", has_text=re.compile("^So$")).wait_for()
    other.answer_begins(1)
    chat.answer_begins(1)
    chat.button("Stop").click()
    other.answers.last.get_by_text("Stopped").wait_for()


def test_the_list_is_live_in_every_window(chats, chat, told_sandbox):
    other = chats(told_sandbox, beside=chat)
    other.open()
    listed = other.page.locator(f".session-list a[href='?chat={chat.chat}']")
    listed.wait_for()
    chat.page.get_by_role("button", name="Rename New chat").first.click()
    chat.page.get_by_label("Title").fill("Layers, in short")
    chat.button("Rename").click()
    listed.filter(has_text="Layers, in short").wait_for()
    chat.page.get_by_role("heading", level=1, name="Layers, in short").wait_for()
    other.page.get_by_label("Search in chats").fill("in short")
    other.page.locator(".session-list li").filter(has_not_text="Layers, in short").wait_for(state="detached")
    listed.wait_for()
    listed.click()
    other.wait_for_state("open")
    chat.button("Delete Layers, in short").click()
    chat.page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    other.page.get_by_text("This chat has been deleted.").wait_for()
    chat.page.get_by_text("Choose a chat, or begin one.").wait_for()
    assert "?chat" not in chat.page.url


def test_edit_and_resend_replaces_what_came_after(chat):
    chat.post(f"sessions/{chat.chat}/send_message/", {"message": "First question", "wait": False})
    chat.answer_begins()
    chat.message.press("Escape")
    chat.answer_ends()
    chat.button("Edit your message").click()
    editor = chat.page.get_by_label("Edit your message")
    assert editor.input_value() == "First question"
    editor.fill("Better question")
    editor.press("Enter")
    chat.page.locator("#log .said", has_text="Better question").wait_for()
    chat.answer_begins()
    assert chat.page.locator("#log li").count() == 2
    assert chat.message.evaluate("(field) => field === document.activeElement")
    chat.button("Stop").click()
    chat.answer_ends()
    assert chat.kept()[0]["content"] == "Better question"


def test_an_answer_survives_the_web_process(chat, told_sandbox, script):
    chat.ask(QUESTION)
    chat.answer_has("piece 9 ")
    told_sandbox.stop()
    try:
        chat.wait_for_state("waiting")
        assert "Connection lost" in chat.page.locator("#state").inner_text()
        script.release(20)
    finally:
        told_sandbox.start()
    chat.wait_for_state("open")
    chat.answer_has("piece 29 ")
    script.release()
    chat.answer_ends()
    assert is_same(chat)
    assert chat.kept()[-1]["status"] == "complete"


def test_a_failed_answer_says_so_and_is_retried(chat, script):
    chat.ask(QUESTION)
    chat.answer_has("piece 9 ")
    script.kill()
    failed = chat.answers.last.locator(".problem", has_text="The answer failed:")
    failed.wait_for()
    assert chat.kept()[-1]["status"] == "failed"
    script.start()
    chat.button("Retry").click()
    failed.wait_for(state="detached")
    chat.answer_has("piece 9 ")
    chat.button("Stop").click()
    chat.answer_ends()
    assert is_same(chat)
    assert [message["status"] for message in chat.kept()] == ["complete", "stopped"]


def test_what_is_written_without_a_connection_is_sent_when_it_is_back(chats, told_sandbox):
    page = chats(told_sandbox)
    page.log_in()
    wire = Wire(page.page)
    page.new_chat()
    wire.cut()
    page.wait_for_state("waiting")
    page.ask("Are you there?")
    page.page.get_by_text("Will be sent when the connection is back").wait_for()
    wire.mend()
    page.wait_for_state("open")
    page.answer_begins()
    assert page.kept()[0]["content"] == "Are you there?"
    assert page.page.locator("#log li").count() == 2
    page.button("Stop").click()
    page.answer_ends()


def test_the_connection_answers_for_its_own_liveness(chat):
    """The page asks the server when it becomes visible again, and hears the answer."""
    before = chat.frames.count({"type": "pong"})
    assert before == 1  # when it connected
    chat.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    deadline = time.monotonic() + 30
    while chat.frames.count({"type": "pong"}) == before:
        assert time.monotonic() < deadline
        chat.page.wait_for_timeout(20)
    assert chat.sent.count({"type": "ping"}) > 1
