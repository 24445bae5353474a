"""The page of the AI chat: a shell for the React application that tools/frontend.sh builds."""

import json
from dataclasses import dataclass
from pathlib import Path

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie

_FOLDER = "ai-chat"
_ENTRY = "src/main.tsx"


@dataclass(frozen=True)
class Bundle:
    """What Vite has built, as paths of static files."""

    script: str
    styles: tuple[str, ...]


def read_bundle() -> Bundle | None:
    """Reads Vite's manifest, which names the files by their hash.

    Returns:
        None if the application has not been built.
    """
    manifest = finders.find(f"{_FOLDER}/manifest.json")
    if manifest is None:
        return None
    entry = json.loads(Path(manifest).read_text(encoding="utf-8"))[_ENTRY]
    styles = tuple(f"{_FOLDER}/{name}" for name in entry.get("css", ()))
    return Bundle(script=f"{_FOLDER}/{entry['file']}", styles=styles)


@never_cache
@ensure_csrf_cookie
def page(request: HttpRequest) -> HttpResponse:
    """The AI chat; a visitor who is not logged in is asked to by the application."""
    bundle = read_bundle()
    address = reverse("ai-chat")
    config = {
        "user": request.user.get_username() if request.user.is_authenticated else None,
        "api": f"{address}api/",
        "sockets": "/ws/ai-chat/",
        "login": reverse("login"),
    }
    context = {"bundle": bundle, "config": config}
    return render(request, "ai_chat/page.html", context, status=200 if bundle else 503)
