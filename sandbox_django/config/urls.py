"""HTTP addresses."""

from django.contrib import admin
from django.urls import include, path

from config import health, views

urlpatterns = [
    path("", views.home, name="home"),
    path("", include("accounts.urls")),
    path("chat/", include("chat.urls")),
    path("assistants/", include("assistants.urls")),
    path("api/chat/", include("chat.api_urls")),
    path("api/assistants/", include("assistants.api_urls")),
    path("system/", include("system.urls")),
    path("asyncapi/", include("chanx.channels.urls")),
    path("admin/", admin.site.urls),
    path("health/live", views.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
]
