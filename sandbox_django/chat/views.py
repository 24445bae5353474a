"""The chat page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from system import groups


def page(request: HttpRequest) -> HttpResponse:
    """Name, room, and the conversation; `?room=` fills in the room."""
    context = {
        "room": request.GET.get("room", ""),
        "name_pattern": groups.NAME_PATTERN,
        "max_name": groups.MAX_NAME_LENGTH,
    }
    return render(request, "chat/chat.html", context)
