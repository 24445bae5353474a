"""One's own invitations over REST."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from chat.models import ChatInvitation
from chat.serializers import ChatInvitationSerializer, ChatMemberSerializer
from chat.services import invitations


class InvitationViewSet(mixins.ListModelMixin, GenericViewSet[ChatInvitation]):
    """What one is invited to; others' invitations are not found."""

    permission_classes = [IsAuthenticated]
    serializer_class = ChatInvitationSerializer
    lookup_value_converter = "int"

    def get_queryset(self) -> QuerySet[ChatInvitation]:
        """One's own."""
        mine = ChatInvitation.objects.filter(user=self.request.user.pk)
        return mine.select_related("user", "group_chat", "invited_by")

    @extend_schema(request=None, responses={201: ChatMemberSerializer})
    @action(detail=True, methods=["post"], serializer_class=ChatMemberSerializer)
    def accept(self, request: Request, **kwargs: Any) -> Response:
        """Joins the group."""
        member = invitations.accept(self.get_object())
        return Response(self.get_serializer(member).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, **kwargs: Any) -> Response:
        """Says no."""
        invitations.end(self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)
