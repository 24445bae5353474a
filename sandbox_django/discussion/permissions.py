"""Who may do what in the discussion."""

from typing import Any

from accounts.models import User
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from discussion.models import Reply, Topic

Post = Topic | Reply


def may_change(user: Any, post: Post) -> bool:
    """Authors and staff edit and delete."""
    return bool(user.is_authenticated and (user.is_staff or post.author_id == user.pk))


def may_vote(user: User, post: Post) -> bool:
    """Nobody votes for what is one's own."""
    return post.author_id != user.pk


def may_accept(user: User, topic: Topic) -> bool:
    """Only the topic's author knows what answers the question."""
    return topic.author_id is not None and topic.author_id == user.pk


class IsAuthorOrStaffOrReadOnly(BasePermission):
    """Everyone reads; authors and staff edit and delete."""

    message = "Only its author or staff may change this."

    def has_object_permission(self, request: Request, view: Any, obj: Post) -> bool:
        """Whether the request reads, or comes from the author or from staff."""
        return request.method in SAFE_METHODS or may_change(request.user, obj)
