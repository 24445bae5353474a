"""Login and demo accounts."""

import io

import pytest
from chat.models import ChatInvitation, ChatMember, ChatMessage, GroupChat
from discussion.models import Reply, Topic, TopicVote
from django.core.management import CommandError, call_command

from accounts.models import User

pytestmark = pytest.mark.django_db


def seed() -> str:
    output = io.StringIO()
    call_command("seed_demo", stdout=output)
    return output.getvalue()


def counts() -> dict[str, int]:
    models = (User, GroupChat, ChatMember, ChatMessage, ChatInvitation, Topic, Reply, TopicVote)
    return {model.__name__: model.objects.count() for model in models}


def test_seeding_makes_the_demo_accounts_and_tells_its_progress():
    told = seed().splitlines()
    assert [line.partition("/")[0] for line in told] == [f"[{number}" for number in range(1, 9)]
    assert told[2] == "[3/8] admin: made"
    assert all(line.endswith(": made") for line in told)
    assert [user.username for user in User.objects.all()] == ["admin", "alice", "bob"]
    admin, alice, _ = User.objects.all()
    assert (admin.is_staff, admin.is_superuser) == (True, True)
    assert (alice.is_staff, alice.is_superuser) == (False, False)


def test_seeding_again_changes_nothing():
    seed()
    alice = User.objects.get(username="alice")
    alice.set_password("another")
    alice.save()
    before = counts()
    assert all(line.endswith(": already there") for line in seed().splitlines())
    assert counts() == before
    assert all(before.values())
    alice.refresh_from_db()
    assert alice.check_password("another")


def test_seeding_is_refused_in_production(settings):
    settings.DEMO_LOGINS = False
    with pytest.raises(CommandError, match="development"):
        seed()
    assert User.objects.count() == 0


def test_the_demo_accounts_log_in_and_out(client):
    seed()
    response = client.post("/login", {"username": "alice", "password": "demo"})
    assert response.headers["Location"] == "/"
    assert "alice" in client.get("/").content.decode()
    client.post("/logout/")
    assert "Log in" in client.get("/").content.decode()


def test_the_login_page_shows_the_demo_accounts_in_development_only(client, settings):
    assert "Demo logins" in client.get("/login").content.decode()
    settings.DEMO_LOGINS = False
    assert "Demo logins" not in client.get("/login").content.decode()


def test_a_wrong_password_is_told(client):
    seed()
    response = client.post("/login", {"username": "alice", "password": "wrong"})
    assert "Please enter a correct username and password" in response.content.decode()


def test_login_does_not_redirect_to_another_site(client):
    seed()
    response = client.post(
        "/login", {"username": "alice", "password": "demo", "next": "https://evil.example/"}
    )
    assert response.headers["Location"] == "/"
