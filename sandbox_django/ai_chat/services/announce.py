"""Telling the windows of sessions and lists what has changed."""

from typing import Any

from ai_chat.messages.common import (
    MessageBody,
    SessionBody,
    SessionCreatedMessage,
    SessionDeletedMessage,
    SessionUpdatedMessage,
)
from ai_chat.messages.session import AnswerBegunEvent, MessagesRemoved, UserMessage
from ai_chat.models import ChatSession, Message
from ai_chat.models.session import list_group


def _consumers() -> Any:
    from ai_chat import consumers  # they use the services

    return consumers


def session_created(session: ChatSession, data: dict[str, Any]) -> None:
    """Tells the user's lists."""
    event = SessionCreatedMessage(session=SessionBody(**data))
    _consumers().SessionsConsumer.broadcast_event_sync(event, list_group(session.user_id))


def session_updated(session: ChatSession, data: dict[str, Any]) -> None:
    """Tells the session's windows and the user's lists."""
    event = SessionUpdatedMessage(session=SessionBody(**data))
    _consumers().SessionConsumer.broadcast_event_sync(event, session.layer_group)
    _consumers().SessionsConsumer.broadcast_event_sync(event, list_group(session.user_id))


def session_deleted(session: ChatSession) -> None:
    """Tells the session's windows and the user's lists."""
    event = SessionDeletedMessage(session_id=session.pk)
    _consumers().SessionConsumer.broadcast_event_sync(event, session.layer_group)
    _consumers().SessionsConsumer.broadcast_event_sync(event, list_group(session.user_id))


def user_message(message: Message, data: dict[str, Any]) -> None:
    """Shows a question to the session's windows."""
    event = UserMessage(message=MessageBody(**data))
    _consumers().SessionConsumer.broadcast_event_sync(event, message.session.layer_group)


def answer_begun(answer: Message) -> None:
    """Has the session's windows follow an answer."""
    event = AnswerBegunEvent(message_id=answer.pk)
    _consumers().SessionConsumer.broadcast_event_sync(event, answer.session.layer_group)


def messages_removed(session: ChatSession, pks: list[Any]) -> None:
    """Takes messages out of the session's windows."""
    if pks:
        event = MessagesRemoved(message_ids=pks)
        _consumers().SessionConsumer.broadcast_event_sync(event, session.layer_group)
