"""The notices page, its staff form, and the entry for `manage.py notify`."""

import json

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.signing import BadSignature
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from system import groups
from system.forms import NoticeForm
from system.messages.notice import MAX_TEXT_LENGTH
from system.services.notices import NoticeRefused, send_notice
from system.services.relay import verify


def page(request: HttpRequest) -> HttpResponse:
    """The notices as they arrive; a form for staff."""
    context = {
        "max_text": MAX_TEXT_LENGTH,
        "name_pattern": groups.NAME_PATTERN,
        "max_name": groups.MAX_NAME_LENGTH,
    }
    return render(request, "system/system.html", context)


@login_required
@require_POST
def send(request: HttpRequest) -> HttpResponse:
    """Sends what the form says; answers JSON to the page's script, a redirect to a plain form."""
    if not request.user.is_staff:
        raise PermissionDenied("Only staff send notices.")
    form = NoticeForm(request.POST)
    problem = ""
    if form.is_valid():
        data = form.cleaned_data
        try:
            send_notice(
                audience=data["audience"],
                target=data["target"] or None,
                text=data["text"],
                sender=request.user.get_username(),
            )
        except NoticeRefused as error:
            problem = str(error)
    else:
        problem = " ".join(str(text) for texts in form.errors.values() for text in texts)
    if request.headers.get("Accept") == "application/json":
        if problem:
            return JsonResponse({"detail": problem}, status=400)
        return JsonResponse({"detail": "Sent."})
    if problem:
        messages.error(request, problem)
    else:
        messages.success(request, "Sent.")
    return redirect("system")


@csrf_exempt  # The signature stands in for the token: it is made with SECRET_KEY.
@require_POST
def relay(request: HttpRequest) -> HttpResponse:
    """Takes a signed notice from a command on this machine."""
    if request.META.get("REMOTE_ADDR") not in ("127.0.0.1", "::1"):
        return JsonResponse({"detail": "Only this machine may use this address."}, status=403)
    try:
        notice = verify(str(json.loads(request.body)["token"]))
    except BadSignature:
        detail = (
            "The server refuses the signature: it runs with another SECRET_KEY (another data "
            "directory, another DJANGO_SECRET_KEY), or its clock differs."
        )
        return JsonResponse({"detail": detail}, status=403)
    except (ValueError, KeyError, TypeError):
        return JsonResponse({"detail": "No signed notice."}, status=400)
    try:
        send_notice(**notice)
    except NoticeRefused as error:
        return JsonResponse({"detail": str(error)}, status=400)
    return JsonResponse({"detail": "Sent."})
