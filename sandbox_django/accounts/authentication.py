"""Tokens in cookies, for REST and for the handshake of a WebSocket."""

from typing import Any, Literal, TypedDict

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import RefreshToken

ACCESS_COOKIE = "access_token"
REFRESH_COOKIE = "refresh_token"
# The refresh token goes nowhere else.
REFRESH_PATH = "/api/auth/"


class CookieJWTAuthentication(JWTAuthentication):
    """The access token of the Authorization header, or else of its cookie.

    Browsers send cookies unasked, so with the cookie an unsafe request needs the CSRF token as well.
    """

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """The user of the token; None without one.

        Raises:
            rest_framework.exceptions.AuthenticationFailed: The token is wrong or has expired.
            rest_framework.exceptions.PermissionDenied: The CSRF token is missing.
        """
        if self.get_header(request) is not None:
            return super().authenticate(request)
        raw = request.COOKIES.get(ACCESS_COOKIE)
        if not raw:
            return None
        token = self.get_validated_token(raw.encode())
        user = self.get_user(token)
        SessionAuthentication().enforce_csrf(request)
        return user, token


class CookieJWTScheme(OpenApiAuthenticationExtension):
    """Names the two ways of a token in the OpenAPI document."""

    target_class = CookieJWTAuthentication
    name = ["accessCookie", "bearerToken"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        """The cookie and the header."""
        return [
            {"type": "apiKey", "in": "cookie", "name": ACCESS_COOKIE},
            {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        ]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[str]]]:
        """One of them, not both."""
        return [{name: []} for name in self.name]


class _Common(TypedDict):
    httponly: bool
    secure: bool
    samesite: Literal["Lax"]


def set_tokens(response: Response, refresh: RefreshToken) -> None:
    """Puts both tokens in cookies that no script can read."""
    common = _Common(httponly=True, secure=settings.JWT_COOKIES_SECURE, samesite="Lax")
    response.set_cookie(
        ACCESS_COOKIE,
        str(refresh.access_token),
        max_age=int(api_settings.ACCESS_TOKEN_LIFETIME.total_seconds()),
        **common,
    )
    response.set_cookie(
        REFRESH_COOKIE,
        str(refresh),
        max_age=int(api_settings.REFRESH_TOKEN_LIFETIME.total_seconds()),
        path=REFRESH_PATH,
        **common,
    )


def delete_tokens(response: Response) -> None:
    """Takes both cookies away."""
    response.delete_cookie(ACCESS_COOKIE, samesite="Lax")
    response.delete_cookie(REFRESH_COOKIE, path=REFRESH_PATH, samesite="Lax")
