"""What belongs to one group, over REST: members, invitations, lines."""

from typing import Any

from config.certain import instance_of, member
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from rest_framework import mixins
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.filters import SearchFilter
from rest_framework.pagination import CursorPagination
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from chat import permissions
from chat.models import ChatInvitation, ChatMember, ChatMessage, GroupChat
from chat.permissions import IsGroupManager, IsGroupMember
from chat.serializers import ChatInvitationSerializer, ChatMemberSerializer, ChatMessageSerializer
from chat.services import invitations, lines, members

LAST_OWNER = "A group keeps an owner: make another member owner first, or delete the group."


class OfGroup(GenericViewSet[Any]):
    """A view below one group, which must be the visitor's."""

    permission_classes = [IsAuthenticated, IsGroupMember]
    lookup_value_converter = "int"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Finds the group."""
        super().initial(request, *args, **kwargs)
        self.group = get_object_or_404(GroupChat, pk=self.kwargs["group_pk"])
        self.check_object_permissions(request, self.group)

    def check_object_permissions(self, request: Request, obj: Any) -> None:
        """The permissions are about the group; what is below it has rules of its own."""
        if isinstance(obj, GroupChat):
            super().check_object_permissions(request, obj)


class ChatMemberViewSet(mixins.ListModelMixin, mixins.UpdateModelMixin, mixins.DestroyModelMixin, OfGroup):
    """A group's members: everyone may leave, owners give roles."""

    serializer_class = ChatMemberSerializer
    http_method_names = ["get", "patch", "delete", "head", "options"]

    def get_queryset(self) -> QuerySet[ChatMember]:
        """The group's."""
        return self.group.members.select_related("user", "group_chat")

    def perform_update(self, serializer: BaseSerializer[ChatMember]) -> None:
        """Gives another role."""
        if permissions.role_of(self.request.user, self.group) != permissions.Role.OWNER:
            raise PermissionDenied(permissions.IsGroupOwnerOrReadOnly.message)
        try:
            changed = instance_of(serializer)
            members.change_role(changed, serializer.validated_data.get("role", changed.role))
        except members.LastOwner as error:
            raise ValidationError({"role": [LAST_OWNER]}) from error

    def perform_destroy(self, instance: ChatMember) -> None:
        """Removes a member; one's own membership can be left by oneself."""
        if not permissions.may_remove(self.request.user, instance):
            raise PermissionDenied(IsGroupManager.message)
        try:
            members.remove_member(instance)
        except members.LastOwner as error:
            raise ValidationError({"detail": LAST_OWNER}) from error


class GroupInvitationViewSet(
    mixins.ListModelMixin, mixins.CreateModelMixin, mixins.DestroyModelMixin, OfGroup
):
    """A group's open invitations."""

    permission_classes = [IsAuthenticated, IsGroupManager]
    serializer_class = ChatInvitationSerializer

    def get_queryset(self) -> QuerySet[ChatInvitation]:
        """The group's."""
        return self.group.invitations.select_related("user", "group_chat", "invited_by")

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        """Invites a user by name."""
        user = serializer.validated_data["user"]
        try:
            serializer.instance = invitations.invite(self.group, user, by=member(self.request.user))
        except invitations.AlreadyThere as error:
            raise ValidationError({"username": [str(error)]}) from error

    def perform_destroy(self, instance: ChatInvitation) -> None:
        """Takes it back."""
        invitations.end(instance)


class Newest(CursorPagination):
    """Back through the history, the newest first."""

    ordering = "-pk"
    page_size = 50


class ChatMessageViewSet(mixins.ListModelMixin, mixins.CreateModelMixin, OfGroup):
    """A group's history; `?search=` finds words in it."""

    serializer_class = ChatMessageSerializer
    pagination_class = Newest
    filter_backends = [SearchFilter]
    search_fields = ["content"]

    def get_queryset(self) -> QuerySet[ChatMessage]:
        """The group's."""
        return self.group.messages.select_related("sender")

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        """Says something, as over the WebSocket."""
        try:
            serializer.instance = lines.say(
                member(self.request.user), self.group.pk, serializer.validated_data["content"]
            )
        except lines.NotMember as error:
            raise PermissionDenied(IsGroupMember.message) from error
