"""The chat's pages."""

from config import certain
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST
from system import groups as names

from chat.models import GroupChat
from chat.services.groups import create_group
from chat.views.api import groups_of

MAX_TITLE_LENGTH = 100


class GroupForm(forms.ModelForm):
    """A new group."""

    class Meta:
        """What its maker says of it."""

        model = GroupChat
        fields = ["title", "is_public"]


def page(request: HttpRequest) -> HttpResponse:
    """Open rooms, and the visitor's groups; `?room=` fills in the room."""
    context = {
        "room": request.GET.get("room", ""),
        "name_pattern": names.NAME_PATTERN,
        "max_name": names.MAX_NAME_LENGTH,
        "max_title": MAX_TITLE_LENGTH,
        "groups": groups_of(certain.member(request.user)) if request.user.is_authenticated else [],
    }
    return render(request, "chat/chat.html", context)


@login_required
@require_POST
def create(request: HttpRequest) -> HttpResponse:
    """Makes a group and opens it."""
    form = GroupForm(request.POST)
    if not form.is_valid():
        messages.error(request, f"A group needs a title of at most {MAX_TITLE_LENGTH} characters.")
        return redirect("chat")
    return redirect(create_group(owner=certain.member(request.user), **form.cleaned_data))


@login_required
def group(request: HttpRequest, pk: int) -> HttpResponse:
    """One group, for its members."""
    found = get_object_or_404(GroupChat, pk=pk)
    member = found.members.filter(user=certain.member(request.user)).first()
    if member is None:
        raise PermissionDenied
    context = {"group": found, "member": member, "max_title": MAX_TITLE_LENGTH}
    return render(request, "chat/group.html", context)
