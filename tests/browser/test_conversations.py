"""Kept conversations: live in every window, there again after a reload, closed to others."""


def ask_and_wait(window, question: str) -> None:
    window.ask(question)
    window.page.locator("#log .line[aria-busy=true]").wait_for(timeout=10000)
    window.page.locator("#log .line[aria-busy=true]").wait_for(state="detached", timeout=60000)


def test_a_conversation_is_live_in_two_windows_and_kept(windows, sandbox):
    first = windows(sandbox)
    first.log_in("alice")
    first.open("/assistants/conversations/", connected=False)
    first.page.get_by_role("button", name="New conversation").click()
    first.wait_for_state("open")
    path = first.page.url.removeprefix(sandbox.url)
    second = windows(sandbox)
    second.log_in("alice")
    second.open(path)
    ask_and_wait(first, "What is a <b>channel layer</b>?")
    second.page.locator("#log .line[aria-busy=true]").wait_for(state="detached")
    assert first.lines() == second.lines()
    assert len(first.lines()) == 2
    for window in (first, second):
        window.page.locator("#title", has_text="What is a <b>channel layer</b>?").wait_for()
        assert window.page.locator("#log b").count() == 0
    kept = first.lines()
    first.open(path)
    first.hears("What is a")
    assert first.lines() == kept
    other = windows(sandbox)
    other.log_in("bob")
    assert other.page.goto(sandbox.url + path).status == 403


def test_a_visitor_has_a_conversation_at_its_address(windows, sandbox):
    visitor = windows(sandbox, viewport={"width": 390, "height": 700})
    visitor.open("/assistants/conversations/", connected=False)
    visitor.page.get_by_role("button", name="New conversation").click()
    visitor.wait_for_state("open")
    ask_and_wait(visitor, "What is a group?")
    assert len(visitor.lines()) == 2
    assert visitor.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
