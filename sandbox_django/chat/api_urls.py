"""REST addresses of the groups."""

from django.urls import path

from chat.views.api import ChatMemberViewSet, ChatMessageViewSet, GroupChatViewSet

groups = GroupChatViewSet.as_view({"get": "list", "post": "create"}, detail=False)
group = GroupChatViewSet.as_view(
    {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}, detail=True
)
members = ChatMemberViewSet.as_view({"get": "list", "post": "create"})
member = ChatMemberViewSet.as_view({"delete": "destroy"})
messages = ChatMessageViewSet.as_view({"get": "list"})

urlpatterns = [
    path("groups/", groups, name="api-groups"),
    path("groups/<int:pk>/", group, name="api-group"),
    path("groups/<int:pk>/members/", members, name="api-group-members"),
    path("groups/<int:pk>/members/<int:member_pk>/", member, name="api-group-member"),
    path("groups/<int:pk>/messages/", messages, name="api-group-messages"),
]
