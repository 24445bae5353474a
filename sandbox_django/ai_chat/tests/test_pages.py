"""The shell of the AI chat's page."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from accounts.models import User
from django.contrib.staticfiles import finders
from django.test import Client


@pytest.fixture
def static_folder(settings: Any, tmp_path: Path) -> Any:
    """A folder of static files, empty at first."""
    settings.STATICFILES_DIRS = [tmp_path]
    forget: Any = finders.get_finder  # which is cached
    forget.cache_clear()
    yield tmp_path
    forget.cache_clear()


def build(folder: Path) -> None:
    """Leaves behind what Vite leaves behind."""
    (folder / "ai-chat").mkdir()
    entry = {"file": "assets/main-1a2b.js", "css": ["assets/main-3c4d.css"], "isEntry": True}
    (folder / "ai-chat" / "manifest.json").write_text(json.dumps({"src/main.tsx": entry}))


def config_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script id="ai-chat-config" type="application/json">(.*?)</script>', page)
    assert found is not None, page
    config: dict[str, Any] = json.loads(found[1])
    return config


@pytest.mark.django_db
def test_the_page_names_the_built_files_and_who_is_logged_in(client: Client, static_folder: Path) -> None:
    build(static_folder)
    visitor = client.get("/ai-chat/")
    assert visitor.status_code == 200
    text = visitor.content.decode()
    assert '<script type="module" src="/static/ai-chat/assets/main-1a2b.js">' in text
    assert '<link rel="stylesheet" href="/static/ai-chat/assets/main-3c4d.css">' in text
    assert config_of(text) == {
        "user": None,
        "api": "/ai-chat/api/",
        "sockets": "/ws/ai-chat/",
        "login": "/login",
    }
    client.force_login(User.objects.create_user("</script><b>"))
    assert config_of(client.get("/ai-chat/").content.decode())["user"] == "</script><b>"


@pytest.mark.django_db
def test_requests_of_the_page_can_pass_the_forgery_check(client: Client, static_folder: Path) -> None:
    build(static_folder)
    answer = client.get("/ai-chat/")
    assert "csrftoken" in answer.cookies
    # Another visit may be another user's: the page is not kept by browsers or proxies.
    assert "no-store" in answer.headers["Cache-Control"]
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.django_db
def test_a_page_that_is_not_built_says_how_to_build_it(client: Client, static_folder: Path) -> None:
    answer = client.get("/ai-chat/")
    assert answer.status_code == 503
    assert "tools/frontend.sh build" in answer.content.decode()
