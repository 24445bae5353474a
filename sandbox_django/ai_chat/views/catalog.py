"""Models, preferences, presets and tools over REST."""

from typing import Any

from config.certain import member
from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet, ModelViewSet

from ai_chat.models import ChatSession, LanguageModel, Preference, Preset
from ai_chat.models.generation import GenerationSettings
from ai_chat.schemas import SyncSerializer, ToolsSerializer
from ai_chat.serializers import (
    ModelSerializer,
    PreferenceSerializer,
    PresetSerializer,
    SessionSerializer,
    TitleSerializer,
    session_data,
)
from ai_chat.services import announce
from ai_chat.services.catalog import Choice, ensure_models, sync_models
from ai_chat.services.errors import ChatError
from ai_chat.services.tools import TOOLS
from ai_chat.views.access import ChatView, PresetOwner
from ai_chat.views.sessions import Refusal


class LanguageModelViewSet(ChatView, mixins.ListModelMixin, GenericViewSet[LanguageModel]):
    """The models that are served."""

    queryset = LanguageModel.objects.filter(is_active=True)
    serializer_class = ModelSerializer

    def get_serializer_context(self) -> dict[str, Any]:
        """With the choice for this user."""
        return {**super().get_serializer_context(), "choice": Choice(self.request.user.pk)}

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A page, with the model that answers by default and what should be known about it."""
        ensure_models()
        response = super().list(request, *args, **kwargs)
        choice = Choice(request.user.pk)
        response.data |= {"default_model": choice.default, "notice": choice.notice()}
        return response

    @extend_schema(request=None, responses=SyncSerializer)
    @action(detail=False, methods=["post"])
    def sync_models(self, request: Request) -> Response:
        """Asks the LLM servers."""
        try:
            return Response(sync_models())
        except ChatError as error:
            raise Refusal(error) from error


class PreferenceView(ChatView):
    """The user's own default model."""

    serializer_class = PreferenceSerializer

    @extend_schema(responses=PreferenceSerializer)
    def get(self, request: Request) -> Response:
        """Which it is."""
        user = member(request.user)
        found = Preference.objects.filter(user=user).first() or Preference(user=user)
        return Response(PreferenceSerializer(found).data)

    @extend_schema(request=PreferenceSerializer, responses=PreferenceSerializer)
    def patch(self, request: Request) -> Response:
        """Changes it."""
        user = member(request.user)
        found = Preference.objects.filter(user=user).first() or Preference(user=user)
        serializer = PreferenceSerializer(found, data=request.data)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data)


class PresetViewSet(ChatView, ModelViewSet[Preset]):
    """One's own presets and the public ones."""

    serializer_class = PresetSerializer
    permission_classes = (IsAuthenticated, PresetOwner)
    http_method_names = ("get", "post", "patch", "delete", "head", "options")

    def get_queryset(self) -> QuerySet[Preset]:
        """What the user may see."""
        return Preset.objects.filter(Q(owner=self.request.user) | Q(is_public=True)).select_related("owner")

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        """It is its maker's."""
        serializer.save(owner=self.request.user)

    @extend_schema(request=TitleSerializer, responses={201: SessionSerializer})
    @action(detail=True, methods=["post"])
    def create_session_from_preset(self, request: Request, pk: str) -> Response:
        """Begins a session with the preset's settings."""
        serializer = TitleSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        preset = self.get_object()
        session = ChatSession.objects.create(
            user=member(request.user),
            title=serializer.validated_data.get("title", ""),
            **{name: getattr(preset, name) for name in GenerationSettings.FIELDS},
        )
        data = session_data(session.pk)
        announce.session_created(session, data)
        return Response(data, status.HTTP_201_CREATED)


class ToolsView(ChatView):
    """The tools that a session may use."""

    @extend_schema(responses=ToolsSerializer)
    def get(self, request: Request) -> Response:
        """Names and what they do."""
        return Response({"tools": [{"name": name, "description": text} for name, text in TOOLS.items()]})
