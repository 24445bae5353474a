"""The discussion over REST."""

from typing import Any

from config.certain import instance_of, member
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.filters import SearchFilter
from rest_framework.permissions import IsAuthenticatedOrReadOnly
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import ModelViewSet

from discussion import services
from discussion.models import Reply, Topic
from discussion.permissions import IsAuthorOrStaffOrReadOnly
from discussion.serializers import (
    AcceptSerializer,
    CountedSerializer,
    ReplySerializer,
    TopicSerializer,
    VoteSerializer,
)


class PostViewSet(ModelViewSet[Any]):
    """What topics and replies have in common: everyone reads, members write, authors and staff change."""

    permission_classes = [IsAuthenticatedOrReadOnly, IsAuthorOrStaffOrReadOnly]
    lookup_value_converter = "int"

    def shown(self, serializer: BaseSerializer[Any], pk: int) -> None:
        """Has the answer show the post as it is now, with votes."""
        serializer.instance = self.get_queryset().get(pk=pk)

    @extend_schema(request=VoteSerializer, responses=CountedSerializer)
    @action(detail=True, methods=["put"], permission_classes=[IsAuthenticatedOrReadOnly])
    def vote(self, request: Request, **kwargs: Any) -> Response:
        """Casts, changes or takes back one's vote."""
        serializer = VoteSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        try:
            counted = services.cast_vote(
                member(request.user), self.get_object(), serializer.validated_data["value"]
            )
        except services.Refused as refusal:
            raise PermissionDenied(str(refusal)) from refusal
        return Response(CountedSerializer(counted).data)


class TopicViewSet(PostViewSet):
    """Topics; the liveliest first. `?search=` finds words in title and body."""

    serializer_class = TopicSerializer
    filter_backends = [SearchFilter]
    search_fields = ["title", "body"]

    def get_queryset(self) -> QuerySet[Topic]:
        """All, as the visitor sees them."""
        return Topic.objects.for_reader(self.request.user).order_by("-active_at", "-pk")

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        """Begins a topic."""
        self.shown(
            serializer, services.create_topic(member(self.request.user), **serializer.validated_data).pk
        )

    def perform_update(self, serializer: BaseSerializer[Topic]) -> None:
        """Changes title or body."""
        topic = instance_of(serializer)
        services.edit_topic(topic, **serializer.validated_data)
        self.shown(serializer, topic.pk)

    def perform_destroy(self, instance: Topic) -> None:
        """Deletes it, with word to its pages."""
        services.delete_topic(instance)

    @extend_schema(request=AcceptSerializer, responses=TopicSerializer)
    @action(detail=True, methods=["put"], permission_classes=[IsAuthenticatedOrReadOnly])
    def answer(self, request: Request, **kwargs: Any) -> Response:
        """Accepts a reply as the answer, or takes the mark back."""
        serializer = AcceptSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        topic = self.get_object()
        try:
            services.accept_answer(member(request.user), topic.pk, serializer.validated_data["reply_id"])
        except services.Refused as refusal:
            raise PermissionDenied(str(refusal)) from refusal
        except Reply.DoesNotExist as error:
            raise NotFound("This topic has no such reply.") from error
        return Response(self.get_serializer(self.get_object()).data)


class ReplyViewSet(PostViewSet):
    """A topic's replies, oldest first."""

    serializer_class = ReplySerializer

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Finds the topic."""
        super().initial(request, *args, **kwargs)
        self.topic = get_object_or_404(Topic, pk=self.kwargs["topic_pk"])

    def get_queryset(self) -> QuerySet[Reply]:
        """The topic's, as the visitor sees them."""
        return Reply.objects.filter(topic=self.topic).with_votes(self.request.user).order_by("pk")

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        """Replies."""
        reply = services.create_reply(member(self.request.user), self.topic.pk, **serializer.validated_data)
        self.shown(serializer, reply.pk)

    def perform_update(self, serializer: BaseSerializer[Reply]) -> None:
        """Changes the body."""
        reply = instance_of(serializer)
        services.edit_reply(reply, **serializer.validated_data)
        self.shown(serializer, reply.pk)

    def perform_destroy(self, instance: Reply) -> None:
        """Deletes it, with word to the topic's pages."""
        services.delete_reply(instance)
