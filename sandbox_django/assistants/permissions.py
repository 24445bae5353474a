"""Who may see and continue a conversation."""

from typing import Any

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from assistants.models import AssistantConversation


class ConversationOwner(BasePermission):
    """A user's conversation is that user's alone; one without a user is open to who knows its id."""

    def has_object_permission(self, request: Request, view: Any, obj: AssistantConversation) -> bool:
        """Whether the request's user may use the conversation.

        Raises:
            PermissionDenied: It is another user's.
        """
        if obj.user_id is not None and obj.user_id != request.user.pk:
            raise PermissionDenied
        return True
