"""Who may do what in a group."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from chat.models import ChatMember, GroupChat


class IsGroupMember(BasePermission):
    """Members read and talk."""

    message = "You are not a member of this group."

    def has_object_permission(self, request: Request, view: Any, obj: GroupChat) -> bool:
        """Whether the request's user is in the group."""
        return obj.members.filter(user_id=request.user.pk).exists()


class IsGroupOwnerOrReadOnly(BasePermission):
    """Owners change the group."""

    message = "Only an owner of the group may do that."

    def has_object_permission(self, request: Request, view: Any, obj: GroupChat) -> bool:
        """Whether the request reads, or its user owns the group."""
        if request.method in SAFE_METHODS:
            return True
        return obj.members.filter(user_id=request.user.pk, role=ChatMember.Role.OWNER).exists()
