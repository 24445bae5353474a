"""HTTP addresses."""

from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

from config import health, metrics, views
from config.openapi import SchemaPageView, SchemaView

urlpatterns = [
    path("", views.home, name="home"),
    path("", include("accounts.urls")),
    path("chat/", include("chat.urls")),
    path("discussion/", include("discussion.urls")),
    path("assistants/", include("assistants.urls")),
    path("ai-chat/", include("ai_chat.urls")),
    path("api/chat/", include("chat.api_urls")),
    path("api/discussion/", include("discussion.api_urls")),
    path("api/assistants/", include("assistants.api_urls")),
    path("system/", include("system.urls")),
    path("asyncapi/", include("asyncapi.urls")),
    path("api/schema/", SchemaView.as_view(), name="api-schema"),
    path("api/docs/", SchemaPageView.as_view(url_name="api-schema"), name="api-docs"),
    path("admin/", admin.site.urls),
    # What browsers ask for beside documents that are not HTML.
    path("favicon.ico", RedirectView.as_view(url=static("icon.svg")), name="favicon"),
    path("metrics", metrics.metrics, name="metrics"),
    path("health/live", views.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
]
