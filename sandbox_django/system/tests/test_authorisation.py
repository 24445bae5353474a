"""Who may send and hear notices: each cell of the tables in docs/authorisation.md."""

import json

from accounts.models import User
from asgiref.sync import sync_to_async
from django.test import Client
from test_utils.authorisation import every_cell
from test_utils.sockets import opened, said
from test_utils.users import ORIGIN, session_headers

from system.consumers.system_consumer import SystemConsumer
from system.services.notices import Audience, send_notice


def make_users() -> dict[str, User]:
    return {"user": User.objects.create_user("alice"), "admin": User.objects.create_superuser("admin")}


@every_cell("Notices over HTTP")
def test_http(db, operation, actor, answer):
    client, users = Client(), make_users()
    if actor != "anonymous":
        client.force_login(users[actor])

    def send(audience: str, target: str = ""):
        form = {"audience": audience, "target": target, "text": "hello"}
        return client.post("/system/send/", form, headers={"accept": "application/json"})

    notice = json.dumps({"token": "x", "audience": "all", "text": "hello"})
    response = {
        "open the page": lambda: client.get("/system/"),
        "send a notice to everyone": lambda: send("all"),
        "send a notice to a user": lambda: send("user", "alice"),
        "send a notice to a group": lambda: send("group", "crew"),
        "pass a notice to the relay without a signature": lambda: client.post(
            "/system/relay", notice, content_type="application/json"
        ),
        "open the admin": lambda: client.get("/admin/"),
        "read the OpenAPI document": lambda: client.get("/api/schema/"),
        "read the AsyncAPI document": lambda: client.get("/asyncapi/schema/"),
    }[operation]()
    assert response.status_code == (200 if answer == "yes" else int(answer))
    if answer == "302":
        assert "/login" in response.headers["Location"]


@every_cell("Notices over WebSocket")
async def test_websocket(transactional_db, operation, actor, answer):
    users = await sync_to_async(make_users)()
    user = users.get(actor)
    headers = [ORIGIN] if user is None else await sync_to_async(session_headers)(user)
    client, _ = await opened(SystemConsumer, "/ws/system/", headers)
    await said(client, "ping")
    if operation == "send a notice":
        notice = {
            "text": "hello",
            "audience": "all",
            "target": None,
            "sender": "x",
            "sent_at": "2026-01-01T00:00:00Z",
        }
        for action in ("notification", "notify"):
            frames = await said(client, action, notice, wait=["error"])
            assert [frame["action"] for frame in frames] == ["error"]
        assert answer == "error"
        await client.disconnect()
        return
    if "follow" in operation:
        group = f"user.{users['user'].pk}" if "user.<pk>" in operation else "crew"
        await said(client, "follow_group", {"group": group}, wait=["group_followed"])
    audience: Audience = "all" if "everyone" in operation else "user" if "alice" in operation else "group"
    target = {"all": None, "user": "alice", "group": "crew"}[audience]
    await sync_to_async(send_notice)(audience=audience, target=target, text="hello", sender="test")
    heard = not await client.receive_nothing(timeout=0.3)
    assert heard == (answer == "yes")
    if heard:
        assert (await client.receive_json_from())["payload"]["text"] == "hello"
    await client.disconnect()
