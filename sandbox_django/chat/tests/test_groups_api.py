"""Groups over REST: who may do what, and what the members are told."""

import pytest
from accounts.models import User
from django.core.cache import cache
from django.test import Client

from chanx.core.testing import capture_broadcast_events
from chat.consumers.chat_detail import ChatDetailConsumer
from chat.models import ChatMember, ChatMessage, GroupChat
from chat.tests.factories import ChatMemberFactory, GroupChatFactory, UserFactory

pytestmark = pytest.mark.django_db

BASE = "/api/chat/groups/"
JSON = {"content_type": "application/json"}


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
    for name in ("owner", "member", "stranger", "admin"):
        user = UserFactory.create(username=name, is_superuser=name == "admin")
        clients[name] = Client()
        clients[name].force_login(user)
    for name in ("owner", "member"):
        user = User.objects.get(username=name)
        ChatMemberFactory.create(user=user, group_chat=group, role=name)
    UserFactory.create(username="newcomer")
    return clients


def membership(name: str) -> ChatMember:
    return ChatMember.objects.get(user__username=name)


MEMBERS = {"owner", "member"}
ALLOWED = {
    "page": MEMBERS,
    "read": MEMBERS,
    "members": MEMBERS,
    "history": MEMBERS,
    "add": {"owner"},
    "remove": {"owner"},
    "rename": {"owner"},
    "delete": {"owner"},
}


@pytest.mark.parametrize("role", ["anonymous", "owner", "member", "stranger", "admin"])
@pytest.mark.parametrize("operation", list(ALLOWED))
def test_who_may_do_what(people, group, role, operation):
    other = ChatMemberFactory.create(group_chat=group)
    client, url = people[role], f"{BASE}{group.pk}/"
    response = {
        "page": lambda: client.get(group.get_absolute_url()),
        "read": lambda: client.get(url),
        "members": lambda: client.get(f"{url}members/"),
        "history": lambda: client.get(f"{url}messages/"),
        "add": lambda: client.post(f"{url}members/", {"username": "newcomer"}, **JSON),
        "remove": lambda: client.delete(f"{url}members/{other.pk}/"),
        "rename": lambda: client.patch(url, {"title": "New"}, **JSON),
        "delete": lambda: client.delete(url),
    }[operation]()
    if role in ALLOWED[operation]:
        assert response.status_code in (200, 201, 204)
        return
    if operation == "page" and role == "anonymous":
        assert response.headers["Location"].startswith("/login")
    else:
        assert response.status_code == (401 if role == "anonymous" else 403)
    group.refresh_from_db()
    assert group.title == "Crew"
    assert group.members.count() == 3


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


def test_adding_and_removing_is_told_to_the_group(people, group):
    url = f"{BASE}{group.pk}/members/"
    with capture_broadcast_events(ChatDetailConsumer) as told:
        assert people["owner"].post(url, {"username": "newcomer"}, **JSON).status_code == 201
        people["owner"].delete(f"{url}{membership('newcomer').pk}/")
    added, gone = told
    assert (added.event.action, gone.event.action) == ("notify_member_added", "notify_member_removed")
    assert added.event.payload.username == gone.event.payload.username == "newcomer"
    assert set(added.groups) == set(gone.groups) == {f"group_chat.{group.pk}"}


@pytest.mark.parametrize(
    ("username", "words"),
    [("nobody", "no user named"), ("member", "member already"), ("", "null"), ("' OR 1=1 --", "no user")],
)
def test_an_impossible_newcomer_is_explained(people, group, username, words):
    response = people["owner"].post(f"{BASE}{group.pk}/members/", {"username": username}, **JSON)
    assert response.status_code == 400
    assert words in response.content.decode()


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
