"""The tutorial's checkpoints, each served by runserver and used over real sockets."""

import asyncio
import json
import re
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from llm_server_process import llm_server
from redis_server import RedisServer
from tutorial_project import Project, build, served
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

import chanx.layers

LINE = {"action": "new_chat_message", "payload": {"message": "Hello everyone!", "name": "Alice"}}
PONG = {"action": "pong", "payload": None}


@pytest.fixture(scope="module")
def part1(tmp_path_factory):
    with served(build("part1", tmp_path_factory.mktemp("part1"))) as server:
        yield server


@pytest.fixture(scope="module")
def part2(tmp_path_factory):
    with served(build("part2", tmp_path_factory.mktemp("part2"))) as server:
        yield server


@pytest.fixture(scope="module")
def part3(tmp_path_factory):
    with llm_server() as model:
        environment = {"OPENAI_BASE_URL": f"{model.url}/v1"}
        with served(build("part3", tmp_path_factory.mktemp("part3"), **environment)) as server:
            yield server


def build_with_users(directory: Path) -> Project:
    project = build("part4", directory)
    project.manage(
        "shell",
        "--command",
        "from django.contrib.auth.models import User\n"
        "User.objects.create_superuser('admin', password='demo')\n"
        "User.objects.create_user('alice', password='demo', is_staff=False)\n"
        "User.objects.create_user('bob', password='demo', is_staff=True)\n",
    )
    return project


@pytest.fixture(scope="module")
def part4_project(tmp_path_factory):
    return build_with_users(tmp_path_factory.mktemp("part4"))


@pytest.fixture(scope="module")
def part4(part4_project):
    with served(part4_project) as server:
        yield server


REDIS_LAYERS = [
    "channels_redis.core.RedisChannelLayer",
    "channels_redis.pubsub.RedisPubSubChannelLayer",
    *(f"chanx.layers.{name}" for name in chanx.layers.__all__ if name.startswith("Redis")),
]


@pytest.fixture(scope="module", params=REDIS_LAYERS)
def part4_on_redis(request, part4_project):
    with RedisServer() as redis:
        layer = {"CHANNEL_LAYER_BACKEND": request.param, "REDIS_URL": f"redis://127.0.0.1:{redis.port}/0"}
        project = replace(part4_project, environment={**part4_project.environment, **layer})
        with served(project) as server:
            yield server


async def receive(socket: ClientConnection, within: float = 5) -> dict:
    return json.loads(await asyncio.wait_for(socket.recv(), within))


async def ask(socket: ClientConnection, frame: dict) -> dict:
    await socket.send(json.dumps(frame))
    return await receive(socket)


async def joined(stack: AsyncExitStack, url: str, **options) -> ClientConnection:
    """A connection that has joined its groups: it answers a ping."""
    socket = await stack.enter_async_context(connect(url, **options))
    assert await ask(socket, {"action": "ping"}) == PONG
    return socket


async def assert_nothing_more(socket: ClientConnection) -> None:
    """Nothing was sent to the client before the answer to this ping."""
    assert await ask(socket, {"action": "ping"}) == PONG


@pytest.mark.parametrize("part", ["part1", "part2", "part3", "part4"])
def test_the_pages_of_every_part_are_served(request, part):
    server = request.getfixturevalue(part)
    for path in ("/", "/chat/", "/assistants/", "/system/", "/asyncapi/docs/", "/admin/login/"):
        response = httpx.get(server.http + path)
        assert response.status_code == 200, path
        for asset in re.findall(r'(?:src|href)="(/static/[^"]+)"', response.text):
            assert httpx.get(server.http + asset).status_code == 200, asset


async def test_part_1_has_no_websocket_yet(part1):
    with pytest.raises((InvalidStatus, ConnectionError)):
        async with connect(f"{part1.ws}/ws/chat/room1/"):
            pass


async def test_part_2_a_line_reaches_the_others_in_the_room_only(part2):
    async with AsyncExitStack() as stack:
        alice, bob, carol = [await joined(stack, f"{part2.ws}/ws/chat/room1/") for _ in range(3)]
        elsewhere = await joined(stack, f"{part2.ws}/ws/chat/room2/")
        await alice.send(json.dumps(LINE))
        assert await receive(bob) == LINE
        assert await receive(carol) == LINE
        await assert_nothing_more(alice)
        await assert_nothing_more(elsewhere)


async def test_part_2_a_wrong_frame_is_answered_and_the_connection_lives(part2):
    async with AsyncExitStack() as stack:
        alice = await joined(stack, f"{part2.ws}/ws/chat/room1/")
        wrong = await ask(alice, {"action": "new_chat_message", "payload": {"message": 5, "name": "A"}})
        assert wrong["action"] == "error"
        assert wrong["payload"][0]["loc"] == ["new_chat_message", "payload", "message"]
        await assert_nothing_more(alice)


async def test_part_2_another_sites_page_may_not_connect(part2):
    with pytest.raises(InvalidStatus) as refused:
        async with connect(f"{part2.ws}/ws/chat/room1/", origin="http://evil.example"):
            pass
    assert refused.value.response.status_code == 403


async def answer(socket: ClientConnection, question: str) -> tuple[list[dict], list[float]]:
    await socket.send(json.dumps({"action": "assistant_message", "payload": question}))
    frames, times = [], []
    while not frames or frames[-1]["action"] != "complete_streaming":
        frames.append(await receive(socket))
        times.append(time.monotonic())
        assert frames[-1]["action"] != "error", frames[-1]
    return frames, times


async def test_part_3_an_answer_grows_token_by_token(part3):
    async with AsyncExitStack() as stack:
        socket = await joined(stack, f"{part3.ws}/ws/assistants/")
        frames, times = await answer(socket, "What is Python?")
    assert frames[0] == {"action": "streaming_start", "payload": {"content": ""}}
    assert frames[-1] == {"action": "complete_streaming", "payload": {"content": ""}}
    assert {frame["action"] for frame in frames[1:-1]} == {"streaming"}
    assert "programming language" in "".join(frame["payload"]["content"] for frame in frames)
    assert len({round(moment, 3) for moment in times}) > len(frames) * 0.8


async def test_part_3_the_conversation_is_remembered_per_connection(part3):
    async with AsyncExitStack() as stack:
        first, other = [await joined(stack, f"{part3.ws}/ws/assistants/") for _ in range(2)]
        await answer(first, "What is a group?")
        texts = []
        for socket in (first, other):
            frames, _ = await answer(socket, "Can you give me an example?")
            texts.append("".join(frame["payload"]["content"] for frame in frames))
    assert "group_add" in texts[0]
    assert "What is a group?" in texts[0]
    assert "What is a group?" not in texts[1]


async def test_part_3_an_answer_does_not_hold_up_other_clients(part3):
    async with AsyncExitStack() as stack:
        reader = await joined(stack, f"{part3.ws}/ws/assistants/")
        chatter = await joined(stack, f"{part3.ws}/ws/chat/room1/")
        streaming = asyncio.create_task(answer(reader, "What is a consumer?"))
        delays = []
        while not streaming.done():
            started = time.monotonic()
            await assert_nothing_more(chatter)
            delays.append(time.monotonic() - started)
            await asyncio.sleep(0.02)
        await streaming
    assert len(delays) > 10
    assert sorted(delays)[len(delays) // 2] < 0.05


def test_part_3_the_document_lists_every_message_of_the_assistant(part3):
    schema = httpx.get(f"{part3.http}/asyncapi/schema/", headers={"Accept": "application/json"}).json()
    channel = schema["channels"]["assistants"]
    assert channel["address"] == "ws/assistants/"
    assert channel["description"] == "AI Assistant WebSocket API"
    assert [tag["name"] for tag in channel["tags"]] == ["ai", "chat"]
    [operation] = [
        each for each in schema["operations"].values() if each.get("summary") == "Ask the assistant"
    ]
    assert len(operation["reply"]["messages"]) == 3


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("", "offline None http://127.0.0.1:8001/v1"),
        (
            "# OpenAI Configuration\nOPENAI_API_KEY=your-actual-api-key-here\n"
            "OPENAI_ORG=  # Optional - leave empty if you do not have an organization\n",
            "offline None http://127.0.0.1:8001/v1",
        ),
        (
            "OPENAI_API_KEY=your_openai_api_key_here\nOPENAI_ORG=your_openai_org_id_here (optional)\n",
            "offline None http://127.0.0.1:8001/v1",
        ),
        ("OPENAI_API_KEY=sk-real # mine\nOPENAI_ORG=org-1\n", "sk-real org-1 None"),
        ("OPENAI_BASE_URL=http://localhost:11434/v1\n", "offline None http://localhost:11434/v1"),
    ],
    ids=["no lines", "placeholders", "other placeholders", "a real key", "another server"],
)
def test_part_3_reads_the_model_from_the_env_file(tmp_path, lines, expected):
    project = build("part3", tmp_path / "project", migrate=False)
    (project.directory / ".env").write_text(lines)
    printed = project.manage(
        "shell",
        "--command",
        "import os; from django.conf import settings; "
        "print(settings.OPENAI_API_KEY, settings.OPENAI_ORG, os.environ.get('OPENAI_BASE_URL'))",
    )
    assert expected in printed.splitlines()


def login(http: str, name: str) -> httpx.Client:
    client = httpx.Client(base_url=http, follow_redirects=True)
    client.get("/admin/login/")
    form = {"username": name, "password": "demo", "csrfmiddlewaretoken": client.cookies["csrftoken"]}
    client.post("/admin/login/?next=/", data=form)
    return client


def send_notification(client: httpx.Client, **form) -> httpx.Response:
    client.get("/system/")
    return client.post("/system/send/", data={**form, "csrfmiddlewaretoken": client.cookies["csrftoken"]})


def session_of(client: httpx.Client) -> dict[str, dict[str, str]]:
    return {"additional_headers": {"Cookie": f"sessionid={client.cookies['sessionid']}"}}


def notification(text: str) -> dict:
    return {"action": "notification", "payload": {"text": text, "sender": "admin"}}


async def test_part_4_a_notification_to_everyone_reaches_every_page(part4):
    admin = await asyncio.to_thread(login, part4.http, "admin")
    async with AsyncExitStack() as stack:
        system = await joined(stack, f"{part4.ws}/ws/system/")
        chat = await joined(stack, f"{part4.ws}/ws/chat/room1/")
        response = await asyncio.to_thread(send_notification, admin, text="Lunch is ready", user="")
        assert "Sent to everyone." in response.text
        for socket in (system, chat):
            assert await receive(socket) == notification("Lunch is ready")


async def test_part_4_a_notification_to_a_user_reaches_all_her_pages_and_nobody_else(part4):
    admin = await asyncio.to_thread(login, part4.http, "admin")
    # bob is on the admin's staff: the login form of the admin takes him
    bob = await asyncio.to_thread(login, part4.http, "bob")
    async with AsyncExitStack() as stack:
        system = await joined(stack, f"{part4.ws}/ws/system/", **session_of(bob))
        chat = await joined(stack, f"{part4.ws}/ws/chat/room1/", **session_of(bob))
        sender = await joined(stack, f"{part4.ws}/ws/system/", **session_of(admin))
        stranger = await joined(stack, f"{part4.ws}/ws/chat/room1/")
        await asyncio.to_thread(send_notification, admin, text="For Bob", user="3")
        for socket in (system, chat):
            assert await receive(socket) == notification("For Bob")
        for socket in (sender, stranger):
            await assert_nothing_more(socket)


async def test_part_4_chat_lines_do_not_reach_the_notification_groups(part4):
    async with AsyncExitStack() as stack:
        alice, bob = [await joined(stack, f"{part4.ws}/ws/chat/room1/") for _ in range(2)]
        other = await joined(stack, f"{part4.ws}/ws/chat/room2/")
        system = await joined(stack, f"{part4.ws}/ws/system/")
        await alice.send(json.dumps(LINE))
        assert await receive(bob) == LINE
        await assert_nothing_more(other)
        await assert_nothing_more(system)


async def test_part_4_works_on_every_redis_layer(part4_on_redis):
    """Broadcasts of a consumer, and events sent by a view, which has no event loop."""
    server = part4_on_redis
    admin = await asyncio.to_thread(login, server.http, "admin")
    async with AsyncExitStack() as stack:
        alice, bob = [await joined(stack, f"{server.ws}/ws/chat/room1/") for _ in range(2)]
        elsewhere = await joined(stack, f"{server.ws}/ws/chat/room2/")
        await alice.send(json.dumps(LINE))
        assert await receive(bob) == LINE
        for text in ("One", "Two", "Three"):
            await asyncio.to_thread(send_notification, admin, text=text, user="")
            for socket in (alice, bob, elsewhere):
                assert await receive(socket) == notification(text)


def test_part_4_only_staff_sends_notifications(part4):
    with httpx.Client(base_url=part4.http) as visitor:
        assert "<form" not in visitor.get("/system/").text
        assert visitor.get("/admin/login/").status_code == 200
        token = visitor.cookies["csrftoken"]
        response = visitor.post("/system/send/", data={"text": "x", "csrfmiddlewaretoken": token})
        assert response.status_code == 302
        assert "login" in response.headers["location"]
