"""Groups over REST."""

from typing import Any

from accounts.models import User
from django.db.models import Count, F, Q, QuerySet
from django.shortcuts import get_object_or_404
from rest_framework import mixins, status
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet, ModelViewSet

from chat import services
from chat.models import ChatMember, ChatMessage, GroupChat
from chat.permissions import IsGroupMember, IsGroupOwnerOrReadOnly
from chat.serializers import ChatMemberSerializer, ChatMessageSerializer, GroupChatSerializer


def groups_of(user: User) -> QuerySet[GroupChat]:
    """A user's groups, with the number of lines that others wrote since."""
    newer = Q(messages__pk__gt=F("members__last_read_id")) & ~Q(messages__sender=user)
    return (
        GroupChat.objects.filter(members__user=user)
        .annotate(unread=Count("messages", filter=newer, distinct=True))
        .order_by("title", "pk")
    )


class GroupChatViewSet(ModelViewSet):
    """One's groups."""

    permission_classes = [IsAuthenticated, IsGroupMember, IsGroupOwnerOrReadOnly]
    serializer_class = GroupChatSerializer

    def get_queryset(self) -> QuerySet[GroupChat]:
        """The list holds one's own; one group is found by id and guarded by the permissions."""
        return GroupChat.objects.all() if self.detail else groups_of(self.request.user)

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        """Its maker owns it."""
        serializer.instance = services.create_group(serializer.validated_data["title"], self.request.user)


class OfGroup:
    """A view below one group, which must be the visitor's."""

    permission_classes = [IsAuthenticated, IsGroupMember]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Finds the group."""
        super().initial(request, *args, **kwargs)
        self.group = get_object_or_404(GroupChat, pk=self.kwargs["pk"])
        self.check_object_permissions(request, self.group)


class ChatMemberViewSet(OfGroup, mixins.ListModelMixin, GenericViewSet):
    """A group's members: owners add and remove, everyone may leave."""

    serializer_class = ChatMemberSerializer

    def get_queryset(self) -> QuerySet[ChatMember]:
        """The group's."""
        return self.group.members.select_related("user")

    def _owns(self, request: Request) -> bool:
        return IsGroupOwnerOrReadOnly().has_object_permission(request, self, self.group)

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Adds a user by name."""
        if not self._owns(request):
            raise PermissionDenied(IsGroupOwnerOrReadOnly.message)
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        user = serializer.validated_data["user"]
        member, created = services.add_member(self.group, user, by=request.user)
        if not created:
            raise ValidationError({"username": [f"{user.get_username()} is a member already."]})
        return Response(self.get_serializer(member).data, status=status.HTTP_201_CREATED)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Removes a member; one's own membership can be left by oneself."""
        member = get_object_or_404(self.get_queryset(), pk=self.kwargs["member_pk"])
        if member.user_id != request.user.pk and not self._owns(request):
            raise PermissionDenied(IsGroupOwnerOrReadOnly.message)
        try:
            services.remove_member(member)
        except services.LastOwner as error:
            raise ValidationError(
                {"detail": "A group keeps an owner: remove the other members first, or the group."}
            ) from error
        return Response(status=status.HTTP_204_NO_CONTENT)


class Newest(CursorPagination):
    """Back through the history, the newest first."""

    ordering = "-pk"
    page_size = 50


class ChatMessageViewSet(OfGroup, mixins.ListModelMixin, GenericViewSet):
    """A group's history."""

    serializer_class = ChatMessageSerializer
    pagination_class = Newest

    def get_queryset(self) -> QuerySet[ChatMessage]:
        """The group's."""
        return self.group.messages.select_related("sender")
