"""Every page at phone and desktop width, in both colour schemes."""

import pytest

PAGES = [
    "/",
    "/login",
    "/signup/",
    "/chat/",
    "/assistants/",
    "/assistants/conversations/",
    "/system/",
    "/asyncapi/docs/",
    "/admin/",
]
# Pages of the sandbox's own design.
OWN_PAGES = PAGES[:-2]
TOO_WIDE = """() => [...document.querySelectorAll("main *, body *")]
    .filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth)
    .slice(0, 5).map((e) => e.outerHTML.slice(0, 120)).join(" ")"""
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_page_scrolls_sideways(windows, sandbox, width):
    window = windows(sandbox, viewport={"width": width, "height": 700})
    window.log_in("admin")
    for path in PAGES if width >= 390 else OWN_PAGES:
        window.open(path, connected=False)
        wide = window.page.evaluate(TOO_WIDE) if window.page.evaluate(OVERFLOW) > 0 else ""
        assert not wide, f"{path}: {wide}"


def test_long_words_do_not_widen_a_phone_page(windows, sandbox):
    window = windows(sandbox, viewport={"width": 390, "height": 700})
    window.join("N" * 80, "R" * 94)
    window.say("W" * 400)
    window.hears("W" * 400)
    assert window.page.evaluate(OVERFLOW) <= 0
    assert window.page.evaluate("log.scrollWidth <= log.clientWidth")


def test_colours_follow_the_scheme(windows, sandbox):
    backgrounds = set()
    for scheme in ("light", "dark"):
        window = windows(sandbox, color_scheme=scheme)
        window.open("/", connected=False)
        backgrounds.add(window.page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(backgrounds) == 2


def test_the_first_page_links_every_app_and_names_what_runs(windows, sandbox):
    window = windows(sandbox)
    window.open("/", connected=False)
    for path in ("/chat/", "/assistants/", "/system/", "/asyncapi/docs/", "/admin/"):
        card = window.page.locator(f".cards a[href='{path}']")
        assert card.locator("p").inner_text().endswith(".")
    facts = window.page.locator(".facts").inner_text()
    assert "ChannelLayer" in facts
    assert "SQLite" in facts
    assert "offline model" in facts


def test_every_control_has_a_name(windows, sandbox):
    window = windows(sandbox)
    window.log_in("admin")
    unnamed = """() => [...document.querySelectorAll("input:not([type=hidden]), select, textarea, button")]
        .filter((e) => !(e.labels?.length || e.textContent.trim() || e.getAttribute("aria-label")))
        .map((e) => e.outerHTML)"""
    for path in OWN_PAGES:
        window.open(path, connected=False)
        assert window.page.evaluate(unnamed) == [], path
