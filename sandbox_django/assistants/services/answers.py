"""The states of an answer: who may begin one, how it is stopped, and what is kept meanwhile.

Everything is told apart in the database, so that it holds between any number of server and worker processes.
"""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from assistants.models import AssistantConversation, AssistantMessage

Status = AssistantMessage.Status

# A writer renews its answer at least every second; one without a renewal for so long has ended unseen.
ABANDONED_AFTER = timedelta(seconds=20)
# A worker may be busy for long before it takes up a question.
FORGOTTEN_AFTER = timedelta(minutes=10)


class AnswerInProgress(Exception):
    """The conversation has an answer that is still being written."""


def expire(conversation: AssistantConversation) -> None:
    """Marks an answer whose writer has gone as failed."""
    now = timezone.now()
    open_ones = AssistantMessage.objects.filter(conversation=conversation)
    open_ones.filter(status=Status.STREAMING, renewed_at__lt=now - ABANDONED_AFTER).update(
        status=Status.FAILED
    )
    open_ones.filter(status=Status.WAITING, renewed_at__lt=now - FORGOTTEN_AFTER).update(status=Status.FAILED)


def open_answer(question: AssistantMessage) -> AssistantMessage:
    """Reserves the conversation for the answer to a question; an earlier, unfinished one is begun anew.

    Raises:
        AnswerInProgress: Another question of the conversation is being answered.
    """
    expire(question.conversation)
    try:
        with transaction.atomic():
            answer, _ = AssistantMessage.objects.update_or_create(
                question=question,
                defaults={"status": Status.WAITING, "content": ""},
                create_defaults={
                    "conversation": question.conversation,
                    "message_type": AssistantMessage.MessageType.ASSISTANT,
                    "status": Status.WAITING,
                },
            )
    except IntegrityError as error:
        raise AnswerInProgress from error
    return answer


def take_up(question: AssistantMessage) -> AssistantMessage | None:
    """The answer for a task to write; None if another task has it, it was stopped, or it is written already.

    A queue may deliver a task twice, and a reader may stop an answer before its task begins.
    """
    if not AssistantMessage.objects.filter(question=question).exists():
        try:
            open_answer(question)
        except AnswerInProgress:
            return None
    taken = AssistantMessage.objects.filter(question=question, status=Status.WAITING).update(
        status=Status.STREAMING, renewed_at=timezone.now()
    )
    return AssistantMessage.objects.get(question=question) if taken else None


def keep(answer: AssistantMessage, content: str) -> bool:
    """Keeps what is written so far; False once the answer was stopped or its conversation deleted."""
    written = AssistantMessage.objects.filter(pk=answer.pk, status=Status.STREAMING)
    return bool(written.update(content=content, renewed_at=timezone.now()))


def finish(answer: AssistantMessage, content: str, status: str) -> None:
    """Keeps the answer and how it ended; one that says nothing is not kept. A stop meanwhile stands."""
    kept = AssistantMessage.objects.filter(pk=answer.pk)
    if not content:
        kept.delete()
        return
    kept.update(content=content, renewed_at=timezone.now())
    kept.filter(status=Status.STREAMING).update(status=status)
    AssistantConversation.objects.filter(pk=answer.conversation_id).update(updated_at=timezone.now())


def stop(conversation: AssistantConversation) -> tuple[AssistantMessage, bool] | None:
    """Stops the open answer.

    Returns:
        The answer, and whether a task is writing it, which will notice and tell the pages; None without one.
    """
    expire(conversation)
    for status in AssistantMessage.OPEN:
        answer = conversation.messages.filter(status=status).first()
        if answer and conversation.messages.filter(pk=answer.pk, status=status).update(status=Status.STOPPED):
            return answer, status == Status.STREAMING
    return None


def unanswered(conversation: AssistantConversation) -> AssistantMessage | None:
    """The last question, if its answer is missing or unfinished and nobody is writing it."""
    expire(conversation)
    question = conversation.messages.filter(message_type=AssistantMessage.MessageType.USER).last()
    if question is None:
        return None
    answer = AssistantMessage.objects.filter(question=question).first()
    if answer is None:
        # Messages from before answers knew their questions.
        return None if conversation.messages.filter(pk__gt=question.pk).exists() else question
    return question if answer.status in (Status.STOPPED, Status.FAILED) else None
