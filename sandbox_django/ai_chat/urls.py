"""HTTP addresses of the AI chat."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from ai_chat.views import pages
from ai_chat.views.catalog import LanguageModelViewSet, PreferenceView, PresetViewSet, ToolsView
from ai_chat.views.health import ServerHealthView, StatsView
from ai_chat.views.sessions import SessionViewSet
from ai_chat.views.token import ChatTokenView

router = SimpleRouter(use_regex_path=False)
router.register("sessions", SessionViewSet, basename="ai-chat-session")
router.register("models", LanguageModelViewSet, basename="ai-chat-model")
router.register("presets", PresetViewSet, basename="ai-chat-preset")

api = [
    *router.urls,
    path("token/", ChatTokenView.as_view(), name="ai-chat-token"),
    path("preferences/", PreferenceView.as_view(), name="ai-chat-preferences"),
    path("tools/", ToolsView.as_view(), name="ai-chat-tools"),
    path("health/llm_server/", ServerHealthView.as_view(), name="ai-chat-health"),
    path("health/stats/", StatsView.as_view(), name="ai-chat-stats"),
]

urlpatterns = [path("", pages.page, name="ai-chat"), path("api/", include(api))]
