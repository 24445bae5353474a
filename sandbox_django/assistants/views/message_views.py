"""Messages over REST; posting one starts the answer."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from rest_framework import mixins
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from assistants.consumers.conversation_consumer import ConversationAssistantConsumer
from assistants.messages.assistant import NewMessageEvent, NewMessagePayload
from assistants.models import AssistantConversation, AssistantMessage
from assistants.permissions import ConversationOwner
from assistants.serializers import MessageSerializer
from assistants.tasks.assistant_tasks import task_handle_new_assistant_message


class AssistantMessageViewSet(mixins.CreateModelMixin, mixins.ListModelMixin, GenericViewSet):
    """The messages of one conversation, oldest first."""

    permission_classes = [ConversationOwner]
    serializer_class = MessageSerializer

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Finds the conversation, which must be the visitor's."""
        super().initial(request, *args, **kwargs)
        self.conversation = get_object_or_404(AssistantConversation, pk=self.kwargs["pk"])
        self.check_object_permissions(request, self.conversation)

    def get_queryset(self) -> QuerySet[AssistantMessage]:
        """The conversation's."""
        return self.conversation.messages.all()

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        """Keeps the question, tells the other windows, and answers it within the request."""
        question = serializer.save(
            conversation=self.conversation, message_type=AssistantMessage.MessageType.USER
        )
        payload = NewMessagePayload(message_id=question.pk, content=question.content)
        ConversationAssistantConsumer.broadcast_event_sync(
            NewMessageEvent(payload=payload), [self.conversation.layer_group]
        )
        task_handle_new_assistant_message(user_message_id=question.pk)
