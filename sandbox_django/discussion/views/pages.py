"""The discussion's pages; what is on them comes over REST and the WebSocket."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from discussion.models import Topic
from discussion.models.post import MAX_BODY_LENGTH
from discussion.models.topic import MAX_TITLE_LENGTH

LIMITS = {"max_title": MAX_TITLE_LENGTH, "max_body": MAX_BODY_LENGTH}


def topics(request: HttpRequest) -> HttpResponse:
    """All topics, and the form for a new one."""
    return render(request, "discussion/topics.html", LIMITS)


def topic(request: HttpRequest, pk: int) -> HttpResponse:
    """One topic with its replies."""
    found = get_object_or_404(Topic.objects.select_related("author"), pk=pk)
    return render(request, "discussion/topic.html", {"topic": found, **LIMITS})
