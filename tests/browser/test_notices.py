"""Notices by form and by command, on every page."""

from ports import free_port


def toast(window, text: str) -> None:
    window.page.locator(".toast", has_text=text).wait_for()


def test_staff_send_to_one_user_whose_open_pages_show_it(windows, sandbox):
    admin, alice, alice_chat, bob = (windows(sandbox) for _ in range(4))
    admin.log_in("admin")
    admin.open("/system/")
    alice.log_in("alice")
    alice.open("/assistants/")
    alice_chat.log_in("alice")
    alice_chat.join("Alice", "notices")
    bob.log_in("bob")
    bob.open("/system/")
    page = admin.page
    page.locator("#audience").select_option("user")
    page.get_by_label("Name of the user or group").fill("alice")
    page.get_by_label("Text").fill("<b>Your report</b> is ready")
    page.get_by_role("button", name="Send").click()
    page.locator("#send-done", has_text="Sent.").wait_for()
    toast(alice, "<b>Your report</b> is ready")
    toast(alice_chat, "<b>Your report</b> is ready")
    page.locator("#audience").select_option("all")
    page.get_by_label("Text").fill("to everyone")
    page.get_by_role("button", name="Send").click()
    bob.hears("to everyone")
    assert bob.page.locator(".notice", has_text="report").count() == 0


def test_the_form_tells_what_is_wrong(windows, sandbox):
    admin = windows(sandbox)
    admin.log_in("admin")
    admin.open("/system/")
    admin.page.locator("#audience").select_option("user")
    admin.page.get_by_label("Name of the user or group").fill("nobody")
    admin.page.get_by_label("Text").fill("hello")
    admin.page.get_by_role("button", name="Send").click()
    admin.page.locator("#send-problem", has_text="There is no user named 'nobody'").wait_for()


def test_only_staff_see_the_form(windows, sandbox):
    alice = windows(sandbox)
    alice.log_in("alice")
    alice.open("/system/")
    assert alice.page.locator("#send-form").count() == 0


def test_the_command_reaches_user_group_and_all(windows, sandbox):
    alice, follower, visitor = (windows(sandbox) for _ in range(3))
    alice.log_in("alice")
    alice.open("/assistants/")
    follower.open("/system/")
    follower.page.get_by_label("Group", exact=True).fill("crew")
    follower.page.get_by_role("button", name="Follow", exact=True).click()
    follower.page.locator("#followed li", has_text="crew").wait_for()
    visitor.join("Visitor", "crew")
    for arguments, listeners in (
        (("--user", "alice", "for alice"), [alice]),
        (("--all", "for all"), [alice, visitor]),
        (("--group", "crew", "for the crew"), [visitor]),
    ):
        done = sandbox.manage("notify", *arguments)
        assert done.returncode == 0, done.stderr
        for window in listeners:
            toast(window, arguments[-1])
    follower.hears("for the crew")
    assert follower.page.locator(".notice", has_text="for alice").count() == 0
    assert alice.page.locator(".notice", has_text="for the crew").count() == 0


def test_the_command_says_so_when_no_server_runs(sandbox):
    address = f"http://127.0.0.1:{free_port()}"
    done = sandbox.manage("notify", "--all", "--server", address, "hello")
    assert done.returncode == 1
    assert f"No sandbox answers at {address}" in done.stderr
    assert "make sandbox" in done.stderr


def test_the_command_says_so_when_the_server_has_another_key(sandbox):
    done = sandbox.manage("notify", "--all", "hello", DJANGO_SECRET_KEY="x" * 50)
    assert done.returncode == 1
    assert "SECRET_KEY" in done.stderr


def test_the_command_names_an_unknown_user(sandbox):
    done = sandbox.manage("notify", "--user", "nobody", "hello")
    assert done.returncode == 1
    assert "There is no user named 'nobody'" in done.stderr
