"""Answers and titles. Called directly they run where they are; `tasks.running` hands them to a worker."""

import time
from uuid import UUID

import structlog
from celery import shared_task

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
from assistants.services import answers
from assistants.services.ai_service import ConversationMessage, OpenAIService
from assistants.services.failures import explain_failure
from assistants.services.pump import SILENCE, Pump
from assistants.tasks.running import in_background

logger = structlog.get_logger("assistants")

MAX_HISTORY = 40
MAX_TITLE_LENGTH = 80
# Seconds after which what is written is kept, and a stop is noticed.
KEEP_EVERY = 0.25
# The same while the model is silent.
SILENCE_OF = 1.0


@shared_task
def task_handle_new_assistant_message(user_message_id: int) -> None:
    """Answers a question: streams the pieces to the conversation's pages and keeps them.

    A page that is opened meanwhile reads what is kept so far and goes on with the pieces, which say
    where they belong; so nobody loses anything by a reload.
    """
    question = AssistantMessage.objects.select_related("conversation").get(id=user_message_id)
    conversation = question.conversation
    answer = answers.take_up(question)
    if answer is None:
        logger.info("answer_not_taken_up", message_id=user_message_id)
        return
    is_first = not conversation.messages.filter(pk__lt=question.pk).exists()
    written, status = "", AssistantMessage.Status.COMPLETE
    pump = Pump(OpenAIService().generate_stream(question.content, _history(question)), patience=SILENCE_OF)
    keep_at = time.monotonic() + KEEP_EVERY
    try:
        for piece in pump:
            if isinstance(piece, str):
                text = piece.replace("\x00", "")  # PostgreSQL takes none
                _tell(conversation, StreamingEvent(payload=_piece(question, text, offset=len(written))))
                written += text
            if piece is SILENCE or time.monotonic() >= keep_at:
                if not answers.keep(answer, written):
                    status = AssistantMessage.Status.STOPPED
                    break
                keep_at = time.monotonic() + KEEP_EVERY
    except Exception as error:  # of the model, the network or the layer: the reader is to know in any case
        answers.finish(answer, written, AssistantMessage.Status.FAILED)
        failure = FailurePayload(detail=explain_failure(error), message_id=question.pk)
        _tell(conversation, StreamingFailedEvent(payload=failure))
        return
    finally:
        pump.close()
    answers.finish(answer, written, status)
    tell_end(question, offset=len(written), is_stopped=status == AssistantMessage.Status.STOPPED)
    if is_first and not conversation.title:
        in_background(task_title_conversation, str(conversation.pk))


@shared_task
def task_title_conversation(conversation_id: UUID | str) -> None:
    """Gives a conversation its title and tells its pages."""
    conversation = AssistantConversation.objects.filter(pk=conversation_id).first()
    if conversation is None:  # deleted meanwhile
        return
    conversation.generate_title_from_first_message()
    if conversation.title:
        _tell(conversation, TitleEvent(payload=TitlePayload(title=conversation.title)))


def task_generate_conversation_title(first_message: str) -> str:
    """A short title for a conversation that begins with this question, made by the model.

    A conversation whose model fails is named by the first words of the question.
    """
    title = ""
    try:
        title = OpenAIService().generate_title(first_message)
    except Exception as error:
        logger.warning("no_title_from_the_model", error=repr(error))
    return _one_line(title) or _one_line(first_message)


def tell_end(question: AssistantMessage, *, offset: int, is_stopped: bool) -> None:
    """Tells the pages that an answer has ended."""
    end = _piece(question, "", offset=offset, is_complete=True, is_stopped=is_stopped)
    _tell(question.conversation, StreamingEvent(payload=end))


def _one_line(text: str) -> str:
    line = " ".join(text.replace("\x00", "").split()).strip("\"'“”").removesuffix(".")
    if len(line) <= MAX_TITLE_LENGTH:
        return line
    return line[: MAX_TITLE_LENGTH - 1].rsplit(" ", 1)[0] + "…"


def _history(question: AssistantMessage) -> list[ConversationMessage]:
    earlier = question.conversation.messages.filter(pk__lt=question.pk).exclude(content="")
    latest = reversed(earlier.order_by("-pk")[:MAX_HISTORY])
    return [{"role": message.message_type, "content": message.content} for message in latest]


def _piece(
    question: AssistantMessage, text: str, *, offset: int, is_complete: bool = False, is_stopped: bool = False
) -> StreamingPayload:
    return StreamingPayload(
        content=text, is_complete=is_complete, message_id=question.pk, offset=offset, is_stopped=is_stopped
    )


def _tell(conversation: AssistantConversation, event: AssistantEvent) -> None:
    ConversationAssistantConsumer.broadcast_event_sync(event, [conversation.layer_group])
