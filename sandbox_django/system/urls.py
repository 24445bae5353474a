"""HTTP addresses of the notices page."""

from django.urls import path

from system import views

urlpatterns = [
    path("", views.page, name="system"),
    path("send/", views.send, name="system-send"),
    path("relay", views.relay, name="system-relay"),
]
