"""The envelope around a message: protocol version, topic, reference and sequence number."""

from contextvars import ContextVar
from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel

from chanx.constants import ENVELOPE_FIELDS, ENVELOPE_VERSION

TOPIC_EVENT_TYPE: Final = "handle_topic_event"
"""Type of topic events on the channel layer."""

current_ref: ContextVar[str | None] = ContextVar("chanx_current_ref", default=None)
"""Reference of the frame being answered."""

current_seq: ContextVar[int | None] = ContextVar("chanx_current_seq", default=None)
"""Sequence number of the topic event being delivered."""


class Envelope(BaseModel):
    """What surrounds a message's own fields in a frame.

    Attributes:
        version: Version of the protocol.
        topic: The topic that the message belongs to.
        ref: Chosen by the client, repeated in the answers to its frame.
        seq: Position of a push in its topic, as the publisher counts.
    """

    version: int = ENVELOPE_VERSION
    topic: str | None = None
    ref: str | None = None
    seq: int | None = None


class TopicErrorReason(StrEnum):
    """Why a frame for a topic was refused."""

    UNKNOWN_TOPIC = "unknown_topic"
    UNAUTHORIZED = "unauthorized"
    NOT_SUBSCRIBED = "not_subscribed"


def strip_envelope(content: dict[str, Any]) -> dict[str, Any]:
    """The message of a frame, without the envelope's keys."""
    return {key: value for key, value in content.items() if key not in ENVELOPE_FIELDS}
