"""Names and numbers of the protocol, shared by every part of the package."""

from typing import Final, Literal, TypeAlias

MISSING_PYHUMPS_ERROR: Final = (
    "CAMELIZE is on but pyhumps is missing: install chanx-native[camel-case], or set CHANX['CAMELIZE'] "
    "(or the consumer's camelize) to False."
)

MESSAGE_ACTION_COMPLETE: Final = "complete"
EVENT_ACTION_COMPLETE: Final = "event_complete"
GROUP_ACTION_COMPLETE: Final = "group_complete"

COMPLETE_ACTIONS_TYPE: TypeAlias = Literal["complete", "event_complete", "group_complete"]
COMPLETE_ACTIONS: Final[set[str]] = {
    MESSAGE_ACTION_COMPLETE,
    EVENT_ACTION_COMPLETE,
    GROUP_ACTION_COMPLETE,
}
CHANX_ACTIONS: Final[set[str]] = {"error", *COMPLETE_ACTIONS}

ENVELOPE_FIELDS: Final = frozenset({"version", "topic", "ref", "seq"})
ENVELOPE_VERSION: Final = 1

MAX_GROUP_NAME_LENGTH: Final = 99
"""Longest group name in characters: Channels wants fewer than 100."""

CLOSE_UNAUTHENTICATED: Final = 4401
"""WebSocket close code of a refusal without an HTTP status."""
