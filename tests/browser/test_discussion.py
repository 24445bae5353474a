"""The discussion in two windows: what one does, the other sees."""

import pytest

ATTACK = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"


@pytest.fixture
def begin(sandbox):
    """Begins a topic in a window; its path."""

    def begin(window, title: str, body: str) -> str:
        window.open("/discussion/")
        window.page.locator("summary").click()
        window.page.get_by_label("Title").fill(title)
        window.page.get_by_label("Text").fill(body)
        window.page.get_by_role("button", name="Begin topic").click()
        window.page.wait_for_url("**/discussion/*/")
        window.wait_for_state("open")
        return window.page.url.removeprefix(sandbox.url)

    return begin


def test_a_topic_lives_in_two_windows(windows, sandbox, begin):
    alice, bob, visitor = windows(sandbox), windows(sandbox), windows(sandbox)
    alice.log_in("alice")
    bob.log_in("bob")
    visitor.open("/discussion/")
    path = begin(alice, "Tea or coffee?", "For the long afternoon")
    row = visitor.page.locator(".topic-row", has_text="Tea or coffee?")
    row.get_by_text("0 replies").wait_for()

    bob.open(path)
    bob.page.get_by_label("Your reply").fill("Coffee, of course")
    bob.page.get_by_role("button", name="Reply", exact=True).click()
    reply = alice.page.locator("#replies .post", has_text="Coffee, of course")
    reply.wait_for()
    row.get_by_text("1 reply").wait_for()

    alice.page.get_by_role("button", name="Vote for the reply of bob").click()
    alice.page.locator("#replies .votes[data-mine='1'] .score", has_text="1").wait_for()
    bob.page.locator("#replies .score", has_text="1").wait_for()
    assert bob.page.get_by_role("button", name="Vote for the reply of bob").is_disabled()
    bob.page.get_by_role("button", name="Vote for the topic").click()
    row.locator(".score", has_text="1").wait_for()

    alice.page.get_by_role("button", name="Accept as answer").click()
    bob.page.locator("#replies .accepted .badge", has_text="Accepted answer").wait_for()
    row.locator(".badge", has_text="Answered").wait_for()

    bob.page.get_by_role("button", name="Edit the reply of bob").click()
    bob.page.get_by_label("Text").fill("Tea, after all")
    bob.page.get_by_role("button", name="Save").click()
    alice.page.locator("#replies .said", has_text="Tea, after all").wait_for()

    alice.page.on("dialog", lambda dialog: dialog.accept())
    alice.page.get_by_role("button", name="Delete the topic").click()
    bob.page.get_by_text("This topic was deleted.").wait_for()
    row.wait_for(state="detached")


def test_markup_is_shown_as_text(windows, sandbox, begin):
    alice, bob = windows(sandbox), windows(sandbox)
    alice.log_in("alice")
    bob.open("/discussion/")
    path = begin(alice, ATTACK, ATTACK)
    bob.page.locator(".topic-link", has_text=ATTACK).wait_for()
    alice.page.get_by_label("Your reply").fill(ATTACK)
    alice.page.get_by_role("button", name="Reply", exact=True).click()
    alice.page.locator("#replies .said", has_text=ATTACK).wait_for()
    bob.open(path)
    bob.page.locator("#replies .said", has_text=ATTACK).wait_for()
    for window in (alice, bob):
        assert window.page.locator("main img, main script").count() == 0
        assert ATTACK in window.page.title()  # as text; the attack would have made it "taken"


def test_a_visitor_reads_and_is_asked_to_log_in(windows, sandbox, begin):
    alice, visitor = windows(sandbox), windows(sandbox)
    alice.log_in("alice")
    path = begin(alice, "Readable", "By all")
    visitor.open(path)
    visitor.page.locator("#question .said", has_text="By all").wait_for()
    assert visitor.page.get_by_role("button", name="Vote for the topic").is_disabled()
    assert visitor.page.get_by_label("Your reply").count() == 0
    visitor.page.get_by_role("main").get_by_role("link", name="Log in").click()
    visitor.page.get_by_label("User name").fill("bob")
    visitor.page.get_by_label("Password").fill("demo")
    visitor.page.get_by_role("button", name="Log in").click()
    visitor.page.wait_for_url(sandbox.url + path)


def test_topics_are_found_by_their_words(windows, sandbox, begin):
    alice = windows(sandbox)
    alice.log_in("alice")
    begin(alice, "Needle", "in a haystack")
    begin(alice, "Hay", "only")
    alice.open("/discussion/")
    alice.page.get_by_label("Search the topics").fill("needle")
    alice.page.keyboard.press("Enter")
    alice.page.locator(".topic-row", has_text="Hay").first.wait_for(state="detached")
    alice.page.locator(".topic-link", has_text="Needle").wait_for()
    assert alice.page.locator(".topic-link").all_inner_texts() == ["Needle"]
    alice.page.get_by_label("Search the topics").fill("' OR 1=1 --")
    alice.page.keyboard.press("Enter")
    alice.page.get_by_text("No topic has these words.").wait_for()


def test_the_keyboard_is_enough(windows, sandbox, begin):
    alice, bob = windows(sandbox), windows(sandbox)
    alice.log_in("alice")
    bob.log_in("bob")
    begin(alice, "Keys", "Are enough")
    bob.open("/discussion/")
    link = bob.page.get_by_role("link", name="Keys")
    link.focus()
    bob.page.keyboard.press("Enter")
    bob.wait_for_state("open")
    bob.page.get_by_role("button", name="Vote for the topic").focus()
    bob.page.keyboard.press("Space")
    bob.page.locator("#question .votes[data-mine='1']").wait_for()
    assert bob.page.evaluate("document.activeElement.getAttribute('aria-label')") == "Vote for the topic"
    bob.page.keyboard.press("Space")
    bob.page.locator("#question .votes[data-mine='0']").wait_for()


def test_what_is_being_written_and_the_focus_outlast_live_changes(windows, sandbox, begin):
    alice, bob = windows(sandbox), windows(sandbox)
    alice.log_in("alice")
    bob.log_in("bob")
    path = begin(alice, "Drafts", "Stay")
    bob.open(path)
    bob.page.get_by_label("Your reply").fill("First words")
    bob.page.get_by_role("button", name="Reply", exact=True).click()
    bob.page.get_by_role("button", name="Edit the reply of bob").click()
    bob.page.get_by_label("Text").fill("Better words")
    accept = alice.page.get_by_role("button", name="Accept as answer: the reply of bob")
    accept.focus()
    alice.page.keyboard.press("Enter")
    alice.page.locator("#replies .accepted").wait_for()
    focused = "document.activeElement.getAttribute('aria-label')"
    assert alice.page.evaluate(focused) == "Take the mark back: the reply of bob"
    bob.page.locator("#news", has_text="An answer was accepted").wait_for(state="attached")
    assert bob.page.get_by_label("Text").input_value() == "Better words"
    bob.page.get_by_role("button", name="Save").click()
    bob.page.locator("#replies .accepted .said", has_text="Better words").wait_for()
    bob.page.locator("[aria-label='Edit the reply of bob']:focus").wait_for()
    alice.page.get_by_role("button", name="Edit the topic").click()
    alice.page.get_by_label("Title").fill("Renamed")
    bob.page.get_by_role("button", name="Vote for the topic").click()
    alice.page.locator("#news").wait_for(state="attached")
    alice.page.get_by_role("button", name="Save").click()
    bob.page.locator("h1", has_text="Renamed").wait_for()
    alice.page.locator("[aria-label='Edit the topic']:focus").wait_for()  # her own page may hear last
    alice.page.get_by_role("button", name="Edit the topic").click()
    alice.page.get_by_role("button", name="Cancel").click()
    alice.page.locator("#question .score", has_text="1").wait_for()
