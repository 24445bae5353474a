"""Answers and titles. The views call these directly; a worker can as well."""

from typing import TYPE_CHECKING
from uuid import UUID

import openai
import structlog
from django.conf import settings

from assistants.consumers.conversation_consumer import ConversationAssistantConsumer
from assistants.messages.assistant import (
    AssistantEvent,
    FailurePayload,
    StreamingEvent,
    StreamingFailedEvent,
    StreamingPayload,
    TitleEvent,
    TitlePayload,
)
from assistants.models import AssistantConversation, AssistantMessage
from assistants.services.ai_service import ConversationMessage, OpenAIService
from assistants.services.failures import explain_failure
from assistants.tasks.background import in_background

if TYPE_CHECKING:
    from collections.abc import Iterable

logger = structlog.get_logger("assistants")

MAX_HISTORY = 40
MAX_TITLE_LENGTH = 80


def task_handle_new_assistant_message(user_message_id: int) -> None:
    """Answers a question: streams the pieces to the conversation's pages, then keeps the whole."""
    question = AssistantMessage.objects.select_related("conversation").get(id=user_message_id)
    conversation = question.conversation
    is_first = not conversation.messages.filter(pk__lt=question.pk).exists()
    answer = ""
    try:
        for piece in OpenAIService().generate_stream(question.content, _history(question)):
            answer += piece
            _tell(conversation, StreamingEvent(payload=_piece(question, piece)))
    except openai.OpenAIError as error:
        failure = FailurePayload(detail=explain_failure(error), message_id=question.pk)
        _tell(conversation, StreamingFailedEvent(payload=failure))
        return
    AssistantMessage.objects.create(
        conversation=conversation,
        message_type=AssistantMessage.MessageType.ASSISTANT,
        content=answer,
    )
    conversation.save(update_fields=["updated_at"])
    _tell(conversation, StreamingEvent(payload=_piece(question, "", is_complete=True)))
    if is_first and not conversation.title:
        in_background(task_title_conversation, conversation.pk)


def task_title_conversation(conversation_id: UUID) -> None:
    """Gives a conversation its title and tells its pages."""
    conversation = AssistantConversation.objects.get(pk=conversation_id)
    conversation.generate_title_from_first_message()
    if conversation.title:
        _tell(conversation, TitleEvent(payload=TitlePayload(title=conversation.title)))


def task_generate_conversation_title(first_message: str) -> str:
    """A short title for a conversation that begins with this question.

    The offline model quotes documents and cannot title; its conversations, and those whose model
    fails, are named by the first words of the question.
    """
    title = ""
    if not settings.OFFLINE_MODEL:
        instruction = (
            "Write a title of at most six words, without quotation marks, for a conversation "
            f"that begins with this question:\n\n{first_message[:2000]}"
        )
        try:
            title = "".join(OpenAIService().generate_stream(instruction, []))
        except openai.OpenAIError as error:
            logger.warning("No title from the model", error=repr(error))
    return _one_line(title) or _one_line(first_message)


def _one_line(text: str) -> str:
    line = " ".join(text.split()).strip("\"'")
    if len(line) <= MAX_TITLE_LENGTH:
        return line
    return line[: MAX_TITLE_LENGTH - 1].rsplit(" ", 1)[0] + "…"


def _history(question: AssistantMessage) -> list[ConversationMessage]:
    earlier: Iterable[AssistantMessage] = question.conversation.messages.filter(pk__lt=question.pk).order_by(
        "-pk"
    )[:MAX_HISTORY]
    return [{"role": message.message_type, "content": message.content} for message in reversed(list(earlier))]


def _piece(question: AssistantMessage, text: str, *, is_complete: bool = False) -> StreamingPayload:
    return StreamingPayload(content=text, is_complete=is_complete, message_id=question.pk)


def _tell(conversation: AssistantConversation, event: AssistantEvent) -> None:
    ConversationAssistantConsumer.broadcast_event_sync(event, [conversation.layer_group])
