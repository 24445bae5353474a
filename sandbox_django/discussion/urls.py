"""HTTP addresses of the discussion."""

from django.urls import path

from discussion.views import pages

urlpatterns = [
    path("", pages.topics, name="discussion"),
    path("<int:pk>/", pages.topic, name="discussion-topic"),
]
