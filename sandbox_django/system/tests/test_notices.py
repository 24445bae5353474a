"""Notices: audience, form, relay."""

import json
from typing import Any, cast

import pytest
from accounts.models import User
from config.routing import router
from django.core.management import CommandError, call_command

from chanx.channels.testing import WebsocketTestCase
from system import groups
from system.consumers.system_consumer import MAX_FOLLOWED_GROUPS, SystemConsumer
from system.services import relay
from system.services.notices import NoticeRefused, send_notice


def follow(group: str) -> dict:
    return {"action": "follow_group", "payload": {"group": group}}


class TestSystemConsumer(WebsocketTestCase):
    consumer = SystemConsumer
    ws_path = "/ws/system/"

    def setUp(self) -> None:
        super().setUp()
        self.alice = User.objects.create_user("alice", password="demo")

    async def connected(self, user: User | None = None):
        async def application(scope, receive, send):
            await router(cast(Any, {**scope, "user": user}), receive, send)

        client = self.create_communicator(router=application if user else None)
        await client.connect()
        return client

    async def send(self, **notice) -> None:
        from asgiref.sync import sync_to_async

        await sync_to_async(send_notice)(**{"target": None, "sender": "test", **notice})

    async def test_a_notice_to_a_user_reaches_that_user_only(self) -> None:
        alice = await self.connected(self.alice)
        visitor = await self.connected()
        await self.send(audience="user", target="alice", text=" for alice ")
        frame = await alice.receive_json_from()
        assert frame["action"] == "notification"
        assert frame["payload"].pop("sentAt")
        assert frame["payload"] == {
            "text": "for alice",
            "audience": "user",
            "target": "alice",
            "sender": "test",
        }
        assert await visitor.receive_nothing()

    async def test_a_notice_to_all_reaches_everyone(self) -> None:
        clients = [await self.connected(self.alice), await self.connected()]
        await self.send(audience="all", text="hello")
        for client in clients:
            assert (await client.receive_json_from())["payload"]["text"] == "hello"

    async def test_a_notice_to_a_group_reaches_its_followers_until_they_leave(self) -> None:
        follower, other = await self.connected(), await self.connected()
        await follower.send_json_to(follow("crew"))
        assert (await follower.receive_all_json())[0] == {
            "action": "group_followed",
            "payload": {"group": "crew"},
        }
        await self.send(audience="group", target="crew", text="one")
        assert (await follower.receive_json_from())["payload"]["text"] == "one"
        assert (await follower.receive_json_from())["action"] == "event_complete"
        await follower.send_json_to({"action": "unfollow_group", "payload": {"group": "crew"}})
        assert (await follower.receive_all_json())[0]["action"] == "group_unfollowed"
        await self.send(audience="group", target="crew", text="two")
        assert await follower.receive_nothing()
        assert await other.receive_nothing()

    async def test_a_group_name_that_channels_refuses_is_explained(self) -> None:
        client = await self.connected()
        await client.send_json_to(follow("no spaces"))
        error = await client.receive_json_from()
        assert "contains a space" in error["payload"]["detail"]

    async def test_following_is_bounded(self) -> None:
        client = await self.connected()
        answer: dict[str, Any] = {}
        for number in range(MAX_FOLLOWED_GROUPS):
            await client.send_json_to(follow(f"group{number}"))
            answer = await client.receive_json_from()
            assert await client.receive_json_from() == {"action": "complete", "payload": None}
        assert answer["action"] == "error"
        assert f"at most {MAX_FOLLOWED_GROUPS}" in answer["payload"]["detail"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("notice", "words"),
    [
        ({"audience": "user", "target": "nobody", "text": "x"}, "no user named 'nobody'"),
        ({"audience": "group", "target": "a b", "text": "x"}, "contains a space"),
        ({"audience": "all", "target": None, "text": "  "}, "at least 1 character"),
        ({"audience": "all", "target": None, "text": "x" * 501}, "at most 500 characters"),
    ],
)
def test_a_notice_that_cannot_be_sent_says_why(notice, words):
    with pytest.raises(NoticeRefused, match=words):
        send_notice(**notice, sender="test")


@pytest.mark.parametrize("name", ["room1", "a.b_c-D", "x" * groups.MAX_NAME_LENGTH])
def test_names_that_channels_takes_are_taken(name):
    assert groups.refusal(name) == ""


@pytest.mark.parametrize("name", ["", "a b", "é", "a\n", "a/b", "x" * (groups.MAX_NAME_LENGTH + 1)])
def test_names_that_channels_refuses_are_refused(name):
    assert groups.refusal(name)


@pytest.fixture
def staff(client, db):
    client.force_login(User.objects.create_superuser("admin"))
    return client


def test_only_staff_send(client, staff, django_user_model):
    data = {"audience": "all", "text": "hello"}
    assert staff.post("/system/send/", data, headers={"accept": "application/json"}).json() == {
        "detail": "Sent."
    }
    client.force_login(django_user_model.objects.create_user("alice"))
    assert client.post("/system/send/", data).status_code == 403
    client.logout()
    assert client.post("/system/send/", data).headers["Location"].startswith("/login")


def test_a_form_without_a_target_is_refused(staff):
    response = staff.post(
        "/system/send/",
        {"audience": "user", "text": "hello"},
        headers={"accept": "application/json"},
    )
    assert response.status_code == 400
    assert "Whom?" in response.json()["detail"]


def test_a_plain_form_is_redirected_with_a_message(staff):
    response = staff.post("/system/send/", {"audience": "all", "text": "hello"}, follow=True)
    assert "Sent." in response.content.decode()


NOTICE = {"audience": "all", "target": None, "text": "hello", "sender": "test"}


def relayed(client, token: object, **extra):
    body = json.dumps({"token": token})
    return client.post(relay.PATH, body, content_type="application/json", **extra)


def test_the_relay_takes_a_signature_once(client, db):
    token = relay.sign(NOTICE)
    assert relayed(client, token).status_code == 200
    assert relayed(client, token).status_code == 403


def test_the_relay_refuses_forged_old_and_foreign_requests(client, db, monkeypatch):
    assert relayed(client, relay.sign(NOTICE) + "x").status_code == 403
    assert relayed(client, 5).status_code == 403
    assert client.post(relay.PATH, "x", content_type="application/json").status_code == 400
    assert relayed(client, relay.sign(NOTICE), REMOTE_ADDR="192.0.2.7").status_code == 403
    token = relay.sign(NOTICE)
    monkeypatch.setattr(relay, "MAX_AGE", -1)
    assert relayed(client, token).status_code == 403


def test_the_command_needs_one_audience(db):
    for arguments in ((), ("--all", "--user", "alice")):
        with pytest.raises(CommandError):
            call_command("notify", *arguments, "hello")
