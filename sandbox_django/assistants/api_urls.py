"""REST addresses of the assistant."""

from django.urls import path

from assistants.views.conversation_views import AssistantConversationViewSet
from assistants.views.message_views import AssistantMessageViewSet

conversations = AssistantConversationViewSet.as_view({"get": "list", "post": "create"}, detail=False)
conversation = AssistantConversationViewSet.as_view(
    {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}, detail=True
)
messages = AssistantMessageViewSet.as_view({"get": "list", "post": "create"})
stop = AssistantMessageViewSet.as_view({"post": "stop"}, detail=True)
resume = AssistantMessageViewSet.as_view({"post": "resume"}, detail=True)

urlpatterns = [
    path("conversations/", conversations, name="api-conversations"),
    path("conversations/<uuid:pk>/", conversation, name="api-conversation"),
    path("conversations/<uuid:pk>/messages/", messages, name="api-conversation-messages"),
    path("conversations/<uuid:pk>/stop/", stop, name="api-conversation-stop"),
    path("conversations/<uuid:pk>/resume/", resume, name="api-conversation-resume"),
]
