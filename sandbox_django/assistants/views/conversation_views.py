"""Conversations over REST."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import ModelViewSet

from assistants.models import AssistantConversation
from assistants.permissions import ConversationOwner
from assistants.serializers import ConversationSerializer


class AssistantConversationViewSet(ModelViewSet[AssistantConversation]):
    """One's own conversations; an anonymous one by its id."""

    permission_classes = [ConversationOwner]
    serializer_class = ConversationSerializer

    def get_queryset(self) -> QuerySet[AssistantConversation]:
        """All when one is asked for by id, which the permission guards; else one's own."""
        if self.detail:
            return AssistantConversation.objects.all()
        if self.request.user.is_authenticated:
            return AssistantConversation.objects.filter(user=self.request.user)
        return AssistantConversation.objects.none()

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        """The conversation is its maker's, or nobody's."""
        user = self.request.user
        serializer.save(user=user if user.is_authenticated else None)
