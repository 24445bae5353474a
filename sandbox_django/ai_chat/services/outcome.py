"""Keeping what became of an answer; whichever process hears of it first does it, once."""

import time
from typing import Any

import httpx
import structlog
from django.core.exceptions import ValidationError

from ai_chat.models import Message
from ai_chat.serializers import message_data, session_data
from ai_chat.services import announce

logger = structlog.get_logger("ai_chat")

SECONDS = 5
ATTEMPTS = 3
_ENDED = frozenset({"complete", "stopped", "failed"})
GONE = "The model server went away while it was answering. Try again."


def find(answer_id: str) -> Message | None:
    """The answer's row."""
    try:
        return Message.objects.select_related("session").filter(pk=answer_id).first()
    except ValidationError:
        return None


def ask_server(server: str, answer_id: str) -> dict[str, Any] | None:
    """What a server knows of an answer; None if it does not know it or does not answer."""
    for attempt in range(ATTEMPTS):
        try:
            response = httpx.get(f"{server}/v1/answers/{answer_id}", timeout=SECONDS)
            if response.status_code == httpx.codes.OK:
                return dict(response.json())
            if response.status_code == httpx.codes.NOT_FOUND:
                return None
        except (httpx.HTTPError, ValueError) as error:
            logger.warning("LLM server does not tell of an answer", server=server, error=type(error).__name__)
        time.sleep(0.2 * (attempt + 1))
    return None


def finish(answer_id: str, text: str) -> dict[str, Any] | None:
    """Keeps an answer that has ended in its server.

    Args:
        answer_id: The answer.
        text: What this process has of it; counts if the server, restarted meanwhile, has less.

    Returns:
        The message as it is kept; None if it is there no more, or has not ended.
    """
    message = find(answer_id)
    if message is None or message.status != Message.Status.STREAMING:
        return None if message is None else message_data(message)
    known = ask_server(message.server, answer_id)
    if known is None:
        return fail(answer_id, text, GONE)
    if known["status"] not in _ENDED:
        return None
    content = str(known["text"])
    if len(content) < len(text):
        content = text
    return _keep(
        message,
        content=content,
        status=known["status"],
        error=str(known.get("error") or ""),
        model=str(known.get("model") or message.model)[:200],
        tool_calls=known.get("tool_calls") or [],
    )


def fail(answer_id: str, text: str, error: str) -> dict[str, Any] | None:
    """Keeps an answer as failed, with what there is of it.

    Args:
        answer_id: The answer.
        text: What has been written.
        error: What the person is told.
    """
    message = find(answer_id)
    if message is None or message.status != Message.Status.STREAMING:
        return None if message is None else message_data(message)
    return _keep(message, content=text, status=Message.Status.FAILED, error=error)


def stopped(answer_id: str, text: str) -> dict[str, Any] | None:
    """Keeps an answer as stopped, when its server cannot be told."""
    message = find(answer_id)
    if message is None or message.status != Message.Status.STREAMING:
        return None if message is None else message_data(message)
    return _keep(message, content=text, status=Message.Status.STOPPED)


def _keep(message: Message, **fields: Any) -> dict[str, Any] | None:
    changed = Message.objects.filter(pk=message.pk, status=Message.Status.STREAMING).update(**fields)
    if changed:
        message.session.save(update_fields=["updated_at"])
        logger.info(
            "Answer ended",
            session=str(message.session_id),
            answer=str(message.pk),
            status=str(fields["status"]),
            characters=len(fields["content"]),
        )
        if message.session.is_active:  # a deleted one must not come back to the lists
            announce.session_updated(message.session, session_data(message.session_id))
    kept = find(str(message.pk))
    return None if kept is None else message_data(kept)
