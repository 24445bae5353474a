"""Group names that every channel layer accepts."""

import hashlib
import re

from chanx.constants import MAX_GROUP_NAME_LENGTH

_UNSAFE = re.compile(r"[^a-zA-Z0-9._-]+")
_DIGEST_BYTES = 6


def _slug(value: object) -> str:
    return _UNSAFE.sub("-", str(value)).strip("-")


def safe_group_name(*parts: object, namespace: str | None = None) -> str:
    """Make a group name from anything.

    Characters that layers refuse become hyphens; a name of 100 characters or more is cut and ends in a
    digest of the whole, so different long names stay different.

    Args:
        *parts: What the name is made of; joined by dots, empty ones left out.
        namespace: A first part, to keep the groups of several applications apart.

    Returns:
        A name of 1 to 99 characters out of letters, digits, ``.``, ``_`` and ``-``.

    Raises:
        ValueError: Nothing is left of the parts.
    """
    slugs = [_slug(part) for part in ((namespace or ""), *parts)]
    name = ".".join(slug for slug in slugs if slug)
    if not name:
        raise ValueError("safe_group_name() produced an empty name")
    if len(name) <= MAX_GROUP_NAME_LENGTH:
        return name
    digest = hashlib.blake2s(name.encode(), digest_size=_DIGEST_BYTES).hexdigest()
    return f"{name[: MAX_GROUP_NAME_LENGTH - len(digest) - 1]}.{digest}"
