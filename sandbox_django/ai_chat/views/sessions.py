"""Sessions and messages over REST."""

from typing import Any
from uuid import UUID

from config.certain import member
from django.conf import settings
from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import ModelViewSet

from ai_chat.models import ChatSession, Message
from ai_chat.schemas import StoppedSerializer
from ai_chat.serializers import (
    AiMessageSerializer,
    EditSerializer,
    ExchangeSerializer,
    QuestionSerializer,
    RetrySerializer,
    SessionSerializer,
    session_data,
    with_summary,
)
from ai_chat.services import announce, questions
from ai_chat.services.catalog import Choice, ensure_models
from ai_chat.services.errors import ChatError
from ai_chat.services.hub import hub
from ai_chat.views.access import ChatView


class Refusal(APIException):
    """A refusal of the services as an answer of REST framework."""

    def __init__(self, error: ChatError) -> None:
        super().__init__(str(error), {409: "conflict", 404: "not_found"}.get(error.status, "error"))
        self.status_code = error.status


class SessionViewSet(ChatView, ModelViewSet[ChatSession]):
    """One's own sessions."""

    serializer_class = SessionSerializer
    http_method_names = ("get", "post", "patch", "delete", "head", "options")
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[ChatSession]:
        """The user's; those in the list unless asked for the deleted ones or for one of them."""
        sessions = ChatSession.objects.filter(user=member(self.request.user))
        if self.action != "list":
            return with_summary(sessions)
        wanted = self.request.query_params.get("is_active", "true").lower()
        if wanted not in ("true", "false"):
            raise ValidationError({"is_active": ["true or false"]})
        sessions = sessions.filter(is_active=wanted == "true")
        if search := self.request.query_params.get("search", "").strip():
            found = Message.objects.filter(session__user=member(self.request.user), content__icontains=search)
            sessions = sessions.filter(Q(title__icontains=search) | Q(pk__in=found.values("session_id")))
        return with_summary(sessions)

    def get_serializer_context(self) -> dict[str, Any]:
        """With the models that are served, asked for once."""
        return {**super().get_serializer_context(), "choice": Choice(self.request.user.pk)}

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A page; answers that an earlier process begun are followed to their end."""
        response = super().list(request, *args, **kwargs)
        for found in response.data["results"]:
            if found["streaming"]:
                hub.adopt(found["streaming"])
        return response

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A new session."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        ensure_models()
        session = serializer.save(user=member(request.user))
        data = session_data(session.pk)
        announce.session_created(session, data)
        return Response(data, status.HTTP_201_CREATED)

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        """Tells the windows."""
        session = serializer.save()
        announce.session_updated(session, session_data(session.pk))

    def perform_destroy(self, instance: ChatSession) -> None:
        """Out of the list, but kept."""
        questions.delete(instance)

    @extend_schema(request=QuestionSerializer, responses={201: ExchangeSerializer, 202: ExchangeSerializer})
    @action(detail=True, methods=["post"])
    def send_message(self, request: Request, pk: UUID) -> Response:
        """Asks, and waits for the answer unless told not to."""
        serializer = QuestionSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        session = self._active()
        try:
            question, answer = questions.ask(session, serializer.validated_data["message"])
        except ChatError as error:
            raise Refusal(error) from error
        return _exchange(question, answer, wait=serializer.validated_data["wait"])

    @extend_schema(request=RetrySerializer, responses={202: ExchangeSerializer})
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: UUID) -> Response:
        """Asks for an answer again."""
        serializer = RetrySerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        session = self._active()
        try:
            question, answer = questions.retry(session, serializer.validated_data.get("message_id"))
        except ChatError as error:
            raise Refusal(error) from error
        return _exchange(question, answer, wait=False)

    @extend_schema(request=EditSerializer, responses={202: ExchangeSerializer})
    @action(detail=True, methods=["post"])
    def edit(self, request: Request, pk: UUID) -> Response:
        """Replaces a question and asks it."""
        serializer = EditSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        session = self._active()
        try:
            question, answer = questions.edit(session, **_renamed(serializer.validated_data))
        except ChatError as error:
            raise Refusal(error) from error
        return _exchange(question, answer, wait=False)

    @extend_schema(request=None, responses=StoppedSerializer)
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, pk: UUID) -> Response:
        """Ends the running answer."""
        return Response({"stopped": questions.stop(self.get_object())})

    @extend_schema(responses=AiMessageSerializer(many=True))
    @action(detail=True, methods=["get"])
    def messages(self, request: Request, pk: UUID) -> Response:
        """A page of messages."""
        session = self.get_object()
        ordering = request.query_params.get("ordering", "created_at")
        if ordering not in ("created_at", "-created_at"):
            raise ValidationError({"ordering": ["created_at or -created_at"]})
        found = session.messages.order_by(ordering, "-role" if ordering == "created_at" else "role")
        # Of messages: the stubs know pages of the view's own model only.
        page: list[Message] = self.paginate_queryset(found) or []  # type: ignore[arg-type]
        for message in page:
            if message.status == Message.Status.STREAMING:
                hub.adopt(str(message.pk))
        return self.get_paginated_response(AiMessageSerializer(page, many=True).data)

    def _active(self) -> ChatSession:
        session = self.get_object()
        if not session.is_active:
            raise Refusal(ChatError("The session has been deleted.", 404))
        return session


def _renamed(data: dict[str, Any]) -> dict[str, Any]:
    return {"message_id": data["message_id"], "text": data["message"]}


def _exchange(question: Message, answer: Message, *, wait: bool) -> Response:
    """201 with the answer, or 202 while it is being written."""
    done = hub.wait(str(answer.pk), settings.LLM_TIMEOUT) if wait else None
    return Response(
        {
            "user_message": AiMessageSerializer(question).data,
            "ai_message": done or AiMessageSerializer(answer).data,
        },
        status.HTTP_201_CREATED if done else status.HTTP_202_ACCEPTED,
    )
