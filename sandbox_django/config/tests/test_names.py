"""Names that documents, applications and tests written for this sandbox rely on."""

import json
import os
from importlib import import_module
from pathlib import Path

import pytest
from accounts.models import User
from assistants.consumers.conversation_consumer import ConversationAssistantConsumer
from assistants.messages.assistant import StreamingEvent, StreamingPayload
from assistants.models import AssistantConversation, AssistantMessage
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from channels.sessions import CookieMiddleware
from channels.testing import WebsocketCommunicator
from django.conf import settings

from chanx.core.testing import capture_broadcast_events
from chanx.ext.channels.routing import include, re_path
from config.asgi import django_asgi_app

SANDBOX = Path(__file__).resolve().parents[2]

NAMES = {
    "assistants.consumers.connection_consumer": ["ConnectionAssistantConsumer"],
    "assistants.consumers.conversation_consumer": ["AssistantAuthenticator", "ConversationAssistantConsumer"],
    "assistants.messages.assistant": ["StreamingEvent", "StreamingMessage", "StreamingPayload"],
    "assistants.models": ["AssistantConversation", "AssistantMessage"],
    "assistants.permissions": ["ConversationOwner"],
    "assistants.routing": ["router"],
    "assistants.services.ai_service": ["OpenAIService"],
    "assistants.tasks.assistant_tasks": [
        "task_generate_conversation_title",
        "task_handle_new_assistant_message",
    ],
    "assistants.views.message_views": ["AssistantMessageViewSet"],
    "chat.consumers.chat_detail": ["ChatDetailAuthenticator", "ChatDetailConsumer"],
    "chat.messages.group": [
        "ChatDetailEvent",
        "MemberAddedMessage",
        "MemberRemovedMessage",
        "NotifyMemberAddedEvent",
        "NotifyMemberRemovedEvent",
        "UserRemovedFromGroupMessage",
    ],
    "chat.models": ["ChatMember", "GroupChat"],
    "chat.tests.factories": ["ChatMemberFactory"],
    "chat.utils": ["name_group_chat"],
    "config.asgi": ["application"],
    "config.routing": ["router"],
}


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module, names in NAMES.items() for name in names]
)
def test_the_name_is_where_it_is_looked_for(module, name):
    assert hasattr(import_module(module), name)


@pytest.mark.parametrize(
    "path",
    [
        "assistants/tests",
        "chat/tests/consumers/test_chat_detail_consumer.py",
        "config/settings/dev.py",
        "config/settings/test.py",
        "config/settings/prod.py",
        "config/routing.py",
        "config/asgi.py",
        "config/urls.py",
        "accounts",
        "discussion",
        "asyncapi",
        "system",
        "test_utils",
    ],
)
def test_the_file_is_where_it_is_looked_for(path):
    assert (SANDBOX / path).exists()


def test_the_settings_of_chanx():
    assert settings.CHANX["CAMELIZE"] is True
    assert settings.CHANX["ASYNCAPI_TITLE"] == "CHANX AsyncAPI Documentation"
    assert settings.CHANX["ASYNCAPI_DESCRIPTION"] == "Websocket schema of Chanx"
    assert settings.ASGI_APPLICATION == "config.asgi.application"
    apps = [
        "django.contrib.admin",
        "django.contrib.auth",
        "corsheaders",
        "rest_framework",
        "rest_framework_simplejwt.token_blacklist",
        "drf_standardized_errors",
        "django_structlog",
        "channels",
        "chanx.ext.channels",
        "accounts",
        "assistants",
        "chat",
        "discussion",
    ]
    assert [app for app in settings.INSTALLED_APPS if app in apps] == apps


@pytest.mark.django_db
def test_the_models_of_the_assistant():
    user = User.objects.create_user("alice")
    conversation = AssistantConversation.objects.create(user=user)
    message = AssistantMessage.objects.create(
        conversation=conversation, message_type=AssistantMessage.MessageType.USER, content="hello"
    )
    assert list(conversation.messages.all()) == [message]
    assert AssistantMessage.MessageType.choices == [("user", "User"), ("assistant", "Assistant")]
    assert conversation.layer_group == f"user_{user.pk}_conversation_{conversation.pk}"
    assert AssistantConversation().layer_group.startswith("anonymous_")
    assert conversation._meta.get_field("title").max_length == 200


@pytest.mark.django_db
def test_a_task_of_ones_own_tells_the_pages():
    group = "anonymous_1"
    with capture_broadcast_events(ConversationAssistantConsumer) as events:
        for token in ("a", "b"):
            payload = StreamingPayload(content=token, is_complete=False, message_id=7)
            ConversationAssistantConsumer.broadcast_event_sync(StreamingEvent(payload=payload), [group])
    assert [captured.event.payload.content for captured in events] == ["a", "b"]


@pytest.mark.django_db(transaction=True)
async def test_an_application_put_together_by_hand_serves_the_sandbox():
    router = URLRouter(
        [re_path(r"ws/assistants/(?P<pk>[0-9a-f-]+)/", ConversationAssistantConsumer.as_asgi())]
    )
    for websocket in (router, include("config.routing")):
        application = ProtocolTypeRouter(
            {
                "http": django_asgi_app,
                "websocket": OriginValidator(
                    CookieMiddleware(websocket), settings.CORS_ALLOWED_ORIGINS + settings.CSRF_TRUSTED_ORIGINS
                ),
            }
        )
        conversation = await AssistantConversation.objects.acreate()
        path = f"/ws/assistants/{conversation.pk}/"
        client = WebsocketCommunicator(application, path, [(b"origin", b"http://localhost:8000")])
        assert (await client.connect())[0]
        assert json.loads(await client.receive_from())["payload"]["statusCode"] == 200
        await client.disconnect()
        for headers in ([], [(b"origin", b"https://evil.example")]):
            assert not (await WebsocketCommunicator(application, path, headers).connect())[0]


def test_the_example_of_the_environment_is_where_the_quick_start_copies_it_from():
    assert (SANDBOX.parent / ".env.EXAMPLE").is_file()
    assert (SANDBOX.parent / "docker-compose.yml").is_file()
    assert os.access(SANDBOX / "manage.py", os.R_OK)
