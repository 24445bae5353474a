"""Structured logs: one event a line, JSON in production, with the ids of its request and connection."""

from typing import Any

import structlog
from django.core.exceptions import ImproperlyConfigured

from config.redaction import hide_secrets
from config.settings import environment

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def level(default: str) -> str:
    """LOG_LEVEL, or the default.

    Raises:
        ImproperlyConfigured: It is no level.
    """
    value = (environment.text("LOG_LEVEL") or default).upper()
    if value not in LEVELS:
        raise ImproperlyConfigured(f"LOG_LEVEL={value!r} is no level: one of {', '.join(LEVELS)}")
    return value


def logging_config(default_level: str, *, as_json: bool) -> dict[str, Any]:
    """Configures structlog and returns Django's LOGGING, in which both kinds of loggers meet.

    Args:
        default_level: What LOG_LEVEL is when it is not set.
        as_json: One JSON object a line, for collectors; else aligned text for people.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        # Each frame of each connection asks for the logger.
        cache_logger_on_first_use=True,
    )
    # Exceptions become text before secrets are hidden: a message may quote a URL.
    rendering: list[Any] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        hide_secrets,
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False),
    ]
    # Servers bring handlers and formats of their own; what they log passes through ours instead.
    through_root: dict[str, Any] = {"handlers": [], "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": rendering,
                "foreign_pre_chain": [*shared, structlog.stdlib.ExtraAdder()],
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["console"], "level": level(default_level)},
        "loggers": {
            "django": through_root,
            "django.server": through_root,
            # django_structlog tells the same with the request's id.
            "django.request": {**through_root, "level": "ERROR"},
            "django.channels.server": through_root,
            "daphne": {**through_root, "level": "WARNING"},
            "uvicorn": through_root,
            "uvicorn.error": through_root,
            # Requests have a line of ours, with their id.
            "uvicorn.access": {**through_root, "level": "WARNING"},
            # An HTTP client logs each URL that it asks.
            "httpx": {**through_root, "level": "WARNING"},
        },
    }
