"""The chat page: rooms, names, keyboard, hostile text."""

import json

import pytest


def actions(window) -> list[str]:
    return [json.loads(frame)["action"] for frame in window.frames]


def test_two_pages_in_one_room_see_each_other_and_no_frame_comes_back(windows, sandbox):
    alice, bob = windows(sandbox), windows(sandbox)
    alice.join("Alice", "room1")
    bob.join("Bob", "room1")
    alice.say("Hello Bob")
    bob.hears("Hello Bob")
    assert "Bob" not in bob.page.locator("#log .line .by").first.inner_text()
    bob.say("Hello Alice")
    alice.hears("Hello Alice")
    # Bob's line came after any echo of Alice's own would have.
    assert actions(alice).count("new_chat_message") == 1
    assert actions(bob).count("new_chat_message") == 1
    assert alice.lines() == ["Hello Bob", "Hello Alice"]
    assert bob.lines() == ["Hello Bob", "Hello Alice"]


def test_three_windows_and_another_room_that_hears_nothing(windows, sandbox):
    people = [windows(sandbox) for _ in range(4)]
    rooms = ["trio", "trio", "trio", "room2"]
    for window, name, room in zip(people, ("Alice", "Bob", "Carol", "Dave"), rooms, strict=True):
        window.join(name, room)
    people[0].say("only for the trio")
    people[1].hears("only for the trio")
    people[2].hears("only for the trio")
    people[2].say("answer of the third")
    people[0].hears("answer of the third")
    people[1].hears("answer of the third")
    assert people[3].lines() == []
    assert "new_chat_message" not in actions(people[3])


@pytest.mark.parametrize(
    ("room", "words"),
    [
        ("my room", "contains a space"),
        ("café", "contains “é”"),
        ("a/b", "contains “/”"),
        ("x" * 95, "95 characters; at most 94"),
        ("", "Write the name of a room"),
    ],
)
def test_a_name_that_channels_refuses_is_explained_before_joining(windows, sandbox, room, words):
    window = windows(sandbox)
    window.open("/chat/", connected=False)
    window.page.get_by_label("Your name").fill("Alice")
    window.page.get_by_label("Room").fill(room)
    window.page.get_by_role("button", name="Join").click()
    problem = window.page.locator("#room-problem")
    problem.wait_for()
    assert words in problem.inner_text()
    assert window.sockets == 0
    assert window.page.evaluate("document.activeElement.id") == "room"


def test_the_longest_name_is_accepted(windows, sandbox):
    alice, bob = windows(sandbox), windows(sandbox)
    alice.join("Alice", "x" * 94)
    bob.join("Bob", "x" * 94)
    alice.say("long names work")
    bob.hears("long names work")


def test_the_page_works_with_the_keyboard_alone(windows, sandbox):
    window = windows(sandbox)
    window.open("/chat/", connected=False)
    keyboard = window.page.keyboard
    assert window.page.evaluate("document.activeElement.id") == "name"
    keyboard.type("Alice")
    keyboard.press("Tab")
    keyboard.type("keys")
    keyboard.press("Enter")
    window.wait_for_state("open")
    assert window.page.evaluate("document.activeElement.id") == "text"
    keyboard.type("typed")
    keyboard.press("Enter")
    window.hears("typed")
    keyboard.press("Tab")
    assert window.page.evaluate("document.activeElement.id") == "send"


def test_markup_in_names_and_messages_is_shown_as_text(windows, sandbox):
    attack = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"
    alice, bob = windows(sandbox), windows(sandbox)
    alice.join("<b>Mallory</b>", "markup")
    bob.join("Bob", "markup")
    alice.say(attack)
    bob.hears("onerror")
    for window in (alice, bob):
        assert window.lines() == [attack]
        assert window.page.locator("#log img, #log script, #log b").count() == 0
        assert window.page.title() != "taken"


def test_leaving_a_room_ends_its_messages(windows, sandbox):
    alice, bob = windows(sandbox), windows(sandbox)
    alice.join("Alice", "leaving")
    bob.join("Bob", "leaving")
    bob.page.get_by_role("button", name="Leave").click()
    bob.page.get_by_label("Room").fill("elsewhere")
    bob.page.get_by_role("button", name="Join").click()
    bob.wait_for_state("open")
    bob.frames.clear()
    alice.say("is anyone there?")
    alice.hears("is anyone there?")
    carol = windows(sandbox)
    carol.join("Carol", "elsewhere")
    carol.say("hello")
    bob.hears("hello")
    assert bob.lines() == ["hello"]
