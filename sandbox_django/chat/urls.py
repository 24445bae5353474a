"""HTTP addresses of the chat."""

from django.urls import path

from chat.views import pages

urlpatterns = [
    path("", pages.page, name="chat"),
    path("groups/", pages.create, name="chat-create"),
    path("<int:pk>/", pages.group, name="chat-group"),
]
