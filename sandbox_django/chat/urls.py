"""HTTP addresses of the chat."""

from django.urls import path

from chat import views

urlpatterns = [path("", views.page, name="chat")]
