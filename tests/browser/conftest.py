"""A real Chromium and the real sandbox with the offline model."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from ai_chat_page import PIECES, AiChatPage
from llm_server_process import llm_server
from openai_upstream import Upstream
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, WebSocket, sync_playwright
from sandbox_server import SandboxServer

SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        pytest.fail("The browser tests need Chromium in PATH: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=SWITCHES)
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def model() -> Iterator[str]:
    """The address of the offline model, slow enough that an answer is seen to grow."""
    with llm_server("--tokens-per-second", "25") as server:
        yield server.url


@pytest.fixture(scope="package")
def sandbox(model: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    with SandboxServer(tmp_path_factory.mktemp("sandbox"), model_url=model) as server:
        yield server


@pytest.fixture(scope="package")
def frontend() -> None:
    """The AI chat's page and the packages of its tests, which is a matter of milliseconds when they are there."""
    script = Path(__file__).resolve().parents[2] / "tools" / "frontend.sh"
    for arguments in (["build"], ["run", "true"]):
        subprocess.run([str(script), *arguments], check=True, timeout=300)


@pytest.fixture(scope="package")
def ai_sandbox(frontend: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxServer]:
    """A sandbox whose answers take a few seconds."""
    with (
        llm_server("--tokens-per-second", "50") as model,
        SandboxServer(tmp_path_factory.mktemp("ai_chat"), model_url=model.url) as server,
    ):
        synchronised = server.manage("sync_llm_models")
        assert synchronised.returncode == 0, synchronised.stderr
        yield server


@pytest.fixture(scope="package")
def _upstream() -> Iterator[Upstream]:
    with Upstream() as running:
        yield running


@pytest.fixture(scope="package")
def _told_sandbox(
    frontend: None, _upstream: Upstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SandboxServer]:
    settings = {"LLM_DEFAULT_MODEL": "scripted", "OPENAI_MODEL": "scripted", "LLM_TIMEOUT": "100"}
    with (
        llm_server("--upstream", _upstream.url) as model,
        SandboxServer(tmp_path_factory.mktemp("told"), model_url=model.url, **settings) as server,
    ):
        yield server


@pytest.fixture
def script(_upstream: Upstream) -> Iterator[Upstream]:
    """What the model of `told_sandbox` says: ten pieces, and more when `release` lets go of them."""
    _upstream.start()  # a test that failed may have left it ended
    _upstream.script(PIECES, released=10)
    yield _upstream
    _upstream.release()


@pytest.fixture
def told_sandbox(_told_sandbox: SandboxServer, script: Upstream) -> SandboxServer:
    """A sandbox whose answers stay in the middle for as long as the test wants."""
    return _told_sandbox


@pytest.fixture
def chats(browser: Browser) -> Iterator[Callable[..., AiChatPage]]:
    """Opens the AI chat in windows of their own; at the end no page may have had anything to complain of."""
    contexts: list[BrowserContext] = []
    opened: list[AiChatPage] = []

    def new(server: SandboxServer, *, beside: AiChatPage | None = None, **options: object) -> AiChatPage:
        if beside is None:
            contexts.append(browser.new_context(**options))
        context = beside.page.context if beside else contexts[-1]
        opened.append(AiChatPage(context.new_page(), server.url))
        return opened[-1]

    yield new
    complaints = [complaint for chat in opened for complaint in chat.complaints]
    for context in contexts:
        context.close()
    assert complaints == []


@dataclass
class Window:
    """One browser window of one person, and the frames that its WebSocket received."""

    page: Page
    server: SandboxServer
    sockets: int = 0
    frames: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("websocket", self._watch)
        self.page.on("console", self._watch_policy)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _watch(self, socket: WebSocket) -> None:
        self.sockets += 1
        socket.on("framereceived", lambda text: self.frames.append(str(text)))

    def _watch_policy(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            self.errors.append(message.text)

    def open(self, path: str, *, connected: bool = True) -> None:
        self.page.goto(self.server.url + path)
        if connected:
            self.wait_for_state("open")

    def wait_for_state(self, state: str, seconds: float = 30) -> None:
        self.page.wait_for_selector(f"#state[data-state={state}]", timeout=seconds * 1000)

    def log_in(self, name: str) -> None:
        self.page.goto(self.server.url + "/login")
        self.page.get_by_label("User name").fill(name)
        self.page.get_by_label("Password").fill("demo")
        self.page.get_by_role("button", name="Log in").click()
        self.page.wait_for_url(self.server.url + "/")

    def join(self, name: str, room: str) -> None:
        self.open("/chat/", connected=False)
        self.page.get_by_label("Your name").fill(name)
        self.page.get_by_label("Room").fill(room)
        self.page.get_by_role("button", name="Join", exact=True).click()
        self.wait_for_state("open")

    def say(self, text: str) -> None:
        self.page.get_by_label("Message", exact=True).fill(text)
        self.page.get_by_label("Message", exact=True).press("Enter")

    def ask(self, question: str) -> None:
        self.page.get_by_label("Question").fill(question)
        self.page.get_by_role("button", name="Send").click()

    def hears(self, text: str, seconds: float = 30) -> None:
        """Waits until the conversation shows the text."""
        self.page.locator("#log li", has_text=text).first.wait_for(timeout=seconds * 1000)

    def answer_begins(self, line: int = 1) -> None:
        """Waits until the answer in this line of the conversation has a few characters."""
        # Not wait_for_function: it evaluates a string, which the pages' security policy forbids.
        said = self.page.locator("#log li.line").nth(line).locator(".said")
        said.filter(has_text=re.compile(r".{6}")).wait_for(timeout=30000)

    def answer_has(self, text: str, line: int = 1) -> None:
        """Waits until the answer in this line has come as far as this text."""
        said = self.page.locator("#log li.line").nth(line).locator(".said")
        said.filter(has_text=text).wait_for(timeout=60000)

    def lines(self) -> list[str]:
        return self.page.locator("#log .said").all_inner_texts()


@pytest.fixture
def windows(browser: Browser) -> Iterator[Callable[..., Window]]:
    """Opens windows of people who do not know each other; none may have had a script error."""
    contexts: list[BrowserContext] = []
    opened: list[Window] = []

    def new(server: SandboxServer, **options: object) -> Window:
        contexts.append(browser.new_context(**options))
        opened.append(Window(contexts[-1].new_page(), server))
        return opened[-1]

    yield new
    for context in contexts:
        context.close()
    assert [error for window in opened for error in window.errors] == []
