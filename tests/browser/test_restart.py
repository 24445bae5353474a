"""The pages survive a restart of the server."""

import pytest
from sandbox_server import SandboxServer


@pytest.fixture
def own_sandbox(model, tmp_path):
    with SandboxServer(tmp_path, model_url=model) as server:
        yield server


def test_pages_come_back_after_a_restart(windows, own_sandbox):
    alice, bob, reader = (windows(own_sandbox) for _ in range(3))
    alice.join("Alice", "room1")
    bob.join("Bob", "room1")
    reader.open("/assistants/")
    reader.ask("What is a channel layer?")
    reader.answer_begins(1)

    own_sandbox.stop()
    for window in (alice, bob, reader):
        window.wait_for_state("waiting")
    reader.hears("Interrupted")
    assert reader.page.locator("[aria-busy=true]").count() == 0
    alice.say("into the void")
    alice.page.locator("#problem", has_text="was not sent").wait_for()
    assert alice.page.locator("#text").input_value() == "into the void"

    own_sandbox.start()
    for window in (alice, bob, reader):
        window.wait_for_state("open", 30)
    alice.page.locator("#text").press("Enter")
    bob.hears("into the void")
    divider = reader.page.locator("#log .divider")
    divider.wait_for()
    assert divider.inner_text() == "new conversation: earlier messages are not remembered"
    assert reader.page.get_by_role("button", name="Send").is_enabled()
