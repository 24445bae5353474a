"""Who may do what with kept conversations: each cell of the tables in docs/authorisation.md."""

from typing import Any

import pytest
from accounts.models import User
from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.test import Client
from llm_server_process import llm_server
from test_utils.authorisation import every_cell
from test_utils.sockets import opened, said
from test_utils.users import ORIGIN, session_headers, token_headers

from assistants.consumers.connection_consumer import ConnectionAssistantConsumer
from assistants.consumers.conversation_consumer import ConversationAssistantConsumer
from assistants.messages.assistant import TitleEvent, TitlePayload
from assistants.models import AssistantConversation, AssistantMessage
from assistants.services import answers

BASE = "/api/assistants/conversations/"
JSON: dict[str, Any] = {"content_type": "application/json"}


@pytest.fixture(scope="module")
def model_url():
    with llm_server("--tokens-per-second", "0") as server:
        yield server.url


@pytest.fixture(autouse=True)
def _model(settings, model_url):
    cache.clear()
    settings.OPENAI_BASE_URL = f"{model_url}/v1"


class Assistant:
    """A conversation of `owner`, whose last question is not answered, and one without owner."""

    def __init__(self) -> None:
        self.users = {
            name: User.objects.create_user(name.replace(" ", "")) for name in ("other user", "owner")
        }
        self.users["admin"] = User.objects.create_superuser("admin")
        self.owned = AssistantConversation.objects.create(user=self.users["owner"], title="Old")
        self.ownerless = AssistantConversation.objects.create(title="Old")
        for conversation in (self.owned, self.ownerless):
            AssistantMessage.objects.create(conversation=conversation, message_type="user", content="Hello!")

    def state(self) -> tuple[list[Any], list[Any]]:
        """Everything that an operation could change."""
        messages = AssistantMessage.objects.order_by("pk").values("pk", "content", "status")
        return list(AssistantConversation.objects.order_by("pk").values("pk", "title", "user")), list(
            messages
        )


def perform(operation: str, client: Client, conversation: AssistantConversation):
    url = f"{BASE}{conversation.pk}/"
    if operation == "stop the answer":
        answers.open_answer(conversation.messages.get())
    return {
        "open the list's page": lambda: client.get("/assistants/conversations/"),
        "open the conversation's page": lambda: client.get(conversation.get_absolute_url()),
        "list one's conversations": lambda: client.get(BASE),
        "begin a conversation": lambda: client.post(BASE, {"title": "New"}, **JSON),
        "read the conversation": lambda: client.get(url),
        "read the messages": lambda: client.get(f"{url}messages/"),
        "ask": lambda: client.post(f"{url}messages/", {"content": "Hello?"}, **JSON),
        "stop the answer": lambda: client.post(f"{url}stop/"),
        "have it answered again": lambda: client.post(f"{url}resume/"),
        "rename it": lambda: client.patch(url, {"title": "New"}, **JSON),
        "delete it": lambda: client.delete(url),
        "change it in the admin": lambda: client.post(
            f"/admin/assistants/assistantconversation/{conversation.pk}/change/", {"title": "New"}
        ),
    }[operation]()


def check(assistant: Assistant, before, operation: str, response, answer: str) -> None:
    if answer == "yes":
        # The admin sends one back to its list after a change.
        assert response.status_code in (200, 201, 204) or "/login" not in response.headers["Location"]
        reads = operation.startswith(("open", "list", "read"))
        assert reads == (assistant.state() == before)
    else:
        assert response.status_code == int(answer)
        assert answer != "302" or "/admin/login/" in response.headers["Location"]
        after = assistant.state()
        if operation == "stop the answer":  # the test itself has begun it
            assert [message["status"] for message in after[1]].count("waiting") == 1
        else:
            assert after == before


@every_cell("Assistant over HTTP")
def test_http(db, operation, actor, answer):
    assistant, client = Assistant(), Client()
    if actor != "anonymous":
        client.force_login(assistant.users[actor])
    before = assistant.state()
    response = perform(operation, client, assistant.owned)
    check(assistant, before, operation, response, answer)
    if operation == "list one's conversations":
        own = [str(assistant.owned.pk)] if actor == "owner" else []
        assert [found["id"] for found in response.json()["results"]] == own
    if operation == "begin a conversation":
        user = AssistantConversation.objects.get(pk=response.json()["id"]).user
        assert user == assistant.users.get(actor)


@every_cell("Assistant over HTTP")
def test_a_conversation_without_owner_is_open_to_who_knows_its_address(db, operation, actor, answer):
    assistant, client = Assistant(), Client()
    if actor != "anonymous":
        client.force_login(assistant.users[actor])
    before = assistant.state()
    response = perform(operation, client, assistant.ownerless)
    if operation == "change it in the admin":
        assert (before != assistant.state()) == (actor == "admin")
    else:
        check(assistant, before, operation, response, "yes")


@pytest.mark.parametrize("credentials", [session_headers, token_headers], ids=["session", "token"])
@every_cell("Assistant over WebSocket")
async def test_websocket(transactional_db, operation, actor, answer, credentials):
    assistant = await sync_to_async(Assistant)()
    user = assistant.users.get(actor)
    headers = [ORIGIN] if user is None else await sync_to_async(credentials)(user)
    if operation == "ask the assistant of the connection":
        client, _ = await opened(ConnectionAssistantConsumer, "/ws/assistants/", headers)
        frames = await said(client, "assistant_message", "What is a group?", wait=["complete_streaming"])
        assert "streaming" in [frame["action"] for frame in frames]
        await client.disconnect()
        return
    conversation = assistant.ownerless if "without owner" in operation else assistant.owned
    path = f"/ws/assistants/{conversation.pk}/"
    client, status = await opened(ConversationAssistantConsumer, path, headers)
    if answer not in ("yes", "error"):
        assert status == int(answer)
        await client.assert_closed(4000 + status)
        return
    assert status == 200
    before = await sync_to_async(assistant.state)()
    if answer == "error":
        await client.send_json_to({"action": "new_message", "payload": {"message_id": 1, "content": "x"}})
        assert (await client.receive_json_from())["action"] == "error"
        assert await sync_to_async(assistant.state)() == before
    else:
        event = TitleEvent(payload=TitlePayload(title="New"))
        # The first may come before the group is joined.
        for _ in range(20):
            await ConversationAssistantConsumer.broadcast_event(event, [conversation.layer_group])
            if not await client.receive_nothing(timeout=0.1):
                break
        assert (await client.receive_json_from())["action"] == "conversation_title"
    await client.disconnect()
