"""Messages over REST; posting one starts the answer, which can be stopped and asked for again."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from assistants.consumers.conversation_consumer import ConversationAssistantConsumer
from assistants.messages.assistant import NewMessageEvent, NewMessagePayload
from assistants.models import AssistantConversation, AssistantMessage
from assistants.permissions import ConversationOwner
from assistants.serializers import MessageSerializer
from assistants.services import answers
from assistants.tasks import running
from assistants.tasks.assistant_tasks import task_handle_new_assistant_message, tell_end


class Conflict(APIException):
    """The conversation's state does not allow it."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class Unavailable(APIException):
    """Something that the answer needs does not answer."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "unavailable"


IN_PROGRESS = "An answer is still being written: wait for its end, or stop it."


class AnswerStoppedSerializer(serializers.Serializer[Any]):
    """Whether there was an answer to stop."""

    stopped = serializers.BooleanField()


class AssistantMessageViewSet(
    mixins.CreateModelMixin, mixins.ListModelMixin, GenericViewSet[AssistantMessage]
):
    """The messages of one conversation, oldest first."""

    permission_classes = [ConversationOwner]
    serializer_class = MessageSerializer
    queryset = AssistantMessage.objects.none()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Finds the conversation, which must be the visitor's."""
        super().initial(request, *args, **kwargs)
        self.conversation = get_object_or_404(AssistantConversation, pk=self.kwargs["pk"])
        self.check_object_permissions(request, self.conversation)

    def get_queryset(self) -> QuerySet[AssistantMessage]:
        """The conversation's."""
        if getattr(self, "swagger_fake_view", False):
            return super().get_queryset()
        answers.expire(self.conversation)
        return self.conversation.messages.all()

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        """Keeps the question, tells the other windows, and has it answered.

        Raises:
            Conflict: An answer is still being written.
            Unavailable: No worker can be reached.
        """
        try:
            with transaction.atomic():
                question = serializer.save(
                    conversation=self.conversation, message_type=AssistantMessage.MessageType.USER
                )
                answers.open_answer(question)
        except answers.AnswerInProgress as error:
            raise Conflict(IN_PROGRESS) from error
        payload = NewMessagePayload(message_id=question.pk, content=question.content)
        ConversationAssistantConsumer.broadcast_event_sync(
            NewMessageEvent(payload=payload), [self.conversation.layer_group]
        )
        self._answer(question)

    @extend_schema(request=None, responses=AnswerStoppedSerializer)
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, **kwargs: Any) -> Response:
        """Stops the answer that is being written; what is written stays. Stopping twice is no error."""
        stopped = answers.stop(self.conversation)
        if stopped is not None:
            answer, is_written = stopped
            # Whoever writes it tells its end, after its last piece.
            if not is_written and answer.question is not None:
                tell_end(answer.question, offset=len(answer.content), is_stopped=True)
        return Response({"stopped": stopped is not None})

    @extend_schema(request=None, responses=MessageSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, **kwargs: Any) -> Response:
        """Has the last question answered anew whose answer failed or was stopped; returns the question.

        Raises:
            Conflict: An answer is still being written, or none is missing.
            Unavailable: No worker can be reached.
        """
        question = answers.unanswered(self.conversation)
        try:
            if question is None:
                is_open = self.conversation.messages.filter(status__in=AssistantMessage.OPEN).exists()
                raise Conflict(IN_PROGRESS if is_open else "Every question has its answer.")
            answers.open_answer(question)
        except answers.AnswerInProgress as error:
            raise Conflict(IN_PROGRESS) from error
        self._answer(question)
        return Response(self.get_serializer(question).data)

    def _answer(self, question: AssistantMessage) -> None:
        try:
            running.run(task_handle_new_assistant_message, question.pk)
        except running.NoWorkerReached as error:
            answers.stop(self.conversation)
            raise Unavailable(
                "Your question is kept, but no worker can be reached. Try again later."
            ) from error
