"""Kept conversations: live in every window, there again after a reload, closed to others."""

BUSY = "#log .line[aria-busy=true]"


def ask_and_wait(window, question: str) -> None:
    window.ask(question)
    window.page.locator(BUSY).wait_for()
    window.page.locator(BUSY).wait_for(state="detached", timeout=60000)


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
    second.page.locator(BUSY).wait_for(state="detached")
    assert first.lines() == second.lines()
    assert len(first.lines()) == 2
    for window in (first, second):
        window.page.locator("#title", has_text="<b>channel layer</b>").wait_for()
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


def shown(window) -> str:
    return window.page.locator("#log .said").last.inner_text()


def test_an_answer_is_stopped_and_had_again(windows, told_sandbox, script):
    first, second = windows(told_sandbox), windows(told_sandbox)
    first.open("/assistants/conversations/", connected=False)
    first.page.get_by_role("button", name="New conversation").click()
    first.wait_for_state("open")
    path = first.page.url.removeprefix(told_sandbox.url)
    second.open(path)
    first.ask("What is a channel layer?")
    second.answer_has("piece 9 ")
    # Either window stops it; both say so, and both offer the answer again.
    second.page.get_by_role("button", name="Stop").click()
    for window in (first, second):
        window.page.locator("#log .line.failed", has_text="Stopped").wait_for()
        window.page.get_by_role("button", name="Answer again").wait_for()
    stopped = shown(first)
    assert stopped == shown(second)
    second.page.get_by_role("button", name="Answer again").click()
    for window in (first, second):
        window.page.locator(BUSY).wait_for()
    script.release()
    for window in (first, second):
        window.page.locator(BUSY).wait_for(state="detached")
        assert shown(window).startswith(stopped.rstrip())
        assert len(window.lines()) == 2
        assert not window.page.get_by_role("button", name="Answer again").is_visible()
    assert shown(first) == shown(second)


def test_a_reload_during_an_answer_loses_nothing(windows, told_sandbox, script):
    asking, watching = windows(told_sandbox), windows(told_sandbox)
    asking.open("/assistants/conversations/", connected=False)
    asking.page.get_by_role("button", name="New conversation").click()
    asking.wait_for_state("open")
    path = asking.page.url.removeprefix(told_sandbox.url)
    watching.open(path)
    asking.ask("What is a channel layer?")
    watching.answer_has("piece 9 ")
    asking.page.reload()
    asking.wait_for_state("open")
    asking.page.locator(BUSY).wait_for()
    script.release(10)
    asking.answer_has("piece 19 ")
    assert asking.page.get_by_role("button", name="Stop").is_visible()
    script.release()
    for window in (asking, watching):
        window.page.locator(BUSY).wait_for(state="detached")
    assert shown(asking) == shown(watching)
    assert "piece 59" in shown(asking)
    asking.open(path)
    asking.hears("What is a channel layer?")
    asking.answer_has("piece 59")
    assert shown(asking) == shown(watching)
