"""Who may do what in a group."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from chat.models import ChatMember, GroupChat

Role = ChatMember.Role
MANAGERS = (Role.OWNER, Role.ADMIN)


def role_of(user: Any, group: GroupChat) -> str | None:
    """The user's role in a group; None for who is no member."""
    return group.members.filter(user_id=user.pk).values_list("role", flat=True).first()


def may_remove(user: Any, member: ChatMember) -> bool:
    """Everyone leaves; owners remove everyone, administrators those who are neither."""
    if member.user_id == user.pk:
        return True
    role = role_of(user, member.group_chat)
    return role == Role.OWNER or (role == Role.ADMIN and member.role == Role.MEMBER)


class IsGroupMember(BasePermission):
    """Members read and talk."""

    message = "You are not a member of this group."

    def has_object_permission(self, request: Request, view: Any, obj: GroupChat) -> bool:
        """Whether the request's user is in the group."""
        return role_of(request.user, obj) is not None


class IsGroupOwnerOrReadOnly(BasePermission):
    """Owners change the group."""

    message = "Only an owner of the group may do that."

    def has_object_permission(self, request: Request, view: Any, obj: GroupChat) -> bool:
        """Whether the request reads, or its user owns the group."""
        return request.method in SAFE_METHODS or role_of(request.user, obj) == Role.OWNER


class IsGroupManager(BasePermission):
    """Owners and administrators invite."""

    message = "Only an owner or an administrator of the group may do that."

    def has_object_permission(self, request: Request, view: Any, obj: GroupChat) -> bool:
        """Whether the request's user owns or administers the group."""
        return role_of(request.user, obj) in MANAGERS
