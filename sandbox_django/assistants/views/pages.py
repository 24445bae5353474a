"""The assistant's pages."""

from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from assistants.models import AssistantConversation


def page(request: HttpRequest) -> HttpResponse:
    """A conversation with the model, which the page names."""
    context = {"offline": settings.OFFLINE_MODEL, "model": settings.OPENAI_MODEL}
    return render(request, "assistants/assistants.html", context)


def conversations(request: HttpRequest) -> HttpResponse:
    """The visitor's kept conversations."""
    kept = AssistantConversation.objects.none()
    if request.user.is_authenticated:
        kept = AssistantConversation.objects.filter(user=request.user)
    return render(request, "assistants/conversations.html", {"conversations": kept[:100]})


@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """Makes a conversation, the visitor's own or an anonymous one, and opens it."""
    user = request.user if request.user.is_authenticated else None
    return redirect(AssistantConversation.objects.create(user=user))


def conversation(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One kept conversation."""
    found = get_object_or_404(AssistantConversation, pk=pk)
    if found.user_id is not None and found.user_id != request.user.pk:
        raise PermissionDenied
    context = {"conversation": found, "offline": settings.OFFLINE_MODEL, "model": settings.OPENAI_MODEL}
    return render(request, "assistants/conversation.html", context)
