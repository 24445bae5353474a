"""Who may do what in the discussion: each cell of the tables in docs/authorisation.md."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from chat.tests.factories import UserFactory
from django.core.cache import cache
from django.test import Client
from test_utils.authorisation import every_cell
from test_utils.sockets import opened, said
from test_utils.users import ORIGIN, session_headers, token_headers

from discussion import services
from discussion.consumers.topic_detail import TopicConsumer
from discussion.consumers.topic_list import TopicListConsumer
from discussion.models import Reply, ReplyVote, Topic, TopicVote
from discussion.tests.factories import ReplyFactory, TopicFactory

JSON: dict[str, Any] = {"content_type": "application/json"}


class Forum:
    """A topic of `owner` with a reply of `replier`, and everyone else of the tables."""

    def __init__(self) -> None:
        cache.clear()  # throttling counts there
        names = ("member", "owner", "replier", "admin")
        self.users = {name: UserFactory.create(username=name) for name in names}
        staff = self.users["admin"]
        staff.is_staff = staff.is_superuser = True
        staff.save()
        self.topic = TopicFactory.create(author=self.users["owner"], title="Old", body="Old")
        self.reply = ReplyFactory.create(author=self.users["replier"], topic=self.topic, body="Old")

    def state(self) -> tuple[object, ...]:
        """Everything that an operation could change."""
        return (
            list(Topic.objects.order_by("pk").values("pk", "title", "body", "accepted_reply")),
            list(Reply.objects.values("pk", "body")),
            list(TopicVote.objects.values("user", "value")),
            list(ReplyVote.objects.values("user", "value")),
        )


@every_cell("Discussion over HTTP")
def test_http(db, operation, actor, answer):
    forum, client = Forum(), Client()
    if actor != "anonymous":
        client.force_login(forum.users[actor])
    topics = "/api/discussion/topics/"
    topic = f"{topics}{forum.topic.pk}/"
    replies = f"{topic}replies/"
    reply = f"{replies}{forum.reply.pk}/"
    text = {"title": "New", "body": "New"}
    before = forum.state()
    response = {
        "open the list's page": lambda: client.get("/discussion/"),
        "open the topic's page": lambda: client.get(forum.topic.get_absolute_url()),
        "list topics": lambda: client.get(topics),
        "read the topic": lambda: client.get(topic),
        "read the replies": lambda: client.get(replies),
        "begin a topic": lambda: client.post(topics, text, **JSON),
        "edit the topic": lambda: client.patch(topic, text, **JSON),
        "delete the topic": lambda: client.delete(topic),
        "vote for the topic": lambda: client.put(f"{topic}vote/", {"value": 1}, **JSON),
        "reply": lambda: client.post(replies, text, **JSON),
        "edit the reply": lambda: client.patch(reply, text, **JSON),
        "delete the reply": lambda: client.delete(reply),
        "vote for the reply": lambda: client.put(f"{reply}vote/", {"value": -1}, **JSON),
        "accept the reply": lambda: client.put(f"{topic}answer/", {"reply_id": forum.reply.pk}, **JSON),
        "change it in the admin": lambda: client.post(
            f"/admin/discussion/reply/{forum.reply.pk}/change/",
            {"author": forum.users["replier"].pk, "topic": forum.topic.pk, "body": "New"},
        ),
    }[operation]()
    reads = operation.startswith(("open", "list", "read"))
    if answer == "yes":
        # The admin sends one back to its list after a change.
        assert response.status_code in (200, 201, 204) or "/login" not in response.headers["Location"]
        assert reads == (forum.state() == before)
    else:
        assert response.status_code == int(answer)
        assert forum.state() == before
        assert answer != "302" or "/admin/login/" in response.headers["Location"]


@pytest.mark.parametrize("credentials", [session_headers, token_headers], ids=["session", "token"])
@every_cell("Discussion over WebSocket")
async def test_websocket(transactional_db, operation, actor, answer, credentials):
    forum = await sync_to_async(Forum)()
    user = forum.users.get(actor)
    headers = [ORIGIN] if user is None else await sync_to_async(credentials)(user)
    of_list = operation == "hear of topics"
    consumer = TopicListConsumer if of_list else TopicConsumer
    path = "/ws/discussion/" if of_list else f"/ws/discussion/{forum.topic.pk}/"
    client, status = await opened(consumer, path, headers)
    assert status == 200
    before = await sync_to_async(forum.state)()
    try:
        if operation.startswith("hear"):
            await said(client, "ping")  # the groups are joined by then
            author = forum.users["replier"]
            await sync_to_async(services.create_reply)(author, forum.topic.pk, body="Another")
            frame = await client.receive_json_from()
            assert frame["action"] == ("topic_listed" if of_list else "reply_created")
            return
        told = answer == "yes"
        ref = {"reply_id": forum.reply.pk}
        action, payload, event = {
            "reply": ("post_reply", {"body": "New"}, "reply_created"),
            "vote for the topic": ("cast_vote", {"value": 1}, "score_changed"),
            "vote for the reply": ("cast_vote", {**ref, "value": -1}, "score_changed"),
            "accept the reply": ("accept_answer", ref, "answer_accepted"),
        }[operation]
        frames = await said(client, action, payload, wait=[event] if told else ["error"])
        assert told == ("error" not in [frame["action"] for frame in frames])
        assert told == (await sync_to_async(forum.state)() != before)
    finally:
        await client.disconnect()
