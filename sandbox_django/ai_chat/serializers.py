"""REST bodies; the same dictionaries travel in WebSocket frames."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Substr
from rest_framework import serializers

from ai_chat.models import ChatSession, LanguageModel, Message, Preference, Preset
from ai_chat.models.generation import MAX_TEXT, GenerationSettings
from ai_chat.services.catalog import Choice
from ai_chat.services.tools import TOOLS

PREVIEW = 120


def with_summary(sessions: QuerySet[ChatSession]) -> QuerySet[ChatSession]:
    """Adds what a list shows of each session, in the same query."""
    latest = Message.objects.filter(session=OuterRef("pk")).order_by("-created_at", "role")
    streaming = Message.objects.filter(session=OuterRef("pk"), status=Message.Status.STREAMING)
    of_session = Message.objects.filter(session=OuterRef("pk")).order_by().values("session")
    counted = of_session.annotate(number=Count("pk")).values("number")
    return sessions.annotate(
        message_count=Coalesce(Subquery(counted), 0),
        last_message=Subquery(
            latest.exclude(content="").annotate(preview=Substr("content", 1, PREVIEW)).values("preview")[:1]
        ),
        streaming=Subquery(streaming.values("pk")[:1]),
    )


class GenerationFields(serializers.ModelSerializer[Any]):
    """Checks what models, sessions and presets have in common."""

    tools = serializers.ListField(child=serializers.ChoiceField(choices=list(TOOLS)), required=False)

    def validate_tools(self, value: list[str]) -> list[str]:
        """Each tool once."""
        return list(dict.fromkeys(value))


class SessionSerializer(GenerationFields):
    """A session with what a list shows of it."""

    effective_model = serializers.SerializerMethodField()
    message_count = serializers.SerializerMethodField()
    last_message = serializers.SerializerMethodField()
    streaming = serializers.SerializerMethodField()

    class Meta:
        """The server's own fields cannot be written."""

        model = ChatSession
        fields = (
            "id",
            "title",
            *GenerationSettings.FIELDS,
            "effective_model",
            "is_active",
            "message_count",
            "last_message",
            "streaming",
            "created_at",
            "updated_at",
        )
        read_only_fields = ("id", "created_at", "updated_at")
        extra_kwargs: ClassVar[dict[str, Any]] = {"system_prompt": {"max_length": MAX_TEXT}}

    def get_effective_model(self, session: ChatSession) -> str:
        """The model that answers."""
        choice = self.context.get("choice") or Choice(session.user_id)
        return str(choice.effective(session))

    def get_message_count(self, session: ChatSession) -> int:
        """How many messages it has."""
        return getattr(session, "message_count", 0)

    def get_last_message(self, session: ChatSession) -> str:
        """The beginning of the last one."""
        return getattr(session, "last_message", None) or ""

    def get_streaming(self, session: ChatSession) -> str | None:
        """The answer being written."""
        found = getattr(session, "streaming", None)
        return None if found is None else str(found)


class AiMessageSerializer(serializers.ModelSerializer[Message]):
    """A message."""

    class Meta:
        """Nothing of it is written directly."""

        model = Message
        fields = ("id", "role", "content", "created_at", "status", "error", "model", "tool_calls")
        read_only_fields = fields


class QuestionSerializer(serializers.Serializer[Any]):
    """What is asked."""

    message = serializers.CharField(max_length=MAX_TEXT)
    wait = serializers.BooleanField(default=True)


class RetrySerializer(serializers.Serializer[Any]):
    """Which answer is asked for again."""

    message_id = serializers.UUIDField(required=False)


class EditSerializer(serializers.Serializer[Any]):
    """Which question is replaced, and by what."""

    message_id = serializers.UUIDField()
    message = serializers.CharField(max_length=MAX_TEXT)


class ExchangeSerializer(serializers.Serializer[Any]):
    """A question and its answer, which may be being written."""

    user_message = AiMessageSerializer()
    ai_message = AiMessageSerializer()


class ModelSerializer(serializers.ModelSerializer[LanguageModel]):
    """A model of the LLM servers."""

    is_default = serializers.SerializerMethodField()

    class Meta:
        """Models are synchronised, not written."""

        model = LanguageModel
        fields = ("id", "name", "is_active", "is_default", "owned_by", "supports_tools", "synced_at")
        read_only_fields = fields

    def get_is_default(self, model: LanguageModel) -> bool:
        """Whether it answers when nothing is chosen."""
        choice: Choice = self.context["choice"]
        return model.name == choice.default


class PreferenceSerializer(serializers.ModelSerializer[Preference]):
    """The user's own default model, by name."""

    default_model: serializers.Field[Any, Any, Any, Any] = serializers.SlugRelatedField(
        slug_field="name", queryset=LanguageModel.objects.filter(is_active=True), allow_null=True
    )

    class Meta:
        """One field."""

        model = Preference
        fields = ("default_model",)


class PresetSerializer(GenerationFields):
    """A preset."""

    owner = serializers.CharField(source="owner.username", read_only=True)
    is_mine = serializers.SerializerMethodField()

    class Meta:
        """The owner is whoever makes it."""

        model = Preset
        fields = (
            "id",
            "name",
            "description",
            *GenerationSettings.FIELDS,
            "is_public",
            "is_mine",
            "owner",
            "created_at",
        )
        read_only_fields = ("id", "created_at")
        extra_kwargs: ClassVar[dict[str, Any]] = {"system_prompt": {"max_length": MAX_TEXT}}

    def get_is_mine(self, preset: Preset) -> bool:
        """Whether the requesting user may change it."""
        request = self.context.get("request")
        return request is not None and preset.owner_id == request.user.pk


class TitleSerializer(serializers.Serializer[Any]):
    """A title, if one is wanted."""

    title = serializers.CharField(max_length=200, required=False, allow_blank=True)


def session_data(session_pk: UUID | str) -> dict[str, Any]:
    """A session as its windows get it."""
    return dict(SessionSerializer(with_summary(ChatSession.objects.all()).get(pk=session_pk)).data)


def message_data(message: Message) -> dict[str, Any]:
    """A message as its windows get it."""
    return dict(AiMessageSerializer(message).data)
