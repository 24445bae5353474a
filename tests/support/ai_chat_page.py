"""What a person does on the AI chat's page, and what the server keeps of it."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import ConsoleMessage, Locator, Page, WebSocket, WebSocketRoute

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
SECONDS = 1000
# What the model says where a test holds the rest of the answer back.
PIECES = [f"piece {number} " for number in range(60)]


@dataclass
class AiChatPage:
    """A page of the AI chat in one browser window."""

    page: Page
    url: str
    # Frames of the open chat's connection, the page's first one first.
    frames: list[dict[str, Any]] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    # What the page itself complains of, above all an answer that was shown incomplete.
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("websocket", self._watch)
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _watch(self, socket: WebSocket) -> None:
        if "/session/" in socket.url:
            socket.on("framereceived", lambda text: self.frames.append(json.loads(text)))
            socket.on("framesent", lambda text: self.sent.append(json.loads(text)))

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type == "error" and (
            "AI chat:" in message.text or "Content Security Policy" in message.text
        ):
            self.complaints.append(message.text)

    # -------------------------------------------------------------------------
    # What a person does
    # -------------------------------------------------------------------------

    def log_in(self, name: str = "alice") -> None:
        self.page.goto(f"{self.url}/login?next=/ai-chat/")
        self.page.get_by_label("User name").fill(name)
        self.page.get_by_label("Password").fill("demo")
        self.page.get_by_role("button", name="Log in").click()
        self.page.wait_for_url(f"{self.url}/ai-chat/")

    def open(self, chat: str | None = None) -> None:
        self.page.goto(f"{self.url}/ai-chat/" + (f"?chat={chat}" if chat else ""))
        if chat:
            self.message.wait_for()
        self.wait_for_state("open")

    def new_chat(self) -> None:
        """Begins a chat and waits until its own connection is open."""
        self.button("New chat").first.click()
        self.message.wait_for()
        self.wait_for_state("open")

    def wait_for_state(self, state: str, seconds: float = 30) -> None:
        self.page.wait_for_selector(f"#state[data-state={state}]", timeout=seconds * SECONDS)

    @property
    def message(self) -> Locator:
        return self.page.get_by_label("Message", exact=True)

    def ask(self, text: str) -> None:
        self.message.fill(text)
        self.message.press("Enter")

    def button(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("button", name=name, exact=isinstance(name, str))

    # -------------------------------------------------------------------------
    # What the page shows
    # -------------------------------------------------------------------------

    @property
    def chat(self) -> str:
        """The id of the open chat."""
        return parse_qs(urlsplit(self.page.url).query)["chat"][0]

    @property
    def answers(self) -> Locator:
        return self.page.locator("#log li.answer")

    def answer_begins(self, characters: int = 6) -> None:
        """Waits until the last answer has a few characters."""
        prose = self.answers.last.locator(".prose")
        prose.filter(has_text=re.compile(rf"[\s\S]{{{characters}}}")).wait_for(timeout=30 * SECONDS)

    def answer_has(self, text: str) -> None:
        """Waits until the last answer has come as far as this text."""
        self.answers.last.locator(".prose").filter(has_text=text).wait_for(timeout=60 * SECONDS)

    def answer_ends(self, seconds: float = 60) -> None:
        """Waits until no answer is being written."""
        self.answers.last.wait_for(timeout=10 * SECONDS)
        self.page.locator("#log li.answer[aria-busy=true]").wait_for(
            state="detached", timeout=seconds * SECONDS
        )

    def shown(self) -> str:
        """The words of the last answer, without white space."""
        return re.sub(r"\s+", "", self.answers.last.locator(".prose").text_content() or "")

    def copied(self) -> str:
        """The text that the last answer's button copies: what the page has of it, to the character."""
        # Clicking needs no right to read the clipboard; reading it does.
        self.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.answers.last.get_by_role("button", name="Copy the answer").click()
        self.answers.last.get_by_role("button", name="Copied the answer").wait_for()
        text: str = self.page.evaluate("navigator.clipboard.readText()")
        return text

    # -------------------------------------------------------------------------
    # What the server keeps
    # -------------------------------------------------------------------------

    def api(self, path: str) -> Any:
        response = self.page.request.get(f"{self.url}/ai-chat/api/{path}")
        assert response.ok, (path, response.status, response.text())
        return response.json()

    def post(self, path: str, data: dict[str, Any]) -> Any:
        token = next(
            cookie["value"] for cookie in self.page.context.cookies() if cookie["name"] == "csrftoken"
        )
        response = self.page.request.post(
            f"{self.url}/ai-chat/api/{path}", data=data, headers={"X-CSRFToken": token}
        )
        assert response.ok, (path, response.status, response.text())
        return response.json()

    def kept(self) -> list[dict[str, Any]]:
        """The messages of the open chat, oldest first."""
        messages: list[dict[str, Any]] = self.api(f"sessions/{self.chat}/messages/")["results"]
        return messages

    # -------------------------------------------------------------------------
    # Accessibility
    # -------------------------------------------------------------------------

    def axe(self) -> list[str]:
        """What axe objects to, one line each."""
        # The page's policy forbids scripts that are put into it; the tool's protocol is not asked.
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("axe.run({resultTypes: ['violations']})")
        return [
            f"{violation['id']}: {node['html'][:160]}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]


class Wire:
    """The connections of a page's chats, which can be cut and kept from coming back."""

    def __init__(self, page: Page) -> None:
        self.swallows_messages = False
        self._page = page
        self._live: list[WebSocketRoute] = []
        self._is_cut = False
        page.route_web_socket(re.compile("/ws/ai-chat/session/"), self._connect)

    def _connect(self, route: WebSocketRoute) -> None:
        if self._is_cut:
            route.close(code=1012)
            return
        server = route.connect_to_server()

        def pass_on(frame: str | bytes) -> None:
            if not (self.swallows_messages and '"send_message"' in str(frame)):
                server.send(frame)

        route.on_message(pass_on)
        self._live.append(route)

    def cut(self) -> None:
        """Ends the connection; the next ones end at once as well."""
        self._is_cut = True
        self._live[-1].close(code=1012)

    def mend(self) -> None:
        """Lets the page connect again, which it does without waiting for the end of its pause."""
        self._is_cut = False
        self._page.evaluate("dispatchEvent(new Event('online'))")
