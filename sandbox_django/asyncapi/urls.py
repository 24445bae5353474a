"""The AsyncAPI document of the WebSockets, and the page that shows it."""

from django.urls import include, path

urlpatterns = [path("", include("chanx.ext.channels.urls"))]
