"""Who may do what in the chat: each cell of the tables in docs/authorisation.md."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from assistants.consumers.conversation_consumer import ConversationAssistantConsumer
from assistants.messages.assistant import StreamingEvent, StreamingPayload
from assistants.models import AssistantConversation
from django.test import Client
from test_utils.authorisation import every_cell
from test_utils.sockets import opened, said
from test_utils.users import ORIGIN, session_headers, token_headers

from chat.consumers.chat_consumer import ChatConsumer
from chat.consumers.chat_detail import ChatDetailConsumer
from chat.consumers.chat_lobby import ChatLobbyConsumer
from chat.messages.group import PresenceChangedMessage, PresencePayload
from chat.services import groups, lines
from chat.tests.crew import Crew
from chat.utils import name_group_chat, name_lobby, name_presence

JSON: dict[str, Any] = {"content_type": "application/json"}
READS = ("open the", "list", "read", "join this group")


@every_cell("Chat over HTTP")
def test_http(db, operation, actor, answer):
    crew, client = Crew(), Client()
    if actor != "anonymous":
        client.force_login(crew.users[actor])
    base = "/api/chat/"
    group = f"{base}groups/{crew.group.pk}/"
    members, invitations = f"{group}members/", f"{group}invitations/"
    mine = f"{base}invitations/{crew.invitation.pk}/"
    others = {name: f"{members}{member.pk}/" for name, member in crew.others.items()}
    # Whoever is no member has no membership to end.
    own = crew.members[actor].pk if actor in crew.members else 10**9
    before = crew.state()
    response = {
        "open the list's page": lambda: client.get("/chat/"),
        "open the group's page": lambda: client.get(crew.group.get_absolute_url()),
        "list one's groups": lambda: client.get(f"{base}groups/"),
        "list the public groups": lambda: client.get(f"{base}groups/public/"),
        "list one's invitations": lambda: client.get(f"{base}invitations/"),
        "make a group": lambda: client.post(f"{base}groups/", {"title": "New"}, **JSON),
        "join a public group": lambda: client.post(f"{base}groups/{crew.public.pk}/join/"),
        "join this group": lambda: client.post(f"{group}join/"),
        "accept the invitation": lambda: client.post(f"{mine}accept/"),
        "decline the invitation": lambda: client.post(f"{mine}decline/"),
        "read the group": lambda: client.get(group),
        "read the members": lambda: client.get(members),
        "read the history": lambda: client.get(f"{group}messages/"),
        "say something": lambda: client.post(f"{group}messages/", {"content": "New"}, **JSON),
        "leave": lambda: client.delete(f"{members}{own}/"),
        "read the invitations": lambda: client.get(invitations),
        "invite a user": lambda: client.post(invitations, {"username": "newcomer"}, **JSON),
        "take an invitation back": lambda: client.delete(f"{invitations}{crew.invitation.pk}/"),
        "remove a member": lambda: client.delete(others["member"]),
        "remove an administrator": lambda: client.delete(others["administrator"]),
        "remove an owner": lambda: client.delete(others["owner"]),
        "give a role": lambda: client.patch(others["member"], {"role": "admin"}, **JSON),
        "rename the group": lambda: client.patch(group, {"title": "New"}, **JSON),
        "open it to everyone": lambda: client.patch(group, {"is_public": True}, **JSON),
        "delete the group": lambda: client.delete(group),
        "change it in the admin": lambda: client.post(
            f"/admin/chat/chatmessage/{crew.line.pk}/change/",
            {"group_chat": crew.group.pk, "sender": crew.line.sender_id, "content": "New"},
        ),
    }[operation]()
    if answer == "yes":
        # The admin sends one back to its list after a change.
        assert response.status_code in (200, 201, 204) or "/login" not in response.headers["Location"]
        assert operation.startswith(READS) == (crew.state() == before)
    else:
        assert response.status_code == int(answer), response.content
        assert answer != "302" or "/login" in response.headers["Location"]
        assert crew.state() == before


def about_rooms(operation: str) -> bool:
    return "room" in operation.split()


@pytest.mark.parametrize("credentials", [session_headers, token_headers], ids=["session", "token"])
@every_cell("Chat over WebSocket", where=lambda operation: not about_rooms(operation))
async def test_websocket(transactional_db, operation, actor, answer, credentials):
    crew = await sync_to_async(Crew)()
    user = crew.users.get(actor)
    headers = [ORIGIN] if user is None else await sync_to_async(credentials)(user)
    of_lobby = operation == "hear of one's groups"
    consumer = ChatLobbyConsumer if of_lobby else ChatDetailConsumer
    path = "/ws/chat/" if of_lobby else f"/ws/chat/{crew.group.pk}/"
    client, status = await opened(consumer, path, headers)
    try:
        assert status == (200 if answer == "yes" else int(answer))
        if answer == "yes":
            await _as_member(crew, operation, user, client)
        else:
            await client.assert_closed(4000 + status)
    finally:
        await client.disconnect()


async def _as_member(crew, operation, user, client) -> None:
    if operation == "hear of one's groups":
        await said(client, "ping")  # the groups are joined by then
        await sync_to_async(groups.create_group)("Mine", user)
        assert (await client.receive_json_from())["action"] == "group_joined"
    elif operation == "hear the group":
        await said(client, "ping")
        await sync_to_async(lines.say)(crew.others["member"].user, crew.group.pk, "secret")
        assert (await client.receive_json_from())["payload"]["content"] == "secret"
    elif operation == "say something":
        line = {"content": "secret"}
        frames = await said(client, "send_group_message", line, wait=["new_group_message"])
        assert [frame["action"] for frame in frames] == ["new_group_message"]
        assert await crew.group.messages.acount() == 2
    elif operation == "tell that one is writing":
        headers = await sync_to_async(session_headers)(crew.others["member"].user)
        other, _ = await opened(ChatDetailConsumer, f"/ws/chat/{crew.group.pk}/", headers)
        await said(other, "ping")
        await said(client, "typing")
        assert (await other.receive_json_from())["payload"] == {"username": user.username}
        await other.disconnect()
    elif operation == "mark as read":
        await said(client, "mark_read", {"message_id": crew.line.pk})
        assert (await crew.group.members.aget(user=user)).last_read_id == crew.line.pk
    else:
        assert operation == "ask who is online"
        (frame,) = await said(client, "who_is_online")
        assert frame["payload"] == {"usernames": [user.username]}


@every_cell("Chat over WebSocket", where=about_rooms)
async def test_in_an_open_room(transactional_db, operation, actor, answer):
    """A room that is named as the operation says: nothing private passes through it, in no direction."""
    crew = await sync_to_async(Crew)()
    user = crew.users.get(actor)
    headers = [ORIGIN] if user is None else await sync_to_async(session_headers)(user)
    owner = crew.users["owner"]
    conversation = await AssistantConversation.objects.acreate(user=owner)
    name = {
        "group_chat.<pk>": name_group_chat(crew.group.pk),
        "group_chat.<pk>.presence": name_presence(crew.group.pk),
        "chat_lobby.<pk>": name_lobby(owner.pk),
        "user_<pk>_conversation_<uuid>": f"user_{owner.pk}_conversation_{conversation.pk}",
    }.get(operation.partition("`")[2].rstrip("`"), "hall")
    room, status = await opened(ChatConsumer, f"/ws/chat/{name}/", headers)
    listener, _ = await opened(ChatConsumer, f"/ws/chat/{name}/", [ORIGIN])
    owners = await sync_to_async(session_headers)(owner)
    group, _ = await opened(ChatDetailConsumer, f"/ws/chat/{crew.group.pk}/", owners)
    talk, _ = await opened(ConversationAssistantConsumer, f"/ws/assistants/{conversation.pk}/", owners)
    try:
        assert status == 200
        for client in (room, listener):
            await said(client, "ping")
        await said(group, "who_is_online")
        if not operation.startswith("hear"):
            line = {"name": "Mallory", "message": "intruder"}
            await said(room, "new_chat_message", line)
            # The room itself works, whatever its name.
            assert (await listener.receive_json_from())["payload"] == line
        if operation == "talk in an open room":
            assert answer == "yes"
            return
        assert answer == "no"
        await _private_life(crew, owner, conversation)
        # The members hear it, and nothing that was said in the room; the room hears nothing of it.
        for client, last in ((group, "new_group_message"), (talk, "streaming")):
            heard = [await client.receive_json_from()]
            while heard[-1]["action"] != last:
                heard.append(await client.receive_json_from())
            assert "secret" in str(heard[-1])
            assert "intruder" not in str(heard)
        assert await room.receive_nothing(timeout=0.1)
    finally:
        for client in (room, listener, group, talk):
            await client.disconnect()


async def _private_life(crew, owner, conversation) -> None:
    """Something happens in every private layer group, last in those to which the test listens."""
    presence = PresenceChangedMessage(payload=PresencePayload(username="x", online=True))
    await ChatDetailConsumer.broadcast_event(presence, [name_presence(crew.group.pk)])
    await sync_to_async(groups.create_group)("Private", owner)
    piece = StreamingEvent(payload=StreamingPayload(content="secret", message_id=1))
    await ConversationAssistantConsumer.broadcast_event(
        piece, [f"user_{owner.pk}_conversation_{conversation.pk}"]
    )
    await sync_to_async(lines.say)(owner, crew.group.pk, "secret")
