"""The discussion over REST: what counts, what is refused, what the pages are told."""

from typing import Any

import pytest
from accounts.models import User
from chat.tests.factories import UserFactory
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.test import Client

from chanx.core.testing import capture_broadcast_events
from discussion.consumers.topic_detail import TopicConsumer
from discussion.consumers.topic_list import TopicListConsumer
from discussion.models import Reply, Topic, TopicVote
from discussion.tests.factories import ReplyFactory, TopicFactory

pytestmark = pytest.mark.django_db

BASE = "/api/discussion/topics/"
JSON: dict[str, Any] = {"content_type": "application/json"}


@pytest.fixture(autouse=True)
def _throttling_starts_anew():
    cache.clear()


@pytest.fixture
def alice():
    client = Client()
    client.force_login(UserFactory.create(username="alice"))
    return client


@pytest.fixture
def topic():
    return TopicFactory.create(title="Tea or coffee?")


def url(topic: Topic) -> str:
    return f"{BASE}{topic.pk}/"


def test_votes_are_one_a_user_and_changeable(alice, topic):
    TopicVote.objects.create(user=UserFactory.create(), topic=topic, value=1)
    for value, score in ((1, 2), (1, 2), (-1, 0), (0, 1)):
        answer = alice.put(f"{url(topic)}vote/", {"value": value}, **JSON).json()
        assert answer == {"score": score, "my_vote": value}
        shown = alice.get(url(topic)).json()
        assert (shown["score"], shown["my_vote"]) == (score, value)
        assert Client().get(url(topic)).json()["my_vote"] == 0


def test_the_database_keeps_votes_single_and_small(topic):
    vote = TopicVote.objects.create(user=UserFactory.create(), topic=topic, value=1)
    for user, value in ((vote.user, -1), (UserFactory.create(), 7)):
        with pytest.raises(IntegrityError), transaction.atomic():
            TopicVote.objects.create(user=user, topic=topic, value=value)


@pytest.mark.parametrize("value", [2, -7, "up", None, [], "1; DROP TABLE discussion_topic"])
def test_a_vote_is_up_down_or_none(alice, topic, value):
    assert alice.put(f"{url(topic)}vote/", {"value": value}, **JSON).status_code == 400
    assert TopicVote.objects.count() == 0


def test_votes_do_not_multiply_with_replies(alice, topic):
    for _ in range(3):
        ReplyFactory.create(topic=topic)
        TopicVote.objects.create(user=UserFactory.create(), topic=topic, value=1)
    shown = alice.get(url(topic)).json()
    assert (shown["score"], shown["reply_count"]) == (3, 3)


def test_a_reply_of_another_topic_is_neither_found_nor_accepted(topic):
    elsewhere = ReplyFactory.create()
    client = Client()
    client.force_login(topic.author)
    assert client.get(f"{url(topic)}replies/{elsewhere.pk}/").status_code == 404
    assert client.put(f"{url(topic)}answer/", {"reply_id": elsewhere.pk}, **JSON).status_code == 404
    assert client.put(f"{url(topic)}answer/", {"reply_id": 10**30}, **JSON).status_code == 400
    topic.refresh_from_db()
    assert topic.accepted_reply is None


def test_an_accepted_answer_can_be_changed_taken_back_and_deleted(topic):
    client = Client()
    client.force_login(topic.author)
    first, second = ReplyFactory.create(topic=topic), ReplyFactory.create(topic=topic)
    for pk in (first.pk, second.pk, None, second.pk):
        answer = client.put(f"{url(topic)}answer/", {"reply_id": pk}, **JSON)
        assert answer.json()["accepted_reply_id"] == pk
    second.delete()
    assert client.get(url(topic)).json()["accepted_reply_id"] is None


def test_the_liveliest_topic_comes_first(alice, topic):
    newer = TopicFactory.create()
    assert [t["id"] for t in alice.get(BASE).json()["results"]] == [newer.pk, topic.pk]
    alice.post(f"{url(topic)}replies/", {"body": "Tea"}, **JSON)
    assert [t["id"] for t in alice.get(BASE).json()["results"]] == [topic.pk, newer.pk]


def test_lists_are_paged(alice, topic):
    for _ in range(70):
        ReplyFactory.create(topic=topic, author=topic.author)
    first = alice.get(f"{url(topic)}replies/").json()
    second = alice.get(first["next"]).json()
    ids = [reply["id"] for reply in first["results"] + second["results"]]
    assert (first["count"], len(first["results"]), len(second["results"])) == (70, 50, 20)
    assert ids == sorted(ids)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("coffee", 1),
        ("COFFEE tea", 1),
        ("100%", 0),
        ("_ea", 0),
        ("' OR 1=1 --", 0),
        ("'; DROP TABLE discussion_topic; --", 0),
        ('" UNION SELECT password FROM accounts_user --', 0),
        ("x" * 5000, 0),
    ],
)
def test_the_search_takes_words_as_words(alice, topic, words, found):
    assert alice.get(BASE, {"search": words}).json()["count"] == found
    assert Topic.objects.count() == 1


def test_a_search_that_no_database_takes_is_refused(alice, topic):
    assert alice.get(BASE, {"search": "a\x00b"}).status_code == 400


@pytest.mark.parametrize(
    "change",
    [
        {"title": ""},
        {"title": "   "},
        {"title": "x" * 201},
        {"title": "a\x00b"},
        {"title": ["a"]},
        {"body": ""},
        {"body": "x" * 20_001},
        {"body": None},
    ],
)
def test_text_that_cannot_be_is_refused(alice, change):
    response = alice.post(BASE, {"title": "Fine", "body": "Fine", **change}, **JSON)
    assert response.status_code == 400
    assert Topic.objects.count() == 0


def test_half_a_character_is_refused(alice):
    for body in (b'{"title": "\\ud800", "body": "x"}', b'{"title": "x", "body": "\\udfff"}'):
        assert alice.post(BASE, body, **JSON).status_code == 400


def test_only_what_is_the_clients_can_be_set(alice, topic):
    author = User.objects.get(username="alice")
    forged = {"id": 999, "author": topic.author.username, "score": 99, "accepted_reply_id": 1, "my_vote": 1}
    made = alice.post(BASE, {"title": "Mine", "body": "Mine", **forged}, **JSON).json()
    assert (made["author"], made["score"], made["accepted_reply_id"]) == ("alice", 0, None)
    assert Topic.objects.get(pk=made["id"]).author == author
    reply = alice.post(f"{url(topic)}replies/", {"body": "x", "topic_id": 7, **forged}, **JSON).json()
    assert (reply["author"], reply["topic_id"]) == ("alice", topic.pk)


def test_posts_stay_when_their_author_goes(alice, topic):
    reply = ReplyFactory.create(topic=topic)
    topic.author.delete()
    reply.author.delete()
    assert alice.get(url(topic)).json()["author"] is None
    assert alice.get(f"{url(topic)}replies/").json()["results"][0]["author"] is None


def test_ids_beyond_the_database_are_not_found(alice):
    assert alice.get(f"{BASE}{10**30}/").status_code == 404
    assert alice.get(f"/discussion/{10**30}/").status_code == 404


def test_every_change_is_told_to_the_pages_it_concerns(alice, topic, django_capture_on_commit_callbacks):
    author = Client()
    author.force_login(topic.author)
    reply = ReplyFactory.create(topic=topic)
    of_reply = f"{url(topic)}replies/{reply.pk}/"
    steps = [
        (lambda: alice.post(BASE, {"title": "T", "body": "B"}, **JSON), [], ["topic_created"]),
        (lambda: author.patch(url(topic), {"title": "T"}, **JSON), ["topic_changed"], ["topic_listed"]),
        (
            lambda: alice.post(f"{url(topic)}replies/", {"body": "B"}, **JSON),
            ["reply_created"],
            ["topic_listed"],
        ),
        (lambda: alice.put(f"{url(topic)}vote/", {"value": 1}, **JSON), ["score_changed"], ["topic_listed"]),
        (lambda: alice.put(f"{of_reply}vote/", {"value": 1}, **JSON), ["score_changed"], []),
        (
            lambda: author.put(f"{url(topic)}answer/", {"reply_id": reply.pk}, **JSON),
            ["answer_accepted"],
            ["topic_listed"],
        ),
        (lambda: author.delete(url(topic)), ["notify_topic_deleted"], ["topic_unlisted"]),
    ]
    for step, to_page, to_list in steps:
        with (
            capture_broadcast_events(TopicConsumer) as page,
            capture_broadcast_events(TopicListConsumer) as listed,
            django_capture_on_commit_callbacks(execute=True),
        ):
            assert step().status_code < 300
        assert [told.event.action for told in page] == to_page
        assert [told.event.action for told in listed] == to_list
        assert all(set(told.groups or ()) == {f"discussion.topic.{topic.pk}"} for told in page)
    assert Reply.objects.count() == 0
