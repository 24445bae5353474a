"""The layer groups through which notices travel, and the names that Channels takes for groups."""

import re

ALL = "notices"
_TOPIC_PREFIX = "news."
ROOM_PREFIX = "room."

# Channels: ASCII letters, digits, hyphens, underscores, full stops; under 100 characters in all.
NAME_PATTERN = r"[a-zA-Z0-9\-_.]+"
MAX_NAME_LENGTH = 99 - max(len(_TOPIC_PREFIX), len(ROOM_PREFIX))

_NAME = re.compile(NAME_PATTERN)


def refusal(name: str) -> str:
    """Why Channels refuses this name of a room or group, in words for its user; empty if it does not."""
    if not name:
        return "A name is missing."
    if len(name) > MAX_NAME_LENGTH:
        return f"The name has {len(name)} characters; at most {MAX_NAME_LENGTH} are allowed."
    if _NAME.fullmatch(name):
        return ""
    wrong = next(character for character in name if not _NAME.fullmatch(character))
    shown = "a space" if wrong == " " else f"“{wrong}”"
    return (
        f"The name contains {shown}. Use only the letters a to z (or A to Z), digits, hyphens, "
        "underscores and full stops."
    )


def room_group(name: str) -> str:
    """The group of an open chat room; its prefix keeps visitors out of all other groups."""
    return f"{ROOM_PREFIX}{name}"


def topic_group(name: str) -> str:
    """The group of those who follow notices addressed to a group of this name."""
    return f"{_TOPIC_PREFIX}{name}"
