"""Authentication of WebSockets by Django REST framework: its permissions, querysets and objects."""

import uuid
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

from channels.db import database_sync_to_async
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Manager, Model, QuerySet
from django.http import HttpRequest
from rest_framework import serializers, status
from rest_framework.authentication import BaseAuthentication
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from chanx.channels.utils.request import request_from_scope
from chanx.core.authenticator import BaseAuthenticator
from chanx.core.config import config
from chanx.messages.outgoing import AuthenticationMessage, AuthenticationPayload
from chanx.utils.logging import bind_log_context, logger

if TYPE_CHECKING:
    from rest_framework.permissions import (
        _PermissionClass,  # pyright: ignore[reportPrivateUsage]  # the only name of it
    )

# What an authenticator may say that its view is then made with.
_VIEW_ATTRIBUTES = (
    "authentication_classes",
    "permission_classes",
    "queryset",
    "lookup_field",
    "lookup_url_kwarg",
)
_VIEW_METHODS = ("get_queryset", "get_object")


class ChanxSerializer(serializers.Serializer[Any]):
    """Serializer of the view's only answer: REST framework's views want one."""

    detail = serializers.CharField(write_only=True, required=False)


class ExtendedRequest(Request):
    """A request that carries the object found for it."""

    obj: Model | None


def _looks_up_objects(view: "GenericAPIView[Model]") -> bool:
    """Whether a view, or the authenticator for it, says where its objects come from."""
    return cast(Any, view).queryset is not None or any(
        name in vars(view) or getattr(type(view), name) is not getattr(GenericAPIView, name)
        for name in _VIEW_METHODS
    )


class AuthActionInterceptMixin:
    """Answers every method alike: by looking up the object, whose permissions are checked by that.

    Whatever else the methods of the view do is left out: a handshake must not create or delete.
    """

    def get_response(self, request: Request) -> Response:
        """Look up the object where there is something to look it up in, and say OK."""
        view = cast("GenericAPIView[Model]", self)
        if _looks_up_objects(view):
            cast(ExtendedRequest, request).obj = view.get_object()
        return Response({"detail": "OK"})

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Check with the permissions for GET."""
        return self.get_response(request)

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Check with the permissions for POST."""
        return self.get_response(request)

    def put(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Check with the permissions for PUT."""
        return self.get_response(request)

    def patch(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Check with the permissions for PATCH."""
        return self.get_response(request)

    def delete(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Check with the permissions for DELETE."""
        return self.get_response(request)

    def options(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Check with the permissions for OPTIONS."""
        return self.get_response(request)


class ChanxAuthView(AuthActionInterceptMixin, GenericAPIView[Model]):  # type: ignore[misc]  # any HTTP verb answers alike
    """The view that checks a handshake by default."""

    serializer_class = ChanxSerializer


class DjangoAuthenticator(BaseAuthenticator):
    """Lets a view of REST framework decide over the handshake.

    Set what you would set on a view; ``get_queryset`` and ``get_object`` may be defined as well and
    find the request in ``self.request``. Afterwards ``user`` and ``obj`` are at hand, as
    ``self.authenticator.obj`` in the consumer.

    Attributes:
        authentication_classes: As on a view; REST framework's defaults when not set.
        permission_classes: As on a view; REST framework's defaults when not set.
        queryset: Where the object of the path's parameter is looked up; none by default.
        auth_method: The HTTP method whose permissions are asked for.
        lookup_field: As on a view.
        lookup_url_kwarg: As on a view; the path's parameter.
        auth_view_class: The view to ask.
        override_http_methods: Whether the view's own method handlers are left out, so that only
            permissions and object are checked.
        user: The user, once authenticated.
        obj: The object found, once authenticated.
    """

    authentication_classes: Sequence[type[BaseAuthentication]]
    permission_classes: "Sequence[_PermissionClass]"
    queryset: QuerySet[Any] | Manager[Any] | None
    auth_method: Literal["get", "post", "put", "patch", "delete", "options"] = "get"
    lookup_field: str
    lookup_url_kwarg: str | None
    auth_view_class: type[GenericAPIView[Model]] = ChanxAuthView
    override_http_methods: bool = True
    user: AbstractBaseUser | AnonymousUser | None = None
    obj: Model | None = None
    request: HttpRequest | Request

    _view_classes: ClassVar[dict[type[Any], type[GenericAPIView[Model]]]] = {}

    async def authenticate(self, scope: MutableMapping[str, Any]) -> bool:
        """Check the connection and tell the client the result.

        Args:
            scope: The ASGI scope of the connection.

        Returns:
            True when the view answers with a status below 400. An error within the view counts as
            refusal with status 500; it is logged, and the client is told nothing about it.
        """
        self._bind_log_context(scope)
        self.request = request_from_scope(scope, self.auth_method)
        # No browser can send a CSRF token with a handshake; the origin validator stands in for it.
        self.request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]  # the flag of Django's own test client
        try:
            response = await database_sync_to_async(self._dispatch)(self.request, scope)
        except Exception as error:
            logger.exception(f"Authentication failed with unexpected error: {error}")
            self.status_code = status.HTTP_500_INTERNAL_SERVER_ERROR
            return False
        self.status_code = response.status_code
        authenticated = response.status_code < status.HTTP_400_BAD_REQUEST
        if config.send_authentication_message:
            payload = AuthenticationPayload(
                status_code=response.status_code,
                status_text=response.status_text,
                data={"detail": "OK"} if authenticated else response.data,
            )
            await self.send_message(AuthenticationMessage(payload=payload))
        return authenticated

    def _dispatch(self, http_request: HttpRequest, scope: Mapping[str, Any]) -> Response:
        """Ask the view, in a thread that may use the database."""
        route: dict[str, Any] = scope.get("url_route") or {}
        args, kwargs = tuple(route.get("args") or ()), dict(route.get("kwargs") or {})
        view = self._make_view()
        view.setup(http_request, *args, **kwargs)
        prepare = view.initialize_request

        def initialize_request(request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
            self.request = prepare(request, *args, **kwargs)
            return self.request

        view.initialize_request = initialize_request  # type: ignore[method-assign]  # one view, one use
        response = cast(Response, view.dispatch(http_request, *args, **kwargs))
        request = cast(ExtendedRequest, view.request)
        self.user = request.user
        self.obj = getattr(request, "obj", None)
        if self.obj is None and response.status_code < status.HTTP_400_BAD_REQUEST:
            self.obj = self._look_up(view)
        return response

    def _look_up(self, view: "GenericAPIView[Model]") -> Model | None:
        """Find the object after a view of the application's own has answered."""
        if isinstance(view, AuthActionInterceptMixin):
            return None
        return view.get_object() if _looks_up_objects(view) else None

    def _make_view(self) -> "GenericAPIView[Model]":
        view = self._view_class()()
        for name in _VIEW_ATTRIBUTES:
            if hasattr(self, name):
                setattr(view, name, getattr(self, name))
        untyped = cast(Any, view)  # the stubs take a manager in `queryset` for a descriptor
        queryset: Any = untyped.queryset
        if isinstance(queryset, Manager):
            untyped.queryset = cast(Any, queryset).all()
        for name in _VIEW_METHODS:
            method: Callable[..., Any] | None = getattr(self, name, None)
            if method is not None:
                setattr(view, name, method)
        return view

    def _view_class(self) -> "type[GenericAPIView[Model]]":
        """The view's class, with its method handlers left out where that is asked for."""
        view_class = self.auth_view_class
        if not self.override_http_methods or issubclass(view_class, AuthActionInterceptMixin):
            return view_class
        made = self._view_classes.get(view_class)
        if made is None:
            made = cast(
                "type[GenericAPIView[Model]]",
                type(view_class.__name__, (AuthActionInterceptMixin, view_class), {}),
            )
            self._view_classes[view_class] = made
        return made

    def _bind_log_context(self, scope: Mapping[str, Any]) -> None:
        request_id = next(
            (value.decode() for name, value in scope.get("headers", ()) if name == b"x-request-id"),
            None,
        )
        client = scope.get("client")
        bind_log_context(
            request_id=request_id or str(uuid.uuid4()),
            path=scope.get("path"),
            ip=client[0] if client else None,
        )
