"""HTTP addresses of the assistant."""

from django.urls import path

from assistants import views

urlpatterns = [path("", views.page, name="assistants")]
