"""The AI chat's variables: LLM_* and MAX_WEBSOCKETS*. A wrong value ends the start and names its variable."""

import math
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured

from config.settings import environment

DEFAULT_SERVER = "http://127.0.0.1:8001"
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


def server_urls() -> list[str]:
    """LLM_SERVER_URL: one URL, or several separated by commas.

    Raises:
        ImproperlyConfigured: One of them is no URL.
    """
    found = environment.urls("LLM_SERVER_URL", DEFAULT_SERVER, schemes=("http", "https"))
    if not found:
        raise ImproperlyConfigured(
            f"LLM_SERVER_URL names no server. Example: LLM_SERVER_URL={DEFAULT_SERVER}"
        )
    return found


def _number(name: str, default: str, low: float, high: float, example: str) -> float:
    value = environment.text(name) or default
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not low <= number <= high:
        raise ImproperlyConfigured(
            f"{name}={value!r} is no number from {low:g} to {high:g}. Example: {name}={example}"
        )
    return number


def _whole(name: str, default: str, low: int, high: int) -> int:
    number = _number(name, default, low, high, default)
    if number != int(number):
        raise ImproperlyConfigured(f"{name}={number:g} is no whole number. Example: {name}={default}")
    return int(number)


def _flag(name: str, default: str) -> bool:
    value = (environment.text(name) or default).lower()
    if value not in _TRUE | _FALSE:
        raise ImproperlyConfigured(f"{name}={value!r} is neither true nor false. Example: {name}=true")
    return value in _TRUE


@dataclass(frozen=True)
class AiChat:
    """The values, checked.

    Attributes:
        default_model: LLM_DEFAULT_MODEL.
        timeout: LLM_TIMEOUT, in seconds: how long a model may stay silent.
        max_tokens: LLM_MAX_TOKENS, of new sessions.
        temperature: LLM_TEMPERATURE, of new sessions.
        enable_tools: LLM_ENABLE_TOOLS.
        max_websockets: MAX_WEBSOCKETS of one process.
        max_websockets_per_user: MAX_WEBSOCKETS_PER_USER, in one process.
    """

    default_model: str
    timeout: float
    max_tokens: int
    temperature: float
    enable_tools: bool
    max_websockets: int
    max_websockets_per_user: int


def load() -> AiChat:
    """Reads the variables.

    Raises:
        ImproperlyConfigured: One of them is wrong.
    """
    return AiChat(
        default_model=environment.text("LLM_DEFAULT_MODEL") or "qwen3:8b",
        timeout=_number("LLM_TIMEOUT", "30", 0.1, 3600, "30"),
        max_tokens=_whole("LLM_MAX_TOKENS", "2000", 1, 32_768),
        temperature=_number("LLM_TEMPERATURE", "0.7", 0, 2, "0.7"),
        enable_tools=_flag("LLM_ENABLE_TOOLS", "true"),
        max_websockets=_whole("MAX_WEBSOCKETS", "2000", 1, 1_000_000),
        max_websockets_per_user=_whole("MAX_WEBSOCKETS_PER_USER", "20", 1, 1_000_000),
    )
