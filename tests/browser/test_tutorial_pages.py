"""The pages of the tutorial's last checkpoint, in a real browser."""

import pytest
from tutorial_project import build, served


@pytest.fixture(scope="module")
def tutorial(model, tmp_path_factory):
    directory = tmp_path_factory.mktemp("tutorial") / "project"
    project = build("part4", directory, OPENAI_BASE_URL=f"{model}/v1")
    project.manage(
        "shell",
        "--command",
        "from django.contrib.auth.models import User; User.objects.create_superuser('admin', password='demo')",
    )
    with served(project) as server:
        yield server


@pytest.fixture
def new_page(browser):
    """Opens a page of another person; what goes wrong in any of them fails the test."""
    contexts, errors = [], []

    def make():
        contexts.append(browser.new_context())
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert errors == []


def join(page, server, name):
    page.goto(f"{server.http}/chat/")
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Join").click()
    page.get_by_text("connected", exact=True).wait_for()


def test_two_people_chat(tutorial, new_page):
    alice, bob = new_page(), new_page()
    join(bob, tutorial, "Bob")
    join(alice, tutorial, "Alice")
    for line in ("Hello <b>everyone</b>", "Still here"):
        alice.get_by_label("Message", exact=True).fill(line)
        alice.get_by_label("Message", exact=True).press("Enter")
        bob.get_by_text(f"Alice: {line}").wait_for()
    assert alice.get_by_role("log").inner_text().split("\n") == ["Hello <b>everyone</b>", "Still here"]


def test_an_answer_grows_and_the_next_question_waits_for_its_end(tutorial, new_page):
    page = new_page()
    page.goto(f"{tutorial.http}/assistants/")
    send = page.get_by_role("button", name="Send")
    page.locator("#send:enabled").wait_for()
    page.get_by_label("Message", exact=True).fill("What is Python?")
    send.click()
    answer = page.get_by_role("log").locator("li").nth(1)
    answer.get_by_text("From docs").wait_for()
    early = answer.inner_text()
    assert send.is_disabled()
    page.locator("#send:enabled").wait_for()
    late = answer.inner_text()
    assert late.startswith(early)
    assert len(late) > len(early) + 50
    assert "programming language" in late


def test_a_failed_answer_is_told_and_another_question_can_be_asked(new_page, tmp_path):
    project = build("part3", tmp_path / "project", OPENAI_BASE_URL="http://127.0.0.1:9/v1")
    with served(project) as server:
        page = new_page()
        page.goto(f"{server.http}/assistants/")
        page.locator("#send:enabled").wait_for()
        page.get_by_label("Message", exact=True).fill("What is Python?")
        page.get_by_role("button", name="Send").click()
        page.get_by_text("Failed to process message for assistant_message").wait_for()
        assert page.get_by_role("button", name="Send").is_enabled()


def test_a_notification_of_the_staff_appears_in_a_chat(tutorial, new_page):
    admin, reader = new_page(), new_page()
    join(reader, tutorial, "Reader")
    admin.goto(f"{tutorial.http}/system/")
    assert admin.locator("form").count() == 0
    admin.get_by_role("link", name="Log in").click()
    admin.get_by_label("Username").fill("admin")
    admin.get_by_label("Password").fill("demo")
    admin.get_by_label("Password").press("Enter")
    admin.get_by_label("Text").fill("Lunch is ready")
    admin.get_by_role("button", name="Send").click()
    admin.get_by_text("Sent to everyone.").wait_for()
    reader.get_by_text("Notification: Lunch is ready").wait_for()
