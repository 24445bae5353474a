"""HTTP addresses of the assistant."""

from django.urls import path

from assistants.views import pages

urlpatterns = [
    path("", pages.page, name="assistants"),
    path("conversations/", pages.conversations, name="assistant-conversations"),
    path("conversations/start/", pages.start, name="assistant-start"),
    path("<uuid:pk>/", pages.conversation, name="assistant-conversation"),
]
