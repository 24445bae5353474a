"""Authentication by Django REST framework: permissions, objects, statuses, close codes."""

from collections.abc import Callable
from typing import Any, ClassVar

import pytest
import structlog
from django.contrib.auth.models import AnonymousUser, Group, User
from django.db.models import QuerySet
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied, Throttled
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import BasePermission, IsAdminUser, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from chanx.channels.authenticator import ChanxAuthView, DjangoAuthenticator
from chanx.channels.routing import path
from chanx.channels.testing import DjangoWebsocketCommunicator
from chanx.channels.utils.request import request_from_scope
from chanx.channels.utils.settings import settings_context
from chanx.channels.websocket import AsyncJsonWebsocketConsumer
from chanx.core.authenticator import BaseAuthenticator, Credential
from chanx.core.decorators import ws_handler
from chanx.messages.base import BaseMessage
from chanx.messages.incoming import PingMessage
from chanx.messages.outgoing import AuthenticationMessage, PongMessage

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def user() -> User:
    return User.objects.create_user("alice", password="x")


@pytest.fixture
def group() -> Group:
    return Group.objects.create(name="red room")


def make_scope(**changes: Any) -> dict[str, Any]:
    return {
        "type": "websocket",
        "path": "/ws/x/",
        "headers": [(b"host", b"testserver")],
        "query_string": b"token=t&token=u",
        "client": ["192.0.2.7", 4711],
        "url_route": {"args": (), "kwargs": {}},
        **changes,
    }


class Outcome:
    """What an authenticator made of a scope, and what it told the client."""

    def __init__(self, authenticator: DjangoAuthenticator, sent: list[BaseMessage], ok: bool) -> None:
        self.authenticator = authenticator
        self.ok = ok
        self.sent = sent

    @property
    def payload(self) -> Any:
        (message,) = self.sent
        assert isinstance(message, AuthenticationMessage)
        return message.payload


async def authenticate(kind: type[DjangoAuthenticator], **scope: Any) -> Outcome:
    sent: list[BaseMessage] = []

    async def send(message: BaseMessage) -> None:
        sent.append(message)

    authenticator = kind(send)
    return Outcome(authenticator, sent, await authenticator.authenticate(make_scope(**scope)))


class Members(DjangoAuthenticator):
    permission_classes = [IsAuthenticated]


class Admins(DjangoAuthenticator):
    permission_classes = [IsAdminUser]


class Rooms(DjangoAuthenticator):
    queryset = Group.objects.all()
    obj: Group


async def test_without_permissions_everybody_may_connect() -> None:
    found = await authenticate(DjangoAuthenticator)
    assert found.ok
    assert isinstance(found.authenticator.user, AnonymousUser)
    assert found.payload.model_dump() == {
        "status_code": 200,
        "status_text": "OK",
        "data": {"detail": "OK"},
    }


@pytest.mark.parametrize("anonymous", [{}, {"user": AnonymousUser()}])
async def test_permissions_refuse_with_the_data_of_rest_framework(anonymous: dict[str, Any]) -> None:
    found = await authenticate(Members, **anonymous)
    assert not found.ok
    assert found.payload.status_code == 403
    assert found.payload.status_text == "Forbidden"
    assert found.payload.data == {"detail": "Authentication credentials were not provided."}
    assert found.authenticator.close_code == 4403


async def test_the_user_of_the_scope_is_the_user_of_the_request(user: User) -> None:
    found = await authenticate(Members, user=user)
    assert found.ok
    assert found.authenticator.user == user
    refused = await authenticate(Admins, user=user)
    assert refused.payload.data == {"detail": "You do not have permission to perform this action."}


async def test_the_object_of_the_path_is_found(group: Group) -> None:
    found = await authenticate(Rooms, url_route={"kwargs": {"pk": str(group.pk)}})
    assert found.ok
    assert found.authenticator.obj == group


@pytest.mark.parametrize("key", ["99999", "no-number"])
async def test_a_missing_object_is_404(key: str) -> None:
    found = await authenticate(Rooms, url_route={"kwargs": {"pk": key}})
    assert not found.ok
    assert found.payload.status_code == 404
    assert found.authenticator.close_code == 4404
    assert found.authenticator.obj is None


async def test_lookup_field_url_kwarg_and_a_manager(group: Group) -> None:
    class ByName(DjangoAuthenticator):
        queryset = Group.objects
        lookup_field = "name"
        lookup_url_kwarg = "room"

    found = await authenticate(ByName, url_route={"kwargs": {"room": "red room"}})
    assert found.authenticator.obj == group


async def test_object_permissions_are_asked_once_with_request_view_and_object(
    group: Group, user: User
) -> None:
    class OnlyAlice(BasePermission):
        asked: ClassVar[list[Any]] = []

        def has_object_permission(self, request: Request, view: Any, obj: Group) -> bool:
            self.asked.append((request.method, request.query_params["token"], view.kwargs, obj))
            if request.user.is_anonymous:
                raise PermissionDenied("Only Alice")
            return bool(request.user.username == "alice")

    class AliceRooms(Rooms):
        permission_classes = [OnlyAlice]

    kwargs = {"pk": str(group.pk)}
    found = await authenticate(AliceRooms, user=user, url_route={"kwargs": kwargs})
    assert found.ok
    assert OnlyAlice.asked == [("GET", "u", kwargs, group)]
    refused = await authenticate(AliceRooms, url_route={"kwargs": kwargs})
    assert refused.payload.data == {"detail": "Only Alice"}
    assert refused.authenticator.close_code == 4403


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
async def test_the_permissions_of_the_method_are_asked(method: Any) -> None:
    seen: list[str] = []

    class Note(BasePermission):
        def has_permission(self, request: Request, view: Any) -> bool:
            seen.append(str(request.method))
            return True

    class ByMethod(DjangoAuthenticator):
        auth_method = method
        permission_classes = [Note]

    assert (await authenticate(ByMethod)).ok
    assert seen == [method.upper()]


class Tokens(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Any, str] | None:
        given = request.headers.get("Authorization")
        if given is None:
            return None
        if given != "right":
            raise AuthenticationFailed("bad token")
        return User.objects.get(username="alice"), given

    def authenticate_header(self, request: Request) -> str:
        return "Token"


class TokenMembers(Members):
    authentication_classes = [Tokens]


@pytest.mark.parametrize(
    ("headers", "status", "detail"),
    [
        ([(b"authorization", b"right")], 200, "OK"),
        ([(b"authorization", b"wrong")], 401, "bad token"),
        ([], 401, "Authentication credentials were not provided."),
    ],
)
async def test_authentication_classes(
    user: User, headers: list[tuple[bytes, bytes]], status: int, detail: str
) -> None:
    found = await authenticate(TokenMembers, headers=headers)
    assert found.ok == (status == 200)
    assert found.payload.status_code == status
    assert found.payload.data == {"detail": detail}
    assert found.authenticator.close_code == 4401


async def test_an_error_in_a_permission_is_500_logged_and_not_told() -> None:
    class Broken(BasePermission):
        def has_permission(self, request: Request, view: Any) -> bool:
            raise RuntimeError("secret reason")

    class WithBroken(DjangoAuthenticator):
        permission_classes = [Broken]

    with structlog.testing.capture_logs() as logs:
        found = await authenticate(WithBroken)
    assert not found.ok
    assert found.sent == []
    assert found.authenticator.status_code == 500
    assert found.authenticator.close_code == 4500
    assert any("secret reason" in entry["event"] for entry in logs)


async def test_every_exception_of_rest_framework_becomes_its_status() -> None:
    class Busy(BasePermission):
        def has_permission(self, request: Request, view: Any) -> bool:
            raise Throttled(3)

    class WithBusy(DjangoAuthenticator):
        permission_classes = [Busy]

    found = await authenticate(WithBusy)
    assert found.payload.status_code == 429
    assert found.authenticator.close_code == 4429


async def test_get_queryset_and_get_object_of_the_authenticator_are_used(group: Group) -> None:
    class Searching(DjangoAuthenticator):
        def get_queryset(self) -> QuerySet[Group]:
            assert isinstance(self.request, Request)
            return Group.objects.filter(name__startswith=self.request.query_params["start"])

    class Making(DjangoAuthenticator):
        def get_object(self) -> Group:
            return Group.objects.get(name="red room")

    route = {"kwargs": {"pk": group.pk}}
    found = await authenticate(Searching, url_route=route, query_string=b"start=red")
    assert found.authenticator.obj == group
    missing = await authenticate(Searching, url_route=route, query_string=b"start=blue")
    assert missing.payload.status_code == 404
    assert (await authenticate(Making)).authenticator.obj == group


class PaymentView(GenericAPIView[Any]):
    permission_classes = [IsAuthenticated]

    def post(self, request: Request) -> Response:
        return Response({"pay": "first"}, status=402)


async def test_a_view_of_the_application_decides_when_its_methods_are_kept(user: User) -> None:
    class Kept(DjangoAuthenticator):
        auth_view_class = PaymentView
        auth_method = "post"
        override_http_methods = False

    class Replaced(Kept):
        override_http_methods = True

    refused = await authenticate(Kept, user=user)
    assert refused.payload.status_code == 402
    assert refused.payload.data == {"pay": "first"}
    assert (await authenticate(Replaced, user=user)).ok
    assert not (await authenticate(Replaced)).ok  # the view's own permissions hold


async def test_a_subclass_of_the_default_view_may_be_used(group: Group) -> None:
    class GroupView(ChanxAuthView):
        def get_queryset(self) -> QuerySet[Group]:  # type: ignore[override]  # the stubs' model is fixed
            return Group.objects.all()

    class WithView(DjangoAuthenticator):
        auth_view_class = GroupView

    found = await authenticate(WithView, url_route={"kwargs": {"pk": group.pk}})
    assert found.authenticator.obj == group


async def test_authenticators_do_not_share_what_they_find(group: Group) -> None:
    other = await Group.objects.acreate(name="blue room")
    first = await authenticate(Rooms, url_route={"kwargs": {"pk": group.pk}})
    second = await authenticate(Rooms, url_route={"kwargs": {"pk": other.pk}})
    assert (first.authenticator.obj, second.authenticator.obj) == (group, other)


async def test_log_entries_carry_request_path_and_address() -> None:
    structlog.contextvars.clear_contextvars()
    await authenticate(DjangoAuthenticator, headers=[(b"x-request-id", b"abc")])
    bound = structlog.contextvars.get_contextvars()
    assert bound == {"request_id": "abc", "path": "/ws/x/", "ip": "192.0.2.7"}
    await authenticate(DjangoAuthenticator, client=None)
    again = structlog.contextvars.get_contextvars()
    assert again["ip"] is None
    assert len(again["request_id"]) == 36


async def test_the_message_can_be_switched_off(user: User) -> None:
    with settings_context(SEND_AUTHENTICATION_MESSAGE=False):
        assert (await authenticate(Members, user=user)).sent == []
        assert (await authenticate(Members)).sent == []


class MembersConsumer(AsyncJsonWebsocketConsumer):
    authenticator_class = Rooms
    authenticator: Rooms

    @ws_handler
    async def handle_ping(self, _message: PingMessage) -> PongMessage:
        assert self.authenticator.obj.name == "red room"
        return PongMessage()


def communicator(group_key: Any) -> DjangoWebsocketCommunicator:
    router = __import__("channels.routing").routing.URLRouter([path("<str:pk>/", MembersConsumer.as_asgi())])
    return DjangoWebsocketCommunicator(router, f"/{group_key}/", consumer=MembersConsumer)


async def test_a_consumer_uses_its_authenticator(group: Group) -> None:
    async with communicator(group.pk) as client:
        await client.assert_authenticated_status_ok()
        await client.send_message(PingMessage())
        assert await client.receive_all_messages(stop_action="pong") == [PongMessage()]


async def test_a_refused_connection_hears_why_and_is_closed() -> None:
    async with communicator(12345) as client:
        message = await client.wait_for_auth(after_auth_time=0)
        assert message is not None
        assert message.payload.status_code == 404
        await client.assert_closed(4404)


@pytest.mark.parametrize(
    ("status", "code"),
    [(None, 4401), (200, 4401), (399, 4401), (400, 4400), (403, 4403), (599, 4599), (600, 4401)],
)
def test_close_codes(status: int | None, code: int) -> None:
    class Never(BaseAuthenticator):
        async def authenticate(self, scope: Any) -> bool:
            return False

    never = Never(lambda _message: None)  # type: ignore[arg-type, return-value]  # never called
    never.status_code = status
    assert never.close_code == code


def test_credentials_are_values() -> None:
    assert Credential("a", "query") == Credential("a", "query", None)


def test_the_request_of_a_scope_is_complete() -> None:
    request = request_from_scope(
        make_scope(
            scheme="wss",
            headers=[(b"host", b"example.com"), (b"cookie", b"a=1; b=2"), (b"x-key", b"k")],
            session={"seen": 1},
        ),
        "get",
    )
    assert request.method == "GET"
    assert request.path == "/ws/x/"
    assert request.build_absolute_uri() == "https://example.com/ws/x/?token=t&token=u"
    assert request.GET.getlist("token") == ["t", "u"]
    assert request.COOKIES == {"a": "1", "b": "2"}
    assert request.headers["X-Key"] == "k"
    assert request.META["REMOTE_ADDR"] == "192.0.2.7"
    assert request.session == {"seen": 1}
    assert request.user.is_anonymous
    assert request.body == b""


@pytest.mark.parametrize("make", [lambda: {"type": "websocket"}, lambda: {"type": "websocket", "path": "/"}])
def test_a_bare_scope_is_enough(make: Callable[[], dict[str, Any]]) -> None:
    request = request_from_scope(make(), "POST")
    assert (request.method, request.path) == ("POST", "/")


def test_cookies_that_only_middleware_has_set_are_seen() -> None:
    request = request_from_scope(make_scope(cookies={"sessionid": "zz"}), "get")
    assert request.COOKIES == {"sessionid": "zz"}
