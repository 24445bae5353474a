"""`chanx generate-client --language typescript`: the client in Chromium, against the real server."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from project_server import project_server

ROOT = Path(__file__).resolve().parents[2]


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page that has imported the client as `window.client`."""
    folder = tmp_path_factory.mktemp("browser_client")
    with project_server() as address:
        schema = f"http://{address}/asyncapi/schema/"
        subprocess.run(
            [
                sys.executable,
                "-m",
                "chanx.cli.main",
                "generate-client",
                "--language",
                "typescript",
                "--schema",
                schema,
                "--output",
                str(folder),
            ],
            check=True,
            cwd=ROOT / "python",
            capture_output=True,
            timeout=60,
        )
    (folder / "index.html").write_text(
        '<script type="module">import * as client from "./index.js"; window.client = client;</script>'
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        page = browser.new_context().new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/index.html")
        page.wait_for_function("window.client !== undefined")
        yield page
    finally:
        server.shutdown()


def test_messages_answers_and_refusals(page: Page) -> None:
    with project_server() as address:
        found = page.evaluate(
            """async (baseUrl) => {
                const room = new client.RoomClient({ room: "a room" }, { baseUrl });
                const heard = new Promise((resolve) => room.on("heard", resolve));
                let before = "";
                try { room.send({ action: "ping" }); } catch (error) { before = error.message; }
                await room.connect().opened();
                const pong = await room.request({ action: "ping" });
                room.send({ action: "say", payload: { text: "hello" } });
                const line = await heard;
                room.close();

                const runs = new client.RunsClient({ baseUrl, minDelay: 20 });
                let refusal = "";
                await runs.connect().opened().then(() => new Promise((resolve) => runs.onState((change) => {
                    refusal = `${change.state} ${change.code}`; resolve();
                }))).catch((error) => { refusal = error.message; });
                await new Promise((resolve) => setTimeout(resolve, 200));
                return { before, pong, line, url: room.url, refusal, state: runs.state };
            }""",
            f"ws://{address}",
        )
    assert "not connected" in found["before"]
    assert found["pong"] == {"action": "pong", "payload": None}
    assert found["line"]["payload"]["text"] == "hello"
    assert found["url"] == f"ws://{address}/ws/rooms/a%20room/"
    assert "closed" in found["refusal"]
    assert "4401" in found["refusal"]
    assert found["state"] == "closed"  # refused for good: it has not tried again


def test_a_missing_parameter_is_named(page: Page) -> None:
    message = page.evaluate(
        "() => { try { new client.RoomClient({}); return ''; } catch (error) { return error.message; } }"
    )
    assert "no value for room" in message


def test_flat_messages_are_told_apart_by_their_own_field(page: Page) -> None:
    with project_server() as address:
        moved = page.evaluate(
            """async (baseUrl) => {
                const game = new client.GameClient({ baseUrl });
                const moved = new Promise((resolve) => game.on("moved", resolve));
                await game.connect().opened();
                game.send({ type: "move", from_square: "e2", to_square: "e4" });
                const answer = await moved;
                game.close();
                return answer.last_move.to_square;
            }""",
            f"ws://{address}",
        )
    assert moved == "e4"


def test_topics_come_back_after_the_server_was_away(page: Page) -> None:
    with project_server() as address:
        page.evaluate(
            """async (baseUrl) => {
                const options = { baseUrl, query: { token: "right" }, minDelay: 50, maxDelay: 200 };
                window.runs = new client.RunsClient(options);
                window.states = [];
                runs.onState((change) => states.push(change.state));
                await runs.connect().opened();
                window.run = runs.runTopic(7);
                window.subscribed = await run.subscribe();
                window.answer = await run.request({ action: "say", payload: { text: "first" } });
            }""",
            f"ws://{address}",
        )
        assert page.evaluate("[subscribed.action, answer.action, run === runs.runTopic(7)]") == [
            "subscribed",
            "heard",
            True,
        ]
    page.wait_for_function("states.includes('waiting')")
    with project_server(int(address.rpartition(":")[2])):
        page.wait_for_function("runs.state === 'open'", timeout=20000)
        # Only a subscribed topic answers: the client has subscribed again by itself.
        again = page.evaluate(
            """async () => {
                for (let attempt = 0; attempt < 50; attempt += 1) {
                    const answer = await run.request({ action: "say", payload: { text: "second" } });
                    if (answer.action === "heard") return answer.payload.text;
                    await new Promise((resolve) => setTimeout(resolve, 50));
                }
                return "never subscribed again";
            }"""
        )
        page.evaluate("runs.close()")
    assert again == "second"
    assert page.evaluate("states[states.length - 1]") == "closed"
