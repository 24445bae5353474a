"""Secrets do not reach the log: tokens in query strings and in Authorization headers."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

HIDDEN = "[hidden]"
# Parameters and keys whose values are secrets, whatever their case.
_SECRET_NAMES = frozenset(
    {"token", "access", "refresh", "access_token", "refresh_token", "id_token", "auth", "authorization",
     "api_key", "apikey", "key", "password", "passwd", "secret", "signature", "sessionid", "ticket", "jwt",
     "cookie", "set-cookie", "csrfmiddlewaretoken"}
)  # fmt: skip
_PARAMETER = re.compile(r"""([?&;])([^=&;?\s"'<>]{1,80})=([^&;\s"'<>]*)""")
_BEARER = re.compile(r"\b(Bearer|Token)\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)
# A JSON web token is one wherever it stands.
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*")


def _parameter(match: re.Match[str]) -> str:
    lead, name, value = match.groups()
    # A server decodes the name before it reads it, so `%74oken` is a token as well.
    if unquote_plus(name).lower() in _SECRET_NAMES:
        return f"{lead}{name}={HIDDEN}"
    return f"{lead}{name}={value}"


def redact_text(text: str) -> str:
    """The text with `[hidden]` in the place of secrets."""
    if "=" in text:
        text = _PARAMETER.sub(_parameter, text)
    return _JWT.sub(HIDDEN, _BEARER.sub(rf"\1 {HIDDEN}", text))


def redact(value: Any) -> Any:
    """The same for what a log event carries: text, and text within lists and mappings."""
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, bytes):
        return redact_text(value.decode(errors="replace")).encode()
    if isinstance(value, Mapping):
        return {
            key: HIDDEN if str(key).lower() in _SECRET_NAMES else redact(content)
            for key, content in value.items()
        }
    if isinstance(value, list | tuple):
        return type(value)(map(redact, value)) if type(value) in (list, tuple) else [*map(redact, value)]
    return value


def hide_secrets(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """A structlog processor; the last before rendering, so that it sees formatted exceptions as well."""
    return {
        key: content
        if key.startswith("_")
        else (HIDDEN if key.lower() in _SECRET_NAMES and content else redact(content))
        for key, content in event.items()
    }
