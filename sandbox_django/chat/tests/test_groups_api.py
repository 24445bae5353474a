"""Groups over REST: what can be done, what cannot, and what the members are told."""

from typing import Any

import pytest
from accounts.models import User
from django.core.cache import cache
from django.test import Client

from chanx.core.testing import capture_broadcast_events
from chat.consumers.chat_detail import ChatDetailConsumer
from chat.models import ChatMember, ChatMessage, GroupChat
from chat.tests.factories import (
    ChatInvitationFactory,
    ChatMemberFactory,
    ChatMessageFactory,
    GroupChatFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

BASE = "/api/chat/groups/"
INVITATIONS = "/api/chat/invitations/"
JSON: dict[str, Any] = {"content_type": "application/json"}


@pytest.fixture(autouse=True)
def _throttling_starts_anew():
    cache.clear()


@pytest.fixture
def group():
    return GroupChatFactory.create(title="Crew")


@pytest.fixture
def people(group):
    """Clients by role."""
    clients = {"anonymous": Client()}
    for name in ("owner", "member", "stranger", "admin", "newcomer"):
        user = UserFactory.create(username=name, is_superuser=name == "admin")
        clients[name] = Client()
        clients[name].force_login(user)
    for name in ("owner", "member"):
        user = User.objects.get(username=name)
        ChatMemberFactory.create(user=user, group_chat=group, role=name)
    return clients


def membership(name: str) -> ChatMember:
    return ChatMember.objects.get(user__username=name)


def test_the_maker_owns_a_new_group(people):
    created = people["stranger"].post(BASE, {"title": "Mine"}).json()
    member = GroupChat.objects.get(pk=created["id"]).members.get()
    assert (member.user.username, member.role) == ("stranger", "owner")


def test_anonymous_visitors_make_no_group(people):
    assert people["anonymous"].post(BASE, {"title": "x"}).status_code == 401
    assert people["anonymous"].post("/chat/groups/", {"title": "x"}).status_code == 302
    assert GroupChat.objects.count() == 1


def test_the_list_holds_ones_own_groups(people, group):
    assert [g["title"] for g in people["member"].get(BASE).json()["results"]] == ["Crew"]
    for role in ("stranger", "admin"):
        assert people[role].get(BASE).json()["results"] == []


def test_unread_counts_what_others_said_since(people, group):
    owner, member = User.objects.get(username="owner"), membership("member")
    lines = [
        ChatMessage.objects.create(group_chat=group, sender=sender, content="x")
        for sender in (owner, owner, member.user, owner)
    ]
    member.last_read_id = lines[0].pk
    member.save()
    assert people["member"].get(BASE).json()["results"][0]["unread"] == 2
    assert people["owner"].get(BASE).json()["results"][0]["unread"] == 1
    assert "2 new" in people["member"].get("/chat/").content.decode()


def test_an_accepted_invitation_and_a_removal_are_told_to_the_group(
    people, group, django_capture_on_commit_callbacks
):
    url = f"{BASE}{group.pk}/"
    with capture_broadcast_events(ChatDetailConsumer) as told:
        with django_capture_on_commit_callbacks(execute=True):
            invitation = people["owner"].post(f"{url}invitations/", {"username": "newcomer"}, **JSON).json()
        assert told == []
        with django_capture_on_commit_callbacks(execute=True):
            answer = people["newcomer"].post(f"{INVITATIONS}{invitation['id']}/accept/")
            assert answer.status_code == 201
            people["owner"].delete(f"{url}members/{answer.json()['id']}/")
    added, gone = told
    assert (added.event.action, gone.event.action) == ("notify_member_added", "notify_member_removed")
    assert added.event.payload.username == gone.event.payload.username == "newcomer"
    assert set(added.groups or ()) == set(gone.groups or ()) == {f"group_chat.{group.pk}"}


@pytest.mark.parametrize(
    ("username", "words"),
    [
        ("nobody", "no user named"),
        ("member", "member already"),
        ("owner", "member already"),
        ("", "null"),
        ("' OR 1=1 --", "no user"),
        ("a\x00b", "username"),
        ("x" * 5000, "no user"),
    ],
)
def test_an_impossible_invitation_is_explained(people, group, username, words):
    response = people["owner"].post(f"{BASE}{group.pk}/invitations/", {"username": username}, **JSON)
    assert response.status_code == 400
    assert words in response.content.decode()
    assert not group.invitations.exists()


def test_a_user_is_invited_once_and_told_who_asked(people, group):
    url = f"{BASE}{group.pk}/invitations/"
    assert people["owner"].post(url, {"username": "newcomer"}, **JSON).status_code == 201
    again = people["owner"].post(url, {"username": "newcomer"}, **JSON)
    assert "invited already" in again.content.decode()
    (mine,) = people["newcomer"].get(INVITATIONS).json()["results"]
    assert (mine["title"], mine["invited_by"], mine["group_id"]) == ("Crew", "owner", group.pk)


def test_an_invitation_is_answered_once(people, group):
    invitation = ChatInvitationFactory.create(group_chat=group, user=User.objects.get(username="newcomer"))
    url = f"{INVITATIONS}{invitation.pk}/"
    assert people["newcomer"].post(f"{url}decline/").status_code == 204
    for verb in ("accept", "decline"):
        assert people["newcomer"].post(f"{url}{verb}/").status_code == 404
    assert not group.members.filter(user__username="newcomer").exists()


def test_public_groups_are_found_and_joined_by_oneself(people, group):
    public = GroupChatFactory.create(title="Open", is_public=True)
    (found,) = people["member"].get(f"{BASE}public/").json()["results"]
    assert (found["title"], found["member_count"]) == ("Open", 0)
    for status in (201, 200):
        answer = people["member"].post(f"{BASE}{public.pk}/join/")
        assert (answer.status_code, answer.json()["role"]) == (status, "member")
    assert people["member"].get(f"{BASE}public/").json()["results"] == []
    assert public.members.count() == 1


def test_roles_are_given_by_owners_and_one_owner_stays(people, group):
    url = f"{BASE}{group.pk}/members/"
    mine, other = membership("owner"), membership("member")
    for path, role, status in (
        (mine.pk, "member", 400),
        (other.pk, "emperor", 400),
        (other.pk, "admin", 200),
        (other.pk, "owner", 200),
        (mine.pk, "member", 200),
        (other.pk, "member", 403),  # an owner no more
    ):
        assert people["owner"].patch(f"{url}{path}/", {"role": role}, **JSON).status_code == status
    assert (membership("owner").role, membership("member").role) == ("member", "owner")


def test_words_are_found_in_the_history(people, group):
    for content in ("the needle", "hay", "100%", "under_score"):
        ChatMessageFactory.create(group_chat=group, content=content)
    ChatMessageFactory.create(content="a needle elsewhere")
    url = f"{BASE}{group.pk}/messages/"
    for words, found in (
        ("NEEDLE", ["the needle"]),
        ("%", ["100%"]),
        ("_", ["under_score"]),
        ("' OR 1=1 --", []),
        ("'; DROP TABLE chat_chatmessage; --", []),
    ):
        lines = people["member"].get(url, {"search": words}).json()["results"]
        assert [line["content"] for line in lines] == found
    assert people["member"].get(url, {"search": "a\x00b"}).status_code == 400
    assert people["member"].get(url, {"cursor": "' OR 1=1"}).status_code in (200, 404)


@pytest.mark.parametrize("title", ["", "  ", "x" * 101, "a\x00b"])
def test_a_title_that_cannot_be_is_refused(people, title):
    assert people["member"].post(BASE, {"title": title}, **JSON).status_code == 400
    assert people["member"].post("/chat/groups/", {"title": title}).headers["Location"] == "/chat/"
    assert GroupChat.objects.count() == 1


@pytest.mark.parametrize("content", ["", "  ", "x" * 4001, "a\x00b", None, ["x"]])
def test_a_line_that_cannot_be_is_refused(people, group, content):
    url = f"{BASE}{group.pk}/messages/"
    assert people["member"].post(url, {"content": content}, **JSON).status_code == 400
    assert not group.messages.exists()


def test_a_line_over_rest_reaches_the_groups_pages(people, group, django_capture_on_commit_callbacks):
    with (
        capture_broadcast_events(ChatDetailConsumer) as told,
        django_capture_on_commit_callbacks(execute=True),
    ):
        made = people["member"].post(f"{BASE}{group.pk}/messages/", {"content": " hi "}, **JSON).json()
    (event,) = told
    assert (event.event.action, event.event.payload.id) == ("new_group_message", made["id"])
    assert (made["sender"], made["content"]) == ("member", "hi")


def test_a_member_may_leave(people, group):
    url = f"{BASE}{group.pk}/members/{membership('member').pk}/"
    assert people["member"].delete(url).status_code == 204
    assert people["member"].get(f"{BASE}{group.pk}/").status_code == 403


def test_the_last_owner_stays_while_there_are_members(people, group):
    url = f"{BASE}{group.pk}/members/{membership('owner').pk}/"
    assert people["owner"].delete(url).status_code == 400
    membership("member").delete()
    assert people["owner"].delete(url).status_code == 204


def test_a_member_of_another_group_is_not_found(people, group):
    elsewhere = ChatMemberFactory.create()
    response = people["owner"].delete(f"{BASE}{group.pk}/members/{elsewhere.pk}/")
    assert response.status_code == 404
    assert ChatMember.objects.filter(pk=elsewhere.pk).exists()


def test_the_history_goes_back_page_by_page(people, group):
    for number in range(70):
        ChatMessage.objects.create(group_chat=group, sender=None, content=f"line {number}")
    first = people["member"].get(f"{BASE}{group.pk}/messages/").json()
    assert [line["content"] for line in first["results"]] == [f"line {n}" for n in range(69, 19, -1)]
    second = people["member"].get(first["next"]).json()
    assert [line["content"] for line in second["results"]] == [f"line {n}" for n in range(19, -1, -1)]
    assert second["next"] is None


def test_markup_in_a_title_is_text_on_the_pages(people, group):
    group.title = "<script>alert(1)</script>"
    group.save()
    for path in ("/chat/", group.get_absolute_url()):
        body = people["member"].get(path).content.decode()
        assert "&lt;script&gt;alert(1)" in body
        assert "<script>alert(1)" not in body
