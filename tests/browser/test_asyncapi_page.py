"""The documentation page in Chromium: complete, self-contained, usable by keyboard and on a phone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from project_server import project_server

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def docs_url() -> Iterator[str]:
    with project_server() as address:
        yield f"http://{address}/asyncapi/docs/"


def open_docs(browser: Browser, url: str, viewport: dict[str, int]) -> tuple[Page, list[str]]:
    """Open the page; the list grows with requests to other servers and with errors."""
    trouble: list[str] = []
    page = browser.new_context(viewport=viewport, reduced_motion="reduce").new_page()
    origin = url.split("/asyncapi")[0]
    page.on(
        "request",
        lambda request: None if request.url.startswith((origin, "data:")) else trouble.append(request.url),
    )
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on(
        "console",
        lambda message: trouble.append(message.text) if message.type == "error" else None,
    )
    page.goto(url)
    return page, trouble


def test_everything_of_the_document_is_on_the_page(browser: Browser, docs_url: str) -> None:
    page, trouble = open_docs(browser, docs_url, DESKTOP)
    expect(page.get_by_role("heading", level=1)).to_contain_text("AsyncAPI Documentation")
    for channel in ("room", "zoo", "runs_run_topic", "plain"):
        expect(page.locator(f"#channel-{channel} h3")).to_contain_text(channel)
    operation = page.locator("#operation-handle_say")
    expect(operation).to_contain_text("Say it")
    expect(operation).to_contain_text("To the whole room")
    expect(operation).to_contain_text("Client → server")
    replies = operation.locator("details summary code").all_inner_texts()
    assert replies == ["say", "heard", "refused"]
    expect(page.locator("#channel-zoo .tags").first).to_contain_text("animals")
    expect(page.locator("#message-refused")).to_contain_text("Why")
    expect(page.locator("#message-say pre")).to_contain_text("good morning")
    expect(page.locator("#security")).to_contain_text("query_token")
    assert trouble == []


def test_models_that_contain_themselves_open_step_by_step(browser: Browser, docs_url: str) -> None:
    page, _ = open_docs(browser, docs_url, DESKTOP)
    node = page.locator("#schema-Node")
    for depth in range(1, 4):
        node.locator("summary").last.click()
        expect(node.locator("code", has_text="label")).to_have_count(depth + 1)


def test_the_contents_are_filtered_and_lead_there(browser: Browser, docs_url: str) -> None:
    page, _ = open_docs(browser, docs_url, DESKTOP)
    page.get_by_role("searchbox").fill("handle_zoo")
    links = page.get_by_role("navigation").locator("li a:visible")
    expect(links).to_have_count(1)
    links.first.click()
    expect(page.locator("#operation-handle_zoo")).to_be_in_viewport()


def test_the_keyboard_is_enough(browser: Browser, docs_url: str) -> None:
    page, _ = open_docs(browser, docs_url, DESKTOP)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    summary = page.locator("#operation-handle_ping summary").first
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#operation-handle_ping details").first).to_have_attribute("open", "")


def test_a_phone_shows_it_without_scrolling_sideways(browser: Browser, docs_url: str) -> None:
    page, trouble = open_docs(browser, docs_url, PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    contents = page.get_by_role("button", name="Contents")
    expect(page.get_by_role("navigation")).to_be_hidden()
    contents.click()
    expect(contents).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    expect(page.get_by_role("navigation")).to_be_hidden()
    expect(contents).to_be_focused()
    contents.click()
    page.get_by_role("navigation").get_by_role("link", name="handle_zoo").click()
    expect(page.get_by_role("navigation")).to_be_hidden()
    expect(page.locator("#operation-handle_zoo")).to_be_in_viewport()
    assert trouble == []


def test_a_strict_content_security_policy_is_no_obstacle(browser: Browser, docs_url: str) -> None:
    page = browser.new_context(viewport=DESKTOP).new_page()

    def add_policy(route: object) -> None:
        response = route.fetch()  # type: ignore[attr-defined]  # playwright's Route
        headers = {**response.headers, "content-security-policy": "default-src 'self'; img-src data:"}
        route.fulfill(response=response, headers=headers)  # type: ignore[attr-defined]  # the same

    page.route("**/asyncapi/docs/", add_policy)
    page.goto(docs_url)
    expect(page.locator("#channel-room")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('nav')).position") == "sticky"
