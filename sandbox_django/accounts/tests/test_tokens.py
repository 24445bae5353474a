"""Tokens in cookies: login, refresh, logout, replay, expiry, CSRF, WebSockets."""

from datetime import timedelta

import pytest
from chat.consumers.chat_detail import ChatDetailConsumer
from chat.tests.factories import ChatMemberFactory
from django.core.cache import cache
from django.test import Client
from rest_framework_simplejwt.tokens import AccessToken

from accounts.authentication import ACCESS_COOKIE, REFRESH_COOKIE
from accounts.models import User
from chanx.channels.testing import WebsocketTestCase

LOGIN = {"username": "alice", "password": "a good password"}


@pytest.fixture
def alice(db):
    cache.clear()
    return User.objects.create_user(**LOGIN)


@pytest.fixture
def browser(alice):
    client = Client()
    assert client.post("/api/auth/login/", LOGIN).status_code == 200
    return client


def me(client: Client) -> int:
    return client.get("/api/auth/me/").status_code


def test_login_sets_cookies_that_scripts_cannot_read(browser):
    for name in (ACCESS_COOKIE, REFRESH_COOKIE):
        cookie = browser.cookies[name]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
    assert browser.cookies[REFRESH_COOKIE]["path"] == "/api/auth/"
    assert browser.get("/api/auth/me/").json()["username"] == "alice"


def test_a_wrong_password_and_no_token_are_unauthorised(alice):
    client = Client()
    assert client.post("/api/auth/login/", {**LOGIN, "password": "x"}).status_code == 401
    assert client.post("/api/auth/login/", {}).status_code == 400
    assert me(client) == 401


def test_logins_are_throttled(alice):
    client = Client()
    wrong = {**LOGIN, "password": "x"}
    codes = [client.post("/api/auth/login/", wrong).status_code for _ in range(21)]
    assert codes == [401] * 20 + [429]


def test_a_refresh_token_works_once(browser):
    old = browser.cookies[REFRESH_COOKIE].value
    assert browser.post("/api/auth/refresh/").status_code == 200
    assert browser.cookies[REFRESH_COOKIE].value != old
    replay = Client()
    replay.cookies[REFRESH_COOKIE] = old
    assert replay.post("/api/auth/refresh/").status_code == 401


def test_logout_ends_the_refresh_token(browser):
    old = browser.cookies[REFRESH_COOKIE].value
    assert browser.post("/api/auth/logout/").status_code == 204
    assert browser.post("/api/auth/logout/").status_code == 204
    assert me(browser) == 401
    replay = Client()
    replay.cookies[REFRESH_COOKIE] = old
    assert replay.post("/api/auth/refresh/").status_code == 401


def test_an_account_that_was_disabled_is_not_refreshed(browser, alice):
    alice.is_active = False
    alice.save()
    assert browser.post("/api/auth/refresh/").status_code == 401
    assert me(browser) == 401


def expired(user: User) -> str:
    token = AccessToken.for_user(user)
    token.set_exp(lifetime=-timedelta(seconds=1))
    return str(token)


@pytest.mark.parametrize("kind", ["expired", "forged", "nonsense"])
def test_a_bad_access_token_is_unauthorised(alice, kind):
    good = str(AccessToken.for_user(alice))
    token = {"expired": expired(alice), "forged": good[:-3] + "abc", "nonsense": "x"}[kind]
    client = Client()
    client.cookies[ACCESS_COOKIE] = token
    assert me(client) == 401
    assert Client().get("/api/auth/me/", headers={"authorization": f"Bearer {token}"}).status_code == 401


def test_a_token_in_the_header_works(alice):
    headers = {"authorization": f"Bearer {AccessToken.for_user(alice)}"}
    assert Client().get("/api/auth/me/", headers=headers).status_code == 200


def test_a_cookie_alone_changes_nothing_without_the_csrf_token(alice):
    client = Client(enforce_csrf_checks=True)
    client.cookies[ACCESS_COOKIE] = str(AccessToken.for_user(alice))
    assert client.post("/api/chat/groups/", {"title": "x"}).status_code == 403
    header = {"authorization": f"Bearer {AccessToken.for_user(alice)}"}
    assert (
        Client(enforce_csrf_checks=True).post("/api/chat/groups/", {"title": "x"}, headers=header).status_code
        == 201
    )


class TestTokenOfAWebSocket(WebsocketTestCase):
    consumer = ChatDetailConsumer

    def setUp(self) -> None:
        super().setUp()
        self.user = User.objects.create_user("alice")
        member = ChatMemberFactory.create(user=self.user)
        self.ws_path = f"/ws/chat/{member.group_chat_id}/"

    def with_token(self, token: object):
        cookie = f"{ACCESS_COOKIE}={token}".encode()
        return self.create_communicator(headers=[(b"origin", b"http://localhost:8000"), (b"cookie", cookie)])

    async def test_the_cookie_authenticates_the_handshake(self) -> None:
        client = self.with_token(AccessToken.for_user(self.user))
        await client.connect()
        await client.assert_authenticated_status_ok()

    async def test_an_expired_token_is_refused(self) -> None:
        client = self.with_token(expired(self.user))
        await client.connect()
        assert (await client.receive_json_from())["payload"]["statusCode"] == 401
        await client.assert_closed(4401)


def test_signing_up_makes_an_account_and_logs_it_in(client, db):
    data = {"username": "carol", "password1": "a good password", "password2": "a good password"}
    assert client.post("/signup/", data).headers["Location"] == "/"
    assert "carol" in client.get("/").content.decode()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"username": "alice"}, "already exists"),
        ({"username": "a b"}, "Enter a valid username"),
        ({"password2": "another password"}, "match"),
        ({"password1": "12345678", "password2": "12345678"}, "numeric"),
    ],
)
def test_a_sign_up_that_cannot_be_is_explained(client, alice, change, words):
    data = {"username": "carol", "password1": "a good password", "password2": "a good password"}
    response = client.post("/signup/", {**data, **change})
    assert response.status_code == 200
    assert words in response.content.decode()
    assert not User.objects.filter(username="carol").exists()
