"""A token for programs."""

from accounts.api import CredentialsSerializer, TokenView, user_of_credentials
from drf_spectacular.utils import extend_schema
from rest_framework.authtoken.models import Token
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle

from ai_chat.schemas import TokenSerializer


class ChatTokenView(TokenView):
    """Name and password for a token that stays the same until it is deleted."""

    throttle_classes = (ScopedRateThrottle,)
    throttle_scope = "login"

    @extend_schema(request=CredentialsSerializer, responses=TokenSerializer)
    def post(self, request: Request) -> Response:
        """Checks the credentials."""
        token, _ = Token.objects.get_or_create(user=user_of_credentials(request))
        return Response({"token": token.key})
