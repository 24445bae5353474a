"""The AI chat's page around the conversation: login, settings, presets, keyboard, sizes, accessibility."""

import re
from typing import Any

import httpx
import pytest
from ai_chat_page import Wire

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
FOCUSED = "(({ ariaLabel, id, textContent }) => ariaLabel || id || textContent)(document.activeElement)"
WITH_CODE = "Show me the code of a consumer with a group, please."


@pytest.fixture(scope="module")
def code_chat(ai_sandbox):
    """The id of a chat of alice's with an answer that holds code, and words too long for a line."""
    with httpx.Client(base_url=f"{ai_sandbox.url}/ai-chat/api/", timeout=60) as client:

        def post(path: str, **body: object) -> Any:
            return client.post(path, json=body).raise_for_status().json()

        client.headers["Authorization"] = (
            f"Token {post('token/', username='alice', password='demo')['token']}"
        )
        # Short answers: this one ends within its code.
        chat = post("sessions/", max_tokens=100)["id"]
        post(f"sessions/{chat}/send_message/", message="W" * 300)
        answer = post(f"sessions/{chat}/send_message/", message=WITH_CODE)["ai_message"]
    assert "```" in answer["content"]
    return chat


@pytest.fixture
def page(chats, ai_sandbox):
    """Alice's window."""
    window = chats(ai_sandbox)
    window.log_in()
    return window


def test_a_visitor_is_asked_to_log_in_and_comes_back(chats, ai_sandbox):
    page = chats(ai_sandbox)
    page.page.goto(f"{ai_sandbox.url}/ai-chat/?chat=00000000-0000-4000-8000-000000000000")
    page.page.get_by_role("main").get_by_role("link", name="Log in").click()
    page.page.get_by_label("User name").fill("alice")
    page.page.get_by_label("Password").fill("demo")
    page.page.get_by_role("button", name="Log in").click()
    page.page.get_by_text("This chat does not exist, or is not yours.").wait_for()
    assert page.page.url.endswith("?chat=00000000-0000-4000-8000-000000000000")


def test_the_built_files_are_kept_by_browsers_and_the_page_is_not(page):
    script = page.page.locator("script[type=module]").get_attribute("src")
    assert "immutable" in page.page.request.get(page.url + script).headers["cache-control"]
    assert "no-store" in page.page.request.get(page.url + "/ai-chat/").headers["cache-control"]


def test_whoever_has_been_logged_out_meanwhile_is_told(page):
    page.page.get_by_text("qwen3:8b is not served").wait_for()
    page.page.context.clear_cookies()
    page.button("New chat").first.click()
    page.page.get_by_text("You have been logged out.").wait_for()


def test_the_page_says_that_another_model_answers(page):
    page.page.get_by_text("qwen3:8b is not served").wait_for()
    page.new_chat()
    notice = page.page.get_by_text("qwen3:8b is not served")
    notice.wait_for()
    assert notice.count() == 1
    page.button("Dismiss the notice").click()
    notice.wait_for(state="detached")


def test_settings_are_kept_for_each_chat(page):
    page.new_chat()
    page.button("Settings").click()
    model = page.page.get_by_label("Model")
    model.wait_for()
    served = [name for name in model.locator("option").all_inner_texts() if not name.startswith("Default")]
    model.select_option(served[0])
    page.page.get_by_label("Title").fill("Cold chat")
    page.page.get_by_label("Temperature").fill("0.2")
    page.page.get_by_label("Longest answer").fill("12")
    page.page.get_by_label("System prompt").fill("Be brief.")
    tools = page.page.get_by_role("group", name="Tools the AI may use").get_by_role("checkbox")
    assert [tools.nth(n).is_checked() for n in range(tools.count())] == [True, True]
    tools.first.uncheck()
    page.page.get_by_label("is my default for all chats").check()
    page.button("Save").click()
    page.page.get_by_role("dialog").wait_for(state="detached")
    session = page.api(f"sessions/{page.chat}/")
    assert (session["title"], session["model"], session["temperature"], session["max_tokens"]) == (
        "Cold chat",
        served[0],
        0.2,
        12,
    )
    assert session["system_prompt"] == "Be brief."
    assert len(session["tools"]) == 1
    assert page.api("preferences/")["default_model"] == served[0]
    assert page.page.get_by_role("heading", level=1).inner_text() == "Cold chat"
    assert page.page.title() == "Cold chat · AI chat"
    # A value that the server refuses is told where it was entered.
    page.button("Settings").click()
    page.page.get_by_label("Model").wait_for()
    assert page.page.get_by_label("Temperature").input_value() == "0.2"
    page.page.locator("form[class=stack]").evaluate("(form) => { form.noValidate = true; }")
    page.page.get_by_label("Temperature").fill("9")
    page.button("Save").click()
    page.page.get_by_role("dialog").get_by_role("alert").filter(has_text="temperature").wait_for()
    page.page.keyboard.press("Escape")
    page.page.get_by_role("dialog").wait_for(state="detached")
    assert page.page.evaluate(FOCUSED) == "Settings"
    page.button("Settings").click()
    page.page.get_by_label("is my default for all chats").uncheck()
    page.button("Save").click()
    page.page.get_by_role("dialog").wait_for(state="detached")
    assert page.api("preferences/")["default_model"] is None


def test_a_preset_is_made_and_started_from(page):
    page.button("Presets").click()
    page.button("New preset").click()
    page.page.get_by_label("Name", exact=True).fill("Haiku")
    page.page.get_by_label("System prompt").fill("Answer in a haiku.")
    page.page.get_by_label("Longest answer").fill("40")
    page.button("Save").click()
    page.button("Start a chat from Haiku").click()
    page.message.wait_for()
    session = page.api(f"sessions/{page.chat}/")
    assert (session["system_prompt"], session["max_tokens"]) == ("Answer in a haiku.", 40)
    page.button("Presets").click()
    page.button("Delete preset Haiku").click()
    page.page.get_by_text("Haiku", exact=True).wait_for(state="detached")


def test_everything_is_reached_by_keyboard(chats, told_sandbox):
    page = chats(told_sandbox)
    page.log_in()
    keyboard = page.page.keyboard
    page.page.locator(".session-list, .sessions .empty").first.wait_for()

    def tab_to(name: str) -> None:
        for _ in range(40):
            if page.page.evaluate(FOCUSED).startswith(name):
                return
            keyboard.press("Tab")
        raise AssertionError(f"{name} is not reached; the focus is on {page.page.evaluate(FOCUSED)}")

    tab_to("New chat")
    keyboard.press("Enter")
    page.wait_for_state("open")
    page.page.wait_for_selector("#message:focus")
    keyboard.type("first")
    keyboard.press("Shift+Enter")
    keyboard.type("second")
    keyboard.press("Enter")
    page.answer_begins()
    assert page.page.locator("#log .said").first.text_content() == "first\nsecond"
    keyboard.press("Escape")
    page.answer_ends()
    assert page.page.evaluate(FOCUSED) == "message"
    # The end is told to screen readers, in one region for the whole page.
    page.page.get_by_role("status").filter(has_text="The answer was stopped.").wait_for()
    keyboard.press("Shift+Tab")  # Answer anew
    keyboard.press("Shift+Tab")  # Copy the answer
    keyboard.press("Enter")
    page.answers.last.get_by_role("button", name="Copied the answer").wait_for()
    page.button("Settings").focus()
    keyboard.press("Enter")
    page.page.get_by_role("dialog").wait_for()
    for _ in range(25):
        keyboard.press("Tab")
        inside = "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
        assert page.page.evaluate(inside), "the focus has left the dialog"
    keyboard.press("Escape")
    page.page.get_by_role("dialog").wait_for(state="detached")
    assert page.page.evaluate(FOCUSED) == "Settings"


def test_code_is_highlighted_and_copied(page, code_chat):
    page.open(code_chat)
    block = page.answers.last.locator(".code").first
    block.locator("[class^=hljs]").first.wait_for()
    page.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    block.get_by_role("button", name="Copy").click()
    block.get_by_role("button", name="Copied").wait_for()
    copied = page.page.evaluate("navigator.clipboard.readText()")
    assert copied == block.locator("pre").text_content()
    assert copied.splitlines()[0].strip() in page.kept()[-1]["content"]


@pytest.mark.parametrize(
    ("width", "scheme"), [(320, "dark"), (390, "light"), (1280, "dark"), (1280, "light")]
)
def test_sizes_and_colours_have_no_fault(chats, ai_sandbox, code_chat, width, scheme):
    page = chats(ai_sandbox, viewport={"width": width, "height": 700}, color_scheme=scheme)
    page.log_in()
    page.page.locator(".session-list a").first.wait_for()
    faults = {"list": page.axe()}
    page.open(code_chat)
    page.page.locator("#log .code").first.wait_for()
    faults["chat"] = page.axe()
    assert page.page.evaluate(OVERFLOW) <= 0
    assert page.page.evaluate("log.scrollWidth <= log.clientWidth")
    assert page.message.is_visible()
    assert page.page.evaluate("log.clientHeight") > 200
    page.button("Settings").click()
    page.page.get_by_label("System prompt").wait_for()
    faults["settings"] = page.axe()
    assert page.page.evaluate(OVERFLOW) <= 0
    page.button("Cancel").click()
    if width < 830:
        page.button("Chats").click()
        page.page.locator(".session-list a").first.wait_for()
    page.button("Presets").click()
    page.button("New preset").wait_for()
    faults["presets"] = page.axe()
    assert faults == {place: [] for place in faults}


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_what_is_under_way_has_no_fault(chats, told_sandbox, scheme):
    """A message that is being sent, one that waits for the connection, and an answer that is being written."""
    page = chats(told_sandbox, viewport={"width": 320, "height": 700}, color_scheme=scheme)
    page.log_in()
    wire = Wire(page.page)
    page.new_chat()
    wire.cut()
    page.wait_for_state("waiting")
    page.ask("Are you there?")
    page.page.get_by_text("Will be sent when the connection is back").wait_for()
    faults = {"waiting": page.axe()}
    wire.swallows_messages = True
    wire.mend()
    page.page.get_by_text("Sending", exact=True).wait_for()
    faults["sending"] = page.axe()
    wire.swallows_messages = False
    wire.cut()
    page.wait_for_state("waiting")
    wire.mend()
    page.page.get_by_text("The connection was lost before this arrived").wait_for()
    faults["unsure"] = page.axe()
    page.button("Send again").click()
    page.answer_has("piece 9 ")
    faults["answering"] = page.axe()
    assert faults == {moment: [] for moment in faults}


def test_on_a_phone_list_and_chat_change_places(chats, ai_sandbox):
    page = chats(ai_sandbox, viewport={"width": 390, "height": 844}, has_touch=True)
    page.log_in()
    page.new_chat()
    first = page.chat
    assert not page.page.locator(".sessions").is_visible()
    page.button("Chats").click()
    assert page.button("Chats").get_attribute("aria-expanded") == "true"
    assert not page.message.is_visible()
    page.button("New chat").first.click()
    page.page.wait_for_url(re.compile(f"chat=(?!{first})"))
    page.message.wait_for()
    page.page.go_back()
    page.page.wait_for_url(re.compile(first))
    assert page.chat == first
