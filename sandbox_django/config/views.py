"""The first page and the liveness check."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from config.overview import overview


def home(request: HttpRequest) -> HttpResponse:
    """Every app with a sentence, and what the sandbox runs on."""
    return render(request, "home.html", {"facts": overview().rows()})


def live(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})
