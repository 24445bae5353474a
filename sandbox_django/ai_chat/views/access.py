"""Who may use the API."""

from accounts.authentication import CookieJWTAuthentication
from rest_framework.authentication import SessionAuthentication, TokenAuthentication
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from ai_chat.models import Preset

AUTHENTICATION = (TokenAuthentication, CookieJWTAuthentication, SessionAuthentication)


class ChatView(APIView):
    """For users; token, JWT cookie or session."""

    authentication_classes = AUTHENTICATION
    permission_classes: tuple[type[BasePermission], ...] = (IsAuthenticated,)


class PresetOwner(BasePermission):
    """A public preset is everybody's to read and its owner's to change."""

    message = "The preset belongs to another user: make one of your own."

    def has_object_permission(self, request: Request, view: APIView, obj: Preset) -> bool:
        """Whether the request may do this to the preset."""
        if getattr(view, "action", None) in ("update", "partial_update", "destroy"):
            return bool(obj.owner_id == request.user.pk)
        return True
