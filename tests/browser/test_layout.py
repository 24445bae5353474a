"""Every page at phone and desktop width, in both colour schemes."""

import pytest

PAGES = [
    "/",
    "/login",
    "/signup/",
    "/chat/",
    "/chat/1/",
    "/discussion/",
    "/discussion/1/",
    "/assistants/",
    "/assistants/conversations/",
    "/ai-chat/",
    "/system/",
    "/asyncapi/docs/",
    "/api/docs/",
    "/admin/",
]
# Pages of the sandbox's own design.
OWN_PAGES = PAGES[:-3]
TOO_WIDE = """() => [...document.querySelectorAll("main *, body *")]
    .filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth)
    .slice(0, 5).map((e) => e.outerHTML.slice(0, 120)).join(" ")"""
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_page_scrolls_sideways(windows, sandbox, width):
    member, staff = (windows(sandbox, viewport={"width": width, "height": 700}) for _ in range(2))
    member.log_in("alice")
    staff.log_in("admin")
    # Django's admin is not ours to make narrower.
    visits = [(member, path) for path in PAGES[:-1]] + [(staff, "/system/")]
    visits += [(staff, "/admin/")] if width >= 390 else []
    for window, path in visits:
        window.open(path, connected=False)
        for summary in window.page.locator("main summary:visible").all()[:3]:
            summary.click()
        wide = window.page.evaluate(TOO_WIDE) if window.page.evaluate(OVERFLOW) > 0 else ""
        assert window.page.evaluate(OVERFLOW) <= 0, f"{path}: {wide}"


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


BACKGROUND = "getComputedStyle(document.body).backgroundColor"
# What a page has chosen when its body comes to be, before anything of it can be painted.
AT_FIRST = """new MutationObserver(() => {
  if (document.body) window.atFirst ??= document.documentElement.dataset.theme;
}).observe(document, { childList: true, subtree: true });"""


@pytest.mark.parametrize("path", ["/", "/ai-chat/"])
def test_a_person_chooses_the_colours(windows, sandbox, path):
    light, window = windows(sandbox, color_scheme="light"), windows(sandbox, color_scheme="dark")
    light.open(path, connected=False)
    window.page.add_init_script(AT_FIRST)
    window.open(path, connected=False)
    dark_background = window.page.evaluate(BACKGROUND)
    window.page.get_by_role("button", name="Colours: as the system").focus()
    window.page.keyboard.press("Enter")
    chosen = window.page.get_by_role("button", name="Colours: light")
    chosen.wait_for()
    assert chosen.evaluate("(button) => button === document.activeElement")
    assert window.page.evaluate(BACKGROUND) == light.page.evaluate(BACKGROUND) != dark_background
    window.page.reload()
    assert window.page.evaluate("atFirst") == "light"
    assert window.page.evaluate(BACKGROUND) == light.page.evaluate(BACKGROUND)
    assert window.page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"


def test_a_choice_holds_in_every_window_on_refusals_and_in_the_admin(windows, sandbox):
    window = windows(sandbox, color_scheme="light")
    window.log_in("admin")
    other = window.page.context.new_page()
    other.goto(sandbox.url + "/chat/")
    for name in ("Colours: as the system", "Colours: light"):
        window.page.get_by_role("button", name=name).click()
    other.get_by_role("button", name="Colours: dark").wait_for()
    backgrounds = {page.evaluate(BACKGROUND) for page in (window.page, other)}
    assert len(backgrounds) == 1
    for path in ("/admin/", "/chat/1/"):  # the second is refused
        other.goto(sandbox.url + path)
        assert other.locator("html").get_attribute("data-theme") == "dark"
    assert other.get_by_role("heading", name="Not allowed").is_visible()
    assert {other.evaluate(BACKGROUND)} == backgrounds
    window.page.get_by_role("button", name="Colours: dark").click()
    assert window.page.evaluate(BACKGROUND) not in backgrounds


def test_the_first_page_links_every_app_and_names_what_runs(windows, sandbox):
    window = windows(sandbox)
    window.open("/", connected=False)
    apps = ("/chat/", "/discussion/", "/assistants/", "/ai-chat/", "/system/")
    for path in (*apps, "/asyncapi/docs/", "/api/docs/", "/admin/"):
        card = window.page.locator(f".cards a[href='{path}']")
        assert card.locator("p").inner_text().endswith(".")
    facts = window.page.locator(".facts").inner_text()
    assert "ChannelLayer" in facts
    assert "SQLite" in facts
    assert "offline model" in facts


def test_the_icon_that_browsers_ask_for_beside_a_document_is_there(windows, sandbox):
    response = windows(sandbox).page.request.get(sandbox.url + "/favicon.ico")
    assert response.status == 200
    assert "svg" in response.headers["content-type"]


def test_every_control_has_a_name(windows, sandbox):
    unnamed = """() => [...document.querySelectorAll("input:not([type=hidden]), select, textarea, button")]
        .filter((e) => !(e.labels?.length || e.textContent.trim() || e.getAttribute("aria-label")))
        .map((e) => e.outerHTML)"""
    for name in ("alice", "admin"):
        window = windows(sandbox)
        window.log_in(name)
        for path in OWN_PAGES:
            window.open(path, connected=False)
            if name == "alice" and path in ("/chat/1/", "/discussion/1/"):
                window.wait_for_state("open")
                window.page.locator("#members li, #replies li").first.wait_for(state="attached")
            assert window.page.evaluate(unnamed) == [], path


# Text whose colour is less than 4.5 times as light or dark as what is behind it (WCAG 2, AA), 3 times if it is large.
PALE = """() => {
  const channel = (value) => (value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const parts = (colour) => colour.match(/[0-9.]+/g).map(Number);
  const weights = [0.2126, 0.7152, 0.0722];
  const light = (colour) => parts(colour).reduce((sum, part, n) => sum + weights[n] * channel(part), 0);
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if (parts(colour).length === 3) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const isText = (e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
  return [...document.querySelectorAll("body *")]
    .filter((e) => isText(e) && e.checkVisibility())
    .filter((e) => !e.closest("script, noscript, option, :disabled, .unseen, .skip"))
    .filter((e) => {
      const style = getComputedStyle(e);
      const [a, b] = [light(style.color), light(behind(e))];
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      const size = parseFloat(style.fontSize);
      const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
      return ratio < (large ? 3 : 4.5);
    })
    .map((e) => e.outerHTML.slice(0, 100));
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out(windows, sandbox, scheme):
    window = windows(sandbox, color_scheme=scheme)
    window.log_in("alice")
    for path in OWN_PAGES:
        window.open(path, connected=False)
        if path in ("/chat/1/", "/discussion/1/"):
            window.wait_for_state("open")
            window.page.locator("#members li, #replies li").first.wait_for(state="attached")
        for summary in window.page.locator("main summary:visible").all()[:3]:
            summary.click()
        assert window.page.evaluate(PALE) == [], path
