"""Login, refresh and logout with tokens in cookies."""

from contextlib import suppress
from typing import Any

from config.certain import member
from django.contrib.auth import authenticate
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_protect
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import RefreshToken

from accounts.authentication import REFRESH_COOKIE, delete_tokens, set_tokens
from accounts.models import User


class CredentialsSerializer(serializers.Serializer[Any]):
    """Name and password."""

    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=128, trim_whitespace=False)


class NameSerializer(serializers.Serializer[Any]):
    """Who is logged in."""

    username = serializers.CharField()


class MeSerializer(NameSerializer):
    """Name and rights of the user."""

    id = serializers.IntegerField()
    is_staff = serializers.BooleanField()


class TokenView(APIView):
    """What needs no token yet; refusals are 401."""

    authentication_classes: list[type] = []
    permission_classes = [AllowAny]

    def get_authenticate_header(self, request: Request) -> str:
        """Names the scheme of a 401."""
        return 'Bearer realm="api"'


def user_of_credentials(request: Request) -> User:
    """Checks the name and the password in the body.

    Raises:
        rest_framework.exceptions.AuthenticationFailed: They belong to no active user.
        rest_framework.exceptions.ValidationError: One of them is missing or too long.
    """
    serializer = CredentialsSerializer(data=request.data)
    serializer.is_valid(raise_exception=True)
    user = authenticate(request, **serializer.validated_data)
    if user is None:
        raise AuthenticationFailed("Wrong name or password.")
    return member(user)


class LoginView(TokenView):
    """Name and password for two cookies."""

    throttle_classes = [ScopedRateThrottle]
    throttle_scope = "login"

    @extend_schema(request=CredentialsSerializer, responses=NameSerializer)
    def post(self, request: Request) -> Response:
        """Checks the credentials."""
        user = user_of_credentials(request)
        response = Response({"username": user.get_username()})
        set_tokens(response, RefreshToken.for_user(user))
        return response


def _refresh_token(request: Request) -> RefreshToken:
    text = request.COOKIES.get(REFRESH_COOKIE, "")
    return RefreshToken(text)  # type: ignore[arg-type]  # it takes the text, and says it takes a token


@method_decorator(csrf_protect, name="dispatch")
class RefreshView(TokenView):
    """The refresh cookie for a new pair; a token works once."""

    @extend_schema(request=None, responses=NameSerializer)
    def post(self, request: Request) -> Response:
        """Exchanges the token and puts the old one on the blacklist."""
        try:
            old = _refresh_token(request)
            user = User.objects.get(pk=old["user_id"], is_active=True)
            old.blacklist()
        except (TokenError, User.DoesNotExist) as error:
            raise AuthenticationFailed("The session has ended: log in again.") from error
        response = Response({"username": user.get_username()})
        set_tokens(response, RefreshToken.for_user(user))
        return response


@method_decorator(csrf_protect, name="dispatch")
class LogoutView(TokenView):
    """Ends the session that the cookies stand for."""

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """Puts the refresh token on the blacklist; logging out twice is no error."""
        with suppress(TokenError):
            _refresh_token(request).blacklist()
        response = Response(status=status.HTTP_204_NO_CONTENT)
        delete_tokens(response)
        return response


class MeView(APIView):
    """Who one is."""

    permission_classes = [IsAuthenticated]

    @extend_schema(responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """Name and rights of the user."""
        user = request.user
        return Response({"id": user.pk, "username": user.get_username(), "is_staff": user.is_staff})
