"""The chat's pages."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST
from system import groups

from chat import services
from chat.models import ChatMember, GroupChat
from chat.views.api import groups_of

MAX_TITLE_LENGTH = 100


def page(request: HttpRequest) -> HttpResponse:
    """Open rooms, and the visitor's groups; `?room=` fills in the room."""
    context = {
        "room": request.GET.get("room", ""),
        "name_pattern": groups.NAME_PATTERN,
        "max_name": groups.MAX_NAME_LENGTH,
        "max_title": MAX_TITLE_LENGTH,
        "groups": groups_of(request.user) if request.user.is_authenticated else [],
    }
    return render(request, "chat/chat.html", context)


@login_required
@require_POST
def create(request: HttpRequest) -> HttpResponse:
    """Makes a group and opens it."""
    title = request.POST.get("title", "").strip()
    if not 0 < len(title) <= MAX_TITLE_LENGTH:
        messages.error(request, f"A group needs a title of at most {MAX_TITLE_LENGTH} characters.")
        return redirect("chat")
    return redirect(services.create_group(title, request.user))


@login_required
def group(request: HttpRequest, pk: int) -> HttpResponse:
    """One group, for its members."""
    found = get_object_or_404(GroupChat, pk=pk)
    member = found.members.filter(user=request.user).first()
    if member is None:
        raise PermissionDenied
    context = {"group": found, "member": member, "is_owner": member.role == ChatMember.Role.OWNER}
    return render(request, "chat/group.html", context)
