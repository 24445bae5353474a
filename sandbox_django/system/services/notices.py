"""Sending a notice from outside a consumer: a view, a command, a task."""

from datetime import UTC, datetime
from typing import Literal

from accounts.models import User
from pydantic import ValidationError

from system import groups
from system.consumers.system_consumer import SystemConsumer
from system.messages.notice import NoticePayload, NotificationEvent

Audience = Literal["user", "group", "all"]


class NoticeRefused(Exception):
    """The notice cannot be sent; the text says why, for the person who wrote it."""


def layer_group(audience: str, target: str | None) -> str:
    """The layer group of an audience.

    Raises:
        NoticeRefused: No user has this name, or Channels refuses the group's name.
    """
    if audience == "all":
        return groups.ALL
    if audience == "user":
        user = User.objects.filter(username=target or "").first()
        if user is None:
            raise NoticeRefused(f"There is no user named {target!r}.")
        return user.notice_group
    if reason := groups.refusal(target or ""):
        raise NoticeRefused(reason)
    return groups.topic_group(target or "")


def send_notice(*, audience: Audience, target: str | None, text: str, sender: str) -> NoticePayload:
    """Sends a notice to everyone of the audience who has a page open.

    Raises:
        NoticeRefused: The text is empty or too long, or the target does not exist.
    """
    group = layer_group(audience, target)
    try:
        payload = NoticePayload(
            text=text,
            audience=audience,
            target=None if audience == "all" else target,
            sender=sender,
            sent_at=datetime.now(UTC),
        )
    except ValidationError as error:
        raise NoticeRefused("; ".join(problem["msg"] for problem in error.errors())) from error
    SystemConsumer.broadcast_event_sync(NotificationEvent(payload=payload), group)
    return payload
