"""Groups with members: who is told of what."""


def test_members_talk_and_hear_who_comes_and_goes(windows, sandbox):
    alice, bob = windows(sandbox), windows(sandbox)
    alice.log_in("alice")
    bob.log_in("bob")
    bob.open("/assistants/")
    alice.open("/chat/", connected=False)
    alice.page.get_by_label("Title of a new group").fill("<b>Crew</b>")
    alice.page.get_by_role("button", name="Make group").click()
    alice.wait_for_state("open")
    path = alice.page.url.removeprefix(sandbox.url)
    assert bob.page.request.get(sandbox.url + path).status == 403

    alice.page.locator("summary").click()
    alice.page.get_by_label("User name").fill("nobody")
    alice.page.get_by_role("button", name="Add").click()
    alice.page.locator("#problem", has_text="There is no user named 'nobody'").wait_for()
    alice.page.get_by_label("User name").fill("bob")
    alice.page.get_by_role("button", name="Add").click()
    alice.hears("bob has joined.")
    bob.page.locator(".toast", has_text="You were added to the group “<b>Crew</b>”.").wait_for()

    alice.say("Welcome, <i>Bob</i>")
    bob.open("/chat/", connected=False)
    bob.page.locator(".group-list li", has_text="<b>Crew</b> 1 new").wait_for()
    bob.page.get_by_role("link", name="<b>Crew</b>").click()
    bob.wait_for_state("open")
    bob.hears("Welcome, <i>Bob</i>")
    bob.page.get_by_label("Message", exact=True).type("Hello")
    alice.page.locator("#typing", has_text="bob is writing").wait_for()
    bob.say("Hello Alice")
    for window in (alice, bob):
        window.hears("Hello Alice")
        assert window.lines() == ["Welcome, <i>Bob</i>", "Hello Alice"]
        assert window.page.locator("#log i").count() == 0

    alice.page.get_by_role("button", name="Remove bob").click()
    alice.hears("bob has left.")
    bob.hears("You are no longer a member")
    assert bob.page.get_by_label("Message", exact=True).is_disabled()
    assert bob.page.request.get(sandbox.url + path).status == 403


def test_a_number_is_no_name_of_an_open_room(windows, sandbox):
    window = windows(sandbox)
    window.open("/chat/?room=7", connected=False)
    window.page.get_by_label("Your name").fill("Alice")
    window.page.get_by_role("button", name="Join").click()
    window.page.locator("#room-problem", has_text="Add a letter").wait_for()
    assert window.sockets == 0
