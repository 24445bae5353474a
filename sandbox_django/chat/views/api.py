"""Groups over REST."""

from typing import Any

from accounts.models import User
from config.certain import instance_of, member
from django.db.models import Count, F, Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.filters import SearchFilter
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import ModelViewSet

from chat.models import GroupChat
from chat.permissions import IsGroupMember, IsGroupOwnerOrReadOnly
from chat.serializers import ChatMemberSerializer, GroupChatSerializer, PublicGroupSerializer
from chat.services import groups, members


def groups_of(user: User) -> QuerySet[GroupChat]:
    """A user's groups, with the number of lines that others wrote since."""
    newer = Q(messages__pk__gt=F("members__last_read_id")) & ~Q(messages__sender=user)
    return (
        GroupChat.objects.filter(members__user=user)
        .annotate(unread=Count("messages", filter=newer, distinct=True))
        .order_by("title", "pk")
    )


def public_groups(user: User) -> QuerySet[GroupChat]:
    """The groups that a user may join."""
    return (
        GroupChat.objects.filter(is_public=True)
        .exclude(members__user=user)
        .annotate(member_count=Count("members"))
        .order_by("title", "pk")
    )


class GroupChatViewSet(ModelViewSet[GroupChat]):
    """One's groups."""

    permission_classes = [IsAuthenticated, IsGroupMember, IsGroupOwnerOrReadOnly]
    serializer_class = GroupChatSerializer
    lookup_value_converter = "int"
    filter_backends = [SearchFilter]
    search_fields = ["title"]

    def get_queryset(self) -> QuerySet[GroupChat]:
        """The lists hold what one sees; one group is found by id and guarded by the permissions."""
        if self.detail:
            return GroupChat.objects.all()
        return (public_groups if self.action == "public" else groups_of)(member(self.request.user))

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        """Its maker owns it."""
        serializer.instance = groups.create_group(
            owner=member(self.request.user), **serializer.validated_data
        )

    def perform_update(self, serializer: BaseSerializer[GroupChat]) -> None:
        """Changes title and openness."""
        groups.change_group(instance_of(serializer), **serializer.validated_data)

    def perform_destroy(self, instance: GroupChat) -> None:
        """Deletes it, with word to its pages."""
        groups.delete_group(instance)

    @action(detail=False, serializer_class=PublicGroupSerializer)
    def public(self, request: Request) -> Response:
        """The groups that one may join."""
        return self.list(request)

    @extend_schema(request=None, responses={200: ChatMemberSerializer, 201: ChatMemberSerializer})
    @action(
        detail=True,
        methods=["post"],
        permission_classes=[IsAuthenticated],
        serializer_class=ChatMemberSerializer,
    )
    def join(self, request: Request, **kwargs: Any) -> Response:
        """Joins a public group by oneself; doing so twice is no error."""
        try:
            joined, created = members.join(self.get_object(), member(request.user))
        except members.NotPublic as error:
            raise PermissionDenied("This group takes members by invitation.") from error
        code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(self.get_serializer(joined).data, status=code)
