"""Asking, asking again, stopping: what is kept, who hears of it, and handing the answer to the hub."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from ai_chat.models import ChatSession, Message
from ai_chat.serializers import message_data, session_data
from ai_chat.services import announce
from ai_chat.services.balancer import balancer
from ai_chat.services.catalog import Choice, ensure_models
from ai_chat.services.errors import BusyError, ChatError, NoServerError
from ai_chat.services.hub import hub

logger = structlog.get_logger("ai_chat")

MAX_HISTORY = 40
TITLE_LENGTH = 60
_LATER = timedelta(microseconds=1)


def ask(session: ChatSession, text: str) -> tuple[Message, Message]:
    """Keeps a question and has it answered.

    Args:
        session: The session.
        text: The question.

    Returns:
        The question and the answer, which is being written.

    Raises:
        ChatError: The text is empty, no model is served, or an answer runs.
    """
    if not text.strip():
        raise ChatError("The message is empty.")
    with transaction.atomic():
        question = Message.objects.create(session=session, role=Message.Role.USER, content=text)
        answer = _begin(session, question)
    _announce(session, question, answer)
    return question, answer


def retry(session: ChatSession, message_id: UUID | None = None) -> tuple[Message, Message]:
    """Asks again for an answer, which is replaced together with all that came after it.

    Args:
        session: The session.
        message_id: The answer; the last one by default.

    Raises:
        ChatError: There is no such answer, or one runs.
    """
    answers = session.messages.filter(role=Message.Role.ASSISTANT)
    old = answers.filter(pk=message_id).first() if message_id else answers.last()
    if old is None:
        raise ChatError("There is no such answer in this session.", 404)
    question = session.messages.filter(role=Message.Role.USER, created_at__lte=old.created_at).last()
    if question is None:
        raise ChatError("The answer has no question.", 404)
    with transaction.atomic():
        removed = _remove_after(session, question)
        answer = _begin(session, question)
    announce.messages_removed(session, removed)
    _announce(session, None, answer)
    return question, answer


def edit(session: ChatSession, message_id: UUID, text: str) -> tuple[Message, Message]:
    """Replaces a question, removes what came after it, and asks it.

    Args:
        session: The session.
        message_id: The question.
        text: The new text.

    Raises:
        ChatError: The text is empty, there is no such question, or an answer runs.
    """
    if not text.strip():
        raise ChatError("The message is empty.")
    old = session.messages.filter(role=Message.Role.USER, pk=message_id).first()
    if old is None:
        raise ChatError("There is no such question in this session.", 404)
    with transaction.atomic():
        removed = [*_remove_after(session, old), old.pk]
        old.delete()
        question = Message.objects.create(session=session, role=Message.Role.USER, content=text)
        answer = _begin(session, question)
    announce.messages_removed(session, removed)
    _announce(session, question, answer)
    return question, answer


def stop(session: ChatSession) -> bool:
    """Ends the session's running answer.

    Returns:
        Whether there was one.
    """
    answer = session.messages.filter(status=Message.Status.STREAMING).first()
    if answer is None:
        return False
    hub.stop(str(answer.pk))
    return True


def delete(session: ChatSession) -> None:
    """Takes a session out of the list and stops its answer."""
    stop(session)
    session.is_active = False
    session.save(update_fields=["is_active", "updated_at"])
    announce.session_deleted(session)


def request_of(answer: Message) -> dict[str, Any]:
    """What the LLM server is asked for an answer."""
    session = answer.session
    said = session.messages.filter(created_at__lt=answer.created_at).exclude(status=Message.Status.FAILED)
    history = [
        {"role": message.role, "content": message.content}
        for message in reversed(list(said.order_by("-created_at", "-role")[:MAX_HISTORY]))
        if message.content
    ]
    system = [{"role": "system", "content": session.system_prompt}] if session.system_prompt else []
    return {
        "id": str(answer.pk),
        "model": answer.model,
        "messages": system + history,
        "temperature": session.temperature,
        "max_tokens": session.max_tokens,
        "tools": session.tools if settings.LLM_ENABLE_TOOLS else [],
        "timeout": settings.LLM_TIMEOUT,
    }


def _begin(session: ChatSession, question: Message) -> Message:
    """Makes the answer's row, which the database allows only once at a time."""
    ensure_models()
    model = Choice(session.user_id).effective(session)
    if not model:
        raise NoServerError
    try:
        with transaction.atomic():
            answer = Message.objects.create(
                session=session,
                role=Message.Role.ASSISTANT,
                status=Message.Status.STREAMING,
                model=model,
                server=balancer.order(model)[0],
                created_at=max(timezone.now(), question.created_at + _LATER),
            )
    except IntegrityError:
        raise BusyError from None
    if not session.title:
        session.title = _title(question.content)
    session.save(update_fields=["title", "updated_at"])
    return answer


def _announce(session: ChatSession, question: Message | None, answer: Message) -> None:
    if question is not None:
        announce.user_message(question, message_data(question))
    announce.answer_begun(answer)
    announce.session_updated(session, session_data(session.pk))
    hub.start(str(answer.pk))


def _remove_after(session: ChatSession, question: Message) -> list[UUID]:
    """Removes what came after a question.

    Raises:
        BusyError: An answer runs among it.
    """
    later = list(session.messages.filter(created_at__gt=question.created_at))
    if any(message.status == Message.Status.STREAMING for message in later):
        raise BusyError
    removed = [message.pk for message in later]
    Message.objects.filter(pk__in=removed).delete()
    return removed


def _title(text: str) -> str:
    line = " ".join(text.split())
    if len(line) <= TITLE_LENGTH:
        return line
    return line[: TITLE_LENGTH - 1].rsplit(" ", 1)[0] + "…"
