"""Groups with members: who is told of what."""

import pytest

ATTACK = "<img src=x onerror=\"document.title='taken'\">"


@pytest.fixture
def pair(windows, sandbox):
    alice, bob = windows(sandbox), windows(sandbox)
    alice.log_in("alice")
    bob.log_in("bob")
    return alice, bob


def make_group(window, title: str, *, public: bool = False) -> str:
    """Makes a group; its path."""
    window.open("/chat/", connected=False)
    window.page.get_by_label("Title of a new group").fill(title)
    if public:
        window.page.get_by_label("Whoever is logged in may join").check()
    window.page.get_by_role("button", name="Make group").click()
    window.wait_for_state("open")
    return window.page.url.removeprefix(window.server.url)


def invite(window, username: str) -> None:
    if not window.page.get_by_label("User name").is_visible():
        window.page.locator("summary", has_text="Members").click()
    window.page.get_by_label("User name").fill(username)
    window.page.get_by_role("button", name="Invite").click()


def test_members_talk_and_hear_who_comes_and_goes(pair, sandbox):
    alice, bob = pair
    bob.open("/chat/", connected=False)
    path = make_group(alice, ATTACK)
    assert bob.page.request.get(sandbox.url + path).status == 403
    invite(alice, "nobody")
    alice.page.locator("#problem", has_text="There is no user named 'nobody'").wait_for()
    invite(alice, "bob")
    alice.page.locator("#invited", has_text="bob, invited").wait_for()
    bob.page.locator(".toast", has_text=f"You are invited to the group “{ATTACK}”").wait_for()
    alice.say("Welcome, <i>Bob</i>")
    alice.hears("Welcome, <i>Bob</i>")
    bob.page.get_by_role("button", name=f"Accept: {ATTACK}").click()
    bob.wait_for_state("open")
    alice.hears("bob has joined.")
    bob.hears("Welcome, <i>Bob</i>")
    alice.page.locator("#online", has_text="2").wait_for()

    bob.page.get_by_label("Message", exact=True).type("Hello")
    alice.page.locator("#typing", has_text="bob is writing").wait_for()
    bob.say("Hello Alice")
    for window in (alice, bob):
        window.hears("Hello Alice")
        assert window.lines() == ["Welcome, <i>Bob</i>", "Hello Alice"]
        assert window.page.locator("main img, #log i").count() == 0
        assert window.page.title() == f"{ATTACK} · chanx-native"

    alice.page.get_by_role("button", name="Remove bob").click()
    alice.hears("bob has left.")
    bob.hears("You are no longer a member")
    assert bob.page.get_by_label("Message", exact=True).is_disabled()
    assert bob.page.request.get(sandbox.url + path).status == 403


def test_unread_lines_are_counted_live_in_the_list(pair):
    alice, bob = pair
    path = make_group(alice, "Counting", public=True)
    bob.open("/chat/", connected=False)
    bob.page.get_by_role("button", name="Join Counting").click()
    bob.wait_for_state("open")
    bob.open("/chat/", connected=False)
    row = bob.page.locator("#groups li", has_text="Counting")
    row.wait_for()
    for number in (1, 2):
        alice.say(f"line {number}")
        row.locator(".unread", has_text=f"{number} new").wait_for()
    other_window = bob.page.context.new_page()
    other_window.goto(alice.server.url + path)
    row.locator(".unread").wait_for(state="detached")


def test_online_survives_a_second_window_and_ends_with_the_last(pair):
    alice, bob = pair
    path = make_group(alice, "Presence", public=True)
    bob.open("/chat/", connected=False)
    bob.page.get_by_role("button", name="Join Presence").click()
    bob.wait_for_state("open")
    online = alice.page.locator("#online")
    online.get_by_text("2").wait_for()
    second = bob.page.context.new_page()
    second.goto(alice.server.url + path)
    second.wait_for_selector("#state[data-state=open]")
    bob.page.goto("about:blank")
    second.locator("#online", has_text="2").wait_for()
    assert online.inner_text() == "2"
    second.close()
    online.get_by_text("1", exact=True).wait_for()


def test_roles_change_what_a_page_offers(pair):
    alice, bob = pair
    make_group(alice, "Roles", public=True)
    bob.open("/chat/", connected=False)
    bob.page.get_by_role("button", name="Join Roles").click()
    bob.wait_for_state("open")
    alice.hears("bob has joined.")
    bob.page.locator("summary", has_text="Members").click()
    assert bob.page.get_by_label("User name").is_hidden()
    alice.page.locator("summary", has_text="Members").click()
    alice.page.get_by_label("Role of bob").select_option("admin")
    bob.page.get_by_label("User name").wait_for()
    assert bob.page.get_by_label("Title").is_hidden()
    alice.page.get_by_label("Title").fill("Renamed")
    alice.page.get_by_role("button", name="Save").click()
    bob.page.locator("h1", has_text="Renamed").wait_for()
    alice.page.on("dialog", lambda dialog: dialog.accept())
    alice.page.get_by_role("button", name="Delete group").click()
    bob.hears("The group Renamed was deleted.")


def test_words_are_found_in_what_was_said(windows, sandbox):
    alice = windows(sandbox)
    alice.log_in("alice")
    make_group(alice, "Search")
    for line in ("hay", "a <b>needle</b>", "more hay"):
        alice.say(line)
        alice.hears(line)
    alice.page.locator("summary", has_text="Search").click()
    alice.page.get_by_label("Words to search for").fill("NEEDLE")
    alice.page.keyboard.press("Enter")
    alice.page.locator("#found .said", has_text="a <b>needle</b>").wait_for()
    assert alice.page.locator("#found .said").count() == 1


def test_a_number_is_no_name_of_an_open_room(windows, sandbox):
    window = windows(sandbox)
    window.open("/chat/?room=7", connected=False)
    window.page.get_by_label("Your name").fill("Alice")
    window.page.get_by_role("button", name="Join").click()
    window.page.locator("#room-problem", has_text="Add a letter").wait_for()
    assert window.sockets == 0
