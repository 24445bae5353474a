"""The assistant's page."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def page(request: HttpRequest) -> HttpResponse:
    """A conversation with the model, which the page names."""
    context = {"offline": settings.OFFLINE_MODEL, "model": settings.OPENAI_MODEL}
    return render(request, "assistants/assistants.html", context)
